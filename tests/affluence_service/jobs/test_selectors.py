"""What is told of a job: how long it runs, how long it will, where it stands in the queue."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from affluence_service.jobs.api_parts import JobOut
from affluence_service.jobs.models import Job, State
from affluence_service.jobs.selectors import position, seconds_left, seconds_of

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def job(db: None) -> Callable[..., Job]:
    def make(*, ran: float | None = None, state: State = State.DONE, rows: int | None = 1_000, **more: Any) -> Job:
        ended = NOW if state in {State.DONE, State.FAILED} else None
        started = None if ran is None else NOW - timedelta(seconds=ran)
        return Job.objects.create(
            kind=more.pop("kind", "a kind"), subject=uuid4(), state=state, rows=rows,
            started_at=started, ended_at=ended, **more,
        )  # fmt: skip

    return make


def test_a_waiting_job_has_no_time_and_one_that_runs_has_that_since_it_was_taken(job: Callable[..., Job]) -> None:
    assert seconds_of(job(state=State.QUEUED), now=NOW) is None
    assert seconds_of(job(state=State.RUNNING, ran=90), now=NOW) == 90
    assert seconds_of(job(state=State.DONE, ran=30), now=NOW + timedelta(days=1)) == 30


def test_a_job_given_back_tells_no_time(job: Callable[..., Job]) -> None:
    assert seconds_of(job(state=State.QUEUED, ran=90), now=NOW) is None


def test_three_jobs_alike_tell_how_long_a_fourth_will_run(job: Callable[..., Job]) -> None:
    for ran in (100, 110, 120):
        job(ran=ran)
    assert seconds_left(job(state=State.RUNNING, ran=30), now=NOW) == 80


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ([(100, {}), (110, {})], "two only"),
        ([(100, {}), (110, {}), (201, {})], "they took unequally long"),
        ([(100, {"rows": 2_001}), (110, {}), (120, {})], "one was over another size"),
        ([(100, {"kind": "another"}), (110, {}), (120, {})], "one was of another kind"),
        ([(100, {"state": State.FAILED}), (110, {}), (120, {})], "one failed"),
        ([(10, {}), (11, {}), (12, {})], "this one runs for longer than they did"),
        ([(100, {"rows": None}), (110, {}), (120, {})], "the size of one is not known"),
    ],
)
def test_nothing_is_said_of_the_time_left_where_others_do_not_tell(
    job: Callable[..., Job], others: list[tuple[float, dict[str, Any]]], why: str
) -> None:
    for ran, more in others:
        job(ran=ran, **more)
    assert seconds_left(job(state=State.RUNNING, ran=30), now=NOW) is None, why


def test_jobs_of_no_known_size_tell_of_each_other(job: Callable[..., Job]) -> None:
    for ran in (100, 110, 120):
        job(ran=ran, rows=None)
    assert seconds_left(job(state=State.RUNNING, ran=30, rows=None), now=NOW) == 80


def test_places_in_the_queue_count_those_who_wait_and_may_be_taken(job: Callable[..., Job]) -> None:
    job(state=State.RUNNING, ran=1)
    first = job(state=State.QUEUED)
    blocked = job(state=State.QUEUED, blocked="Over the team's share.")
    second = job(state=State.QUEUED)
    assert [position(each) for each in (first, blocked, second)] == [1, None, 2]
    assert position(job(ran=3)) is None


def test_jobs_of_the_same_moment_have_places_of_their_own(job: Callable[..., Job]) -> None:
    made = [job(state=State.QUEUED) for _ in range(3)]
    Job.objects.update(queued_at=NOW)
    assert sorted(position(Job.objects.get(id=each.id)) or 0 for each in made) == [1, 2, 3]


def test_what_the_operator_reads_is_not_shown_to_users(job: Callable[..., Job]) -> None:
    failed = job(state=State.FAILED, ran=2, problem="The table has no rows.", traceback="Traceback ...", worker="box-7")
    shown = JobOut(failed).data
    assert shown["problem"] == "The table has no rows."
    assert shown["seconds"] == 2
    assert "Traceback" not in str(shown)
    assert "box-7" not in str(shown)
