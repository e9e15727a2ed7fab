"""Claims one job, waits for a word, then claims every job that is left, and writes their ids."""

import sys
from uuid import UUID

import django

django.setup()

from affluence_service.jobs import services  # noqa: E402  (after the settings)


def say(line: object) -> None:
    """Write a line that is read at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def claim() -> UUID | None:
    """Return the id of the job taken, None where no job is left."""
    job = services.claim("a test")
    return None if job is None else job.id


say("ready")
sys.stdin.readline()
say(claim())
sys.stdin.readline()
while (taken := claim()) is not None:
    say(taken)
