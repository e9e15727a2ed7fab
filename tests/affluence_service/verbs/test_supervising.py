"""Several processes kept up as one."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from affluence.errors import UserError
from affluence_service.verbs.supervising import MOST_STARTS, Process, run

FOREVER = (sys.executable, "-c", "import time; time.sleep(600)")
NEVER = (sys.executable, "-c", "raise SystemExit(3)")


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The handlers as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def ended(process: Process) -> bool:
    return process.running is None or process.running.poll() is not None


def test_all_are_stopped_together_when_one_is_told_to() -> None:
    processes = [Process("One", FOREVER), Process("Two", FOREVER)]
    run(processes, os.environ, ready=lambda: True, tell=stop)
    assert all(ended(process) for process in processes)
    assert [len(process.started) for process in processes] == [1, 1]


def test_what_is_told_when_all_is_ready_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    looks = iter([False, False, True])

    def tell() -> None:
        told.append("ready")
        stop()

    run([Process("One", FOREVER)], os.environ, ready=lambda: next(looks), tell=tell)
    assert told == ["ready"]


def test_one_that_dies_is_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    process = Process("The web process", FOREVER)
    looks = iter(range(1_000))

    def ready() -> bool:
        if next(looks) == 0 and process.running is not None:
            process.running.kill()
        return len(process.started) == 2

    run([process], os.environ, ready=ready, tell=stop)
    assert "The web process ended with -9 and is started again." in capsys.readouterr().err


def test_one_that_cannot_be_kept_up_stops_all_with_a_sentence() -> None:
    other = Process("Other", FOREVER)
    with pytest.raises(UserError, match=f"The web process ended {MOST_STARTS} times within a minute"):
        run([Process("The web process", NEVER), other], os.environ, ready=lambda: False, tell=stop)
    assert ended(other)


def test_one_that_is_not_needed_stays_off_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    needed, spare = Process("Needed", FOREVER), Process("Spare", NEVER, needed=False)
    run(
        [needed, spare],
        os.environ,
        ready=lambda: len(spare.started) == MOST_STARTS and spare.running is None,
        tell=stop,
    )
    assert "Spare ended 5 times within a minute and stays off." in capsys.readouterr().err
    assert len(needed.started) == 1


def test_one_that_ends_by_itself_is_not_started_again() -> None:
    once = Process("Filling", NEVER, once=True)
    run([once], os.environ, ready=lambda: bool(once.started) and once.running is None, tell=stop)
    assert len(once.started) == 1


def test_one_waits_until_its_time_has_come() -> None:
    first = Process("First", FOREVER)
    second = Process("Second", FOREVER, when=lambda: bool(first.started))
    never = Process("Never", FOREVER, when=lambda: False)
    run([never, first, second], os.environ, ready=lambda: bool(second.started), tell=stop)
    assert (len(second.started), len(never.started)) == (1, 0)
