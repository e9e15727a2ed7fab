"""A worker: takes jobs, has each done by a process of its own, keeps the lease, and stops what was cancelled.

The process is there before the job is: starting one takes seconds. It ends with its job, and with it all memory that
the job took. A worker that is killed leaves a process without a parent; that ends itself, and would change nothing.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from affluence_service.jobs import figures, services
from affluence_service.jobs.models import Job
from affluence_service.jobs.services import Standing

_logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.5
# What a process that has ended its job may take to end itself.
LAST_SECONDS = 10.0


@dataclass
class Worker:
    """Takes jobs until it is told to stop."""

    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, until_idle: bool = False) -> int:
        """Work until stopped, or until nothing waits; how many jobs were taken."""
        taken, ready = 0, _start()
        try:
            while not self.stop.is_set():
                if ready.poll() is not None:
                    _logger.error("the process that stood ready ended with %d", ready.returncode)
                    self.stop.wait(LOOK_EVERY_SECONDS)
                    ready = _start()
                job = self._claim()
                if job is not None:
                    taken += 1
                    self._see_to(job, ready)
                    ready = _start()
                elif until_idle:
                    break
                else:
                    self.stop.wait(LOOK_EVERY_SECONDS)
        finally:
            _end(ready)
        return taken

    def _claim(self) -> Job | None:
        close_old_connections()
        try:
            return services.claim(self.name)
        except DatabaseError as error:
            _logger.warning("the database cannot be asked for jobs (%s)", type(error).__name__)
            return None

    def _see_to(self, job: Job, process: "subprocess.Popen[str]") -> None:
        """Have the job done; a database that is away at its end leaves it to whoever finds its lease run out."""
        _logger.info("job %s: %s, taken %d", job.id, job.kind, job.attempts)
        try:
            if _hand(job, process):
                self._watch(job, process)
            else:
                services.hand_back(job)
        except DatabaseError as error:
            _logger.warning("job %s: its end could not be written (%s)", job.id, type(error).__name__)
        finally:
            _end(process)
        self._count(job)

    def _count(self, job: Job) -> None:
        try:
            figures.ended(job)
        except DatabaseError as error:
            _logger.warning("job %s: it could not be counted (%s)", job.id, type(error).__name__)

    def _watch(self, job: Job, process: "subprocess.Popen[str]") -> None:
        """Keep the lease until the process ends, and end it sooner where it is told to."""
        lease = _Lease(job)
        while process.poll() is None:
            if self.stop.wait(LOOK_EVERY_SECONDS / 2):
                _end(process)
                services.hand_back(job)
                return
            if lease.look() is not Standing.HELD:
                break
        standing = lease.look()
        _end(process, within=LAST_SECONDS if standing is Standing.OVER else 0.0)
        if standing is Standing.CANCELLED:
            services.stopped(job)
        elif process.returncode != 0:
            _logger.error("job %s: its process ended with %d", job.id, process.returncode)
            services.crashed(job)


@dataclass
class _Lease:
    """A lease as its worker sees it, also while the database is away."""

    job: Job
    renewed: float = field(default_factory=time.monotonic)

    def look(self) -> Standing:
        """How the worker stands to the job, the lease renewed where a third of it is gone."""
        seconds = settings.ENVIRONMENT.lease_seconds
        gone = time.monotonic() - self.renewed
        try:
            close_old_connections()
            standing = services.standing(self.job)
            if standing is Standing.HELD and gone > seconds / 3:
                services.renew(self.job)
                self.renewed = time.monotonic()
        except DatabaseError as error:
            _logger.warning("job %s: the database cannot be asked (%s)", self.job.id, type(error).__name__)
            return Standing.HELD if gone < seconds else Standing.OVER
        return standing


def _start() -> "subprocess.Popen[str]":
    # A group of its own: whatever it starts ends with it, and a key pressed in the worker's terminal does not reach it.
    command = (sys.executable, "-m", "affluence_service", "do", "--for", str(os.getpid()))
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603  (ours)


def _hand(job: Job, process: "subprocess.Popen[str]") -> bool:
    """Whether the process took the job."""
    assert process.stdin is not None  # noqa: S101  (it was asked for)
    try:
        process.stdin.write(f"{job.id} {job.lease}\n")
        process.stdin.close()
    except BrokenPipeError:
        _logger.warning("the process that stood ready is gone; job %s goes back", job.id)
        return False
    return True


def _end(process: "subprocess.Popen[str]", *, within: float = 0.0) -> None:
    """See the process and all it started to their end, by force after so many seconds."""
    try:
        process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
