"""The processes of the service: migrations, a worker, and the process that does one job."""

import os
import signal
import sys
import threading
import time
from typing import Any

import click
from django.conf import settings

from affluence.adapters import telemetry
from affluence_service import checks, observing
from affluence_service.verbs import main, telling


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django's own commands: manage migrate, manage check --deploy, manage shell."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["affluence-service manage", *arguments])


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens; 0.0.0.0 in a container.")
@click.option("--port", type=int, default=8000, show_default=True)
@telling
def web(*, host: str, port: int) -> None:
    """Answer requests, until told to stop."""
    checks.require_sound(settings.ENVIRONMENT)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    arguments = ("-m", "gunicorn", "--config", "python:affluence_service.gunicorn_settings", "--bind", bind)
    os.execv(sys.executable, (sys.executable, *arguments))  # noqa: S606  (our own program)


@main.command()
@click.option("--until-idle", is_flag=True, help="Stop when nothing waits.")
@telling
def worker(*, until_idle: bool) -> None:
    """Take jobs and have them done, until told to stop; do what is done every so often."""
    from affluence_service.jobs import chores, figures
    from affluence_service.jobs.worker import Worker

    checks.require_sound(settings.ENVIRONMENT)
    observing.begin("affluence-worker")
    figures.begin()
    working = Worker()

    def end(number: int, frame: Any) -> None:  # noqa: ARG001  (what a signal's handler is called with)
        working.stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=chores.keep_doing, args=(working.stop,), daemon=True).start()
    working.run(until_idle=until_idle)
    telemetry.stop()


@main.command(hidden=True)
@click.option("--for", "parent", type=int, required=True)
def do(*, parent: int) -> None:
    """Stand ready, then do the job whose id and lease come on standard input."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from affluence import steps  # noqa: F401  (what takes seconds to import is there before the job)
    from affluence_service.jobs.doing import do as do_job
    from affluence_service.jobs.models import Job

    line = sys.stdin.readline().split()
    if len(line) != 2:
        return
    job = Job.objects.filter(id=line[0], lease=line[1]).first()
    if job is not None:
        # Its worker counts: this process is gone before its metrics could be fetched.
        observing.begin("affluence-worker", counts=False)
        do_job(job)
        telemetry.stop()


def _end_with(parent: int) -> None:
    """End this process, and what it started, once its worker is gone: what it does would change nothing any more."""
    while os.getppid() == parent:
        time.sleep(0.5)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
