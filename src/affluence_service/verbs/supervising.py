"""Several processes run as one: started together, started again when one ends, stopped together."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import click

from affluence.errors import UserError

LOOK_EVERY_SECONDS = 0.25
# A process that ends so often within so many seconds will not be mended by starting it again.
MOST_STARTS, WITHIN_SECONDS = 5, 60.0
STOP_WITHIN_SECONDS = 25.0


@dataclass
class Process:
    """One of them, started once `when` says so.

    Without `needed` the others go on where it cannot be kept up; one that is `once` ends by itself.
    """

    name: str
    command: Sequence[str]
    needed: bool = True
    once: bool = False
    when: Callable[[], bool] = lambda: True
    running: "subprocess.Popen[bytes] | None" = None
    started: list[float] = field(default_factory=list)


def run(
    processes: Sequence[Process], variables: Mapping[str, str], *, ready: Callable[[], bool], tell: Callable[[], None]
) -> None:
    """Keep the processes up until told to stop; `tell` is called once, when `ready` first says so.

    Errors: UserError when a needed one ends again and again.
    """
    stop, told = threading.Event(), False
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        while not stop.wait(LOOK_EVERY_SECONDS):
            for process in processes:
                if process.started:
                    _keep_up(process, variables)
                elif process.when():
                    _start(process, variables)
            if not told and ready():
                told = True
                tell()
    finally:
        _stop(processes)


def _start(process: Process, variables: Mapping[str, str]) -> None:
    # A session of its own: a key pressed in the terminal reaches this process alone, which then stops the others.
    process.running = subprocess.Popen(  # noqa: S603  (our own programs)
        process.command, env=dict(variables), start_new_session=True
    )
    process.started.append(time.monotonic())


def _keep_up(process: Process, variables: Mapping[str, str]) -> None:
    if process.running is None or process.running.poll() is None:
        return
    code, process.running = process.running.returncode, None
    if process.once:
        return
    recent = [start for start in process.started if time.monotonic() - start < WITHIN_SECONDS]
    if len(recent) < MOST_STARTS:
        click.echo(f"{process.name} ended with {code} and is started again.", err=True)
        _start(process, variables)
    elif process.needed:
        raise UserError(f"{process.name} ended {len(recent)} times within a minute. Its last words stand above.")
    else:
        click.echo(f"{process.name} ended {len(recent)} times within a minute and stays off.", err=True)


def _stop(processes: Sequence[Process]) -> None:
    running = [process.running for process in processes if process.running is not None]
    for process in running:
        process.terminate()
    last = time.monotonic() + STOP_WITHIN_SECONDS
    for process in running:
        try:
            process.wait(timeout=max(0.0, last - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
