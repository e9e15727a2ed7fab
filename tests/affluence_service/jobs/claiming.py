"""Claims every job that waits, one after the other, and writes their ids: what several of at once must never share."""

import sys

import django

django.setup()

from affluence_service.jobs import services  # noqa: E402  (after the settings)

sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
while (job := services.claim("a test")) is not None:
    sys.stdout.write(f"{job.id}\n")
