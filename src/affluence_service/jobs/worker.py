"""A worker: takes jobs, has each done by a process of its own, keeps the lease, and stops what was cancelled.

The process is there before the job is: starting one takes seconds. It ends with its job, and with it all memory that
the job took. A worker that is killed leaves a process without a parent; that ends itself, and would change nothing.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import close_old_connections

from affluence_service.jobs import services
from affluence_service.jobs.models import Job

_logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.5
COMMAND = (sys.executable, "-m", "affluence_service", "do")


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
                close_old_connections()
                job = services.claim(self.name)
                if job is not None:
                    taken += 1
                    self._watch(job, ready)
                    ready = _start()
                elif until_idle:
                    break
                else:
                    self.stop.wait(LOOK_EVERY_SECONDS)
        finally:
            _end(ready)
        return taken

    def _watch(self, job: Job, process: "subprocess.Popen[str]") -> None:
        """Hand the job to the process and keep the lease until it ends."""
        _logger.info("job %s: %s, taken %d", job.id, job.kind, job.attempts)
        _hand(job, process)
        renewed = time.monotonic()
        while process.poll() is None:
            if self.stop.wait(LOOK_EVERY_SECONDS / 2):
                _end(process)
                services.hand_back(job)
                return
            if _asked_to_cancel(job):
                _end(process)
                services.stopped(job)
                return
            if time.monotonic() - renewed > settings.ENVIRONMENT.lease_seconds / 3:
                renewed = time.monotonic()
                if not services.renew(job) and not _asked_to_cancel(job):
                    _end(process)
                    return
        if process.returncode != 0:
            _logger.error("job %s: its process ended with %d", job.id, process.returncode)
            services.crashed(job)


def _start() -> "subprocess.Popen[str]":
    return subprocess.Popen(COMMAND, stdin=subprocess.PIPE, text=True)  # noqa: S603  (our own program)


def _hand(job: Job, process: "subprocess.Popen[str]") -> None:
    try:
        assert process.stdin is not None  # noqa: S101  (it was asked for)
        process.stdin.write(f"{job.id} {job.lease}\n")
        process.stdin.close()
    except BrokenPipeError:
        _logger.warning("the process that stood ready is gone; job %s will be taken again", job.id)


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()


def _asked_to_cancel(job: Job) -> bool:
    return Job.objects.filter(id=job.id, cancel_asked=True).exists()
