"""One job done in this process, and each way in which it can end."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from affluence import progress
from affluence_service.audit.models import Entry
from affluence_service.jobs import doing, services
from affluence_service.jobs.models import Job, State

Waiting = Callable[..., Job]


def done(job: Job) -> Job:
    taken = services.claim("a worker")
    assert taken is not None
    doing.do(taken)
    return Job.objects.get(id=job.id)


def work(settings: Any) -> Path:
    return settings.ENVIRONMENT.folder / "work"


def test_the_files_of_a_finished_job_stand_where_it_points_to(wait: Waiting, settings: Any) -> None:
    job = done(wait(parts=2))
    assert (job.state, job.result) == (State.DONE, {"parts": 2})
    folder = settings.ENVIRONMENT.folder / job.folder
    assert sorted(path.name for path in folder.iterdir()) == ["part-0", "part-1"]
    assert (job.stage, job.done, job.total) == ("Writing", 1, 2)


def test_what_lost_takings_left_goes_when_one_finishes(wait: Waiting, settings: Any) -> None:
    job = wait()
    left = work(settings) / str(job.id) / "an older lease"
    left.mkdir(parents=True)
    ended = done(job)
    assert not left.exists()
    assert (settings.ENVIRONMENT.folder / ended.folder).is_dir()


def test_what_a_user_can_mend_is_told_in_its_own_words(wait: Waiting, settings: Any) -> None:
    job = done(wait(refuse="The table has no rows. Give one that has."))
    assert (job.state, job.problem, job.traceback) == (State.FAILED, "The table has no rows. Give one that has.", "")
    assert list((work(settings) / str(job.id)).iterdir()) == []


def test_a_fault_of_ours_is_told_as_one_and_no_customer_reaches_log_or_record(
    wait: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    job = done(wait(fault="C-1234567"))
    assert job.state == State.FAILED
    assert f"a fault of ours (ZeroDivisionError). The operator finds the rest under job {job.id}" in job.problem
    assert "tiny_work.py" in job.traceback
    assert "ZeroDivisionError" in job.traceback
    assert "C-1234567" not in job.traceback + job.problem + caplog.text
    assert "C-1234567" not in str(list(Entry.objects.values()))


def test_a_result_that_cannot_be_published_is_a_failure_and_nothing_of_it_stays(wait: Waiting) -> None:
    job = done(wait(publish_fails=True))
    assert (job.state, job.folder, job.result) == (State.FAILED, "", {})


def test_a_folder_that_cannot_be_made_is_a_fault_of_ours(wait: Waiting, settings: Any) -> None:
    work(settings).write_text("a file where the folder should be")
    try:
        assert "a fault of ours" in done(wait()).problem
    finally:
        work(settings).unlink()


def test_a_job_cancelled_while_it_is_done_leaves_no_files(wait: Waiting, analyst: Any, settings: Any) -> None:
    job = wait()
    taken = services.claim("a worker")
    assert taken is not None
    services.cancel(job, by=analyst)
    doing.do(taken)
    assert Job.objects.get(id=job.id).state == State.RUNNING  # its worker ends it, which knows that nobody works on it
    assert not doing.folder_of(taken).exists()


def test_a_result_that_was_kept_although_the_connection_broke_keeps_its_files(
    wait: Waiting, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def finish(*arguments: Any) -> None:
        services.finish(*arguments)
        raise OperationalError("the connection broke after the end was written")

    monkeypatch.setattr(doing, "finish", finish)
    job = done(wait())
    assert (job.state, job.problem) == (State.DONE, "")
    assert list((settings.ENVIRONMENT.folder / job.folder).iterdir())


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    written: list[tuple[str, int]] = []
    monkeypatch.setattr(doing, "tell", lambda job, *, stage, done, total, note: written.append((stage, done)))
    return written


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(doing, "time", clock)
    return clock


@pytest.fixture
def told() -> Callable[..., None]:
    teller = doing.Teller(Job())

    def tell(stage: str, done: int) -> None:
        record = logging.makeLogRecord({"stage": stage, "done": done, "total": 100, "note": ""})
        teller.emit(record)

    return tell


def test_progress_is_written_at_most_twice_a_second(
    told: Callable[..., None], clock: Clock, writes: list[tuple[str, int]]
) -> None:
    for step in range(100):
        told("Scoring", step)
        clock.now += 0.05
    assert 9 <= len(writes) <= 11


def test_a_stage_that_begins_is_written_at_once_and_stages_that_alternate_are_held_back(
    told: Callable[..., None], clock: Clock, writes: list[tuple[str, int]]
) -> None:
    for step in range(10):
        told("Forest", step)
        told("Boosting", step)
    assert writes == [("Forest", 0), ("Boosting", 0)]


def test_work_goes_on_where_its_progress_cannot_be_written(wait: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*arguments: Any, **more: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(doing, "tell", away)
    assert done(wait()).state == State.DONE


def test_the_listener_is_gone_after_the_job(wait: Waiting) -> None:
    before = list(logging.getLogger(progress.LOGGER_NAME).handlers)
    done(wait(fault="C-1234567"))
    assert logging.getLogger(progress.LOGGER_NAME).handlers == before
