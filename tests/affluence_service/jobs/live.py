"""A service that lives beside the tests: a folder and a database of its own, and worker processes to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import dj_database_url
from django.db import connections
from tests.affluence_service.process_list import Running, running

from affluence_service.audit.models import Entry
from affluence_service.jobs.models import Job, State

ROOT = Path(__file__).resolve().parents[3]
ALIAS = "live"
KIND = "tests' work"
WITHIN_SECONDS = 90.0


@dataclass
class Live:
    """Reads and writes the live database; starts workers on it."""

    folder: Path
    database_url: str
    workers: list["subprocess.Popen[str]"] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.affluence_service.jobs.settings_of_tiny",
            "AFFLUENCE_FOLDER": str(self.folder),
            "AFFLUENCE_PROJECT": str(ROOT),
            "AFFLUENCE_LEASE_SECONDS": "2",
            "DATABASE_URL": self.database_url,
            "OMP_NUM_THREADS": "1",
        }

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=self.variables() | variables, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def worker(self) -> "subprocess.Popen[str]":
        self.workers.append(self.start("affluence_service", "worker"))
        return self.workers[-1]

    def enqueue(self, **parameters: Any) -> UUID:
        return Job.objects.using(ALIAS).create(kind=KIND, subject=uuid4(), parameters=parameters).id

    def job(self, job: UUID) -> Job:
        return Job.objects.using(ALIAS).get(id=job)

    def wait(self, job: UUID, until: Callable[[Job], bool]) -> Job:
        """The job, once it is so."""
        last = time.monotonic() + WITHIN_SECONDS
        while not until(found := self.job(job)):
            assert time.monotonic() < last, f"{found.state}, taken {found.attempts} times: {found.problem}"
            time.sleep(0.1)
        return found

    def halfway(self, job: UUID) -> Job:
        return self.wait(job, lambda found: found.state == State.RUNNING and found.done >= 2)

    def ended(self, job: UUID) -> Job:
        return self.wait(job, lambda found: found.ended)

    def acts(self, job: Job) -> list[str]:
        entries = Entry.objects.using(ALIAS).filter(object_id=str(job.subject)).order_by("id")
        return list(entries.values_list("action", flat=True))

    def files(self, job: Job) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / job.folder).iterdir()}

    def takings(self, job: Job) -> int:
        """How many folders takings of the job left."""
        folder = self.folder / "work" / str(job.id)
        return len(list(folder.iterdir())) if folder.is_dir() else 0

    def worker_of(self, job: Job) -> "subprocess.Popen[str]":
        number = int(job.worker.rsplit("-", 1)[1])
        return next(worker for worker in self.workers if worker.pid == number)


def doing_for(worker: int) -> list[Running]:
    """The processes that do jobs, or stand ready, for that worker."""
    return [each for each in running() if each.command.endswith(f" do --for {worker}")]


def wait_gone(worker: int) -> None:
    """Wait until nothing of that worker is left."""
    last = time.monotonic() + WITHIN_SECONDS
    while doing_for(worker):
        assert time.monotonic() < last
        time.sleep(0.1)


@contextmanager
def live_service(folder: Path, database_url: str) -> Iterator[Live]:
    """A service with an empty database; every worker of it is gone afterwards."""
    live = Live(folder, database_url)
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v0", "--skip-checks"],
        cwd=ROOT, env=live.variables(), check=True,
    )  # fmt: skip
    settings = {**connections["default"].settings_dict, "OPTIONS": {}, **dj_database_url.parse(database_url)}
    connections.databases[ALIAS] = settings | {"CONN_MAX_AGE": 0}
    try:
        yield live
    finally:
        for worker in live.workers:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
            wait_gone(worker.pid)
        connections[ALIAS].close()
        del connections[ALIAS], connections.databases[ALIAS]
