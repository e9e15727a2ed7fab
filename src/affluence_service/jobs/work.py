"""What a kind of job is, to the worker that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from affluence_service.jobs.models import Job


@dataclass(frozen=True)
class Task:
    """What is to be done: about which subject, with which parameters, into which folder, which is empty.

    Doing a task twice gives the same files: whatever a killed worker left lies in another folder.
    """

    subject: UUID
    parameters: Mapping[str, Any]
    folder: Path


class Work(Protocol):
    """A kind of job. `do` takes long and writes into its folder alone; the others are quick and write to the database.

    `publish` and `give_up` run in the transaction that ends the job. An error that a person can mend leaves `do` as a
    UserError.
    """

    def do(self, task: Task) -> Mapping[str, Any]:
        """What came of it, as JSON."""

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """Make the result visible; `job.folder` is where its files stand."""

    def give_up(self, job: Job, sentence: str) -> None:
        """Note that it failed, or was cancelled, with what the user is told."""


@cache
def work_of(kind: str) -> Work:
    """The work of that kind, by `settings.JOBS`."""
    found: Work = import_string(settings.JOBS[kind])()
    return found
