"""The life of a job, step by step: who may take it, who may write of it, and how it ends."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from affluence_service.api_errors import Conflict
from affluence_service.audit.models import Entry
from affluence_service.jobs import services
from affluence_service.jobs.models import Job, State
from affluence_service.jobs.services import Standing

Waiting = Callable[..., Job]


def taken(job: Job, worker: str = "a worker") -> Job:
    found = services.claim(worker)
    assert found is not None
    assert found.id == job.id
    return found


def run_out(job: Job) -> None:
    Job.objects.filter(id=job.id).update(lease_until=timezone.now() - timedelta(seconds=1))


def acts(job: Job) -> list[str]:
    return list(Entry.objects.filter(object_id=str(job.subject)).order_by("id").values_list("action", flat=True))


def test_the_oldest_is_taken_first_and_each_once(wait: Waiting) -> None:
    first, second = wait(), wait()
    assert taken(first).lease != taken(second).lease
    assert services.claim("another") is None


def test_a_blocked_job_is_left_until_it_is_not(wait: Waiting) -> None:
    job = wait()
    Job.objects.filter(id=job.id).update(blocked="The team has three running already.")
    assert services.claim("a worker") is None
    Job.objects.filter(id=job.id).update(blocked="")
    taken(job)


def test_a_kind_that_this_version_does_not_know_is_left_to_one_that_does(wait: Waiting, settings: Any) -> None:
    job = wait()
    known = settings.JOBS
    settings.JOBS = {}
    assert services.claim("an old worker") is None
    settings.JOBS = known
    taken(job)


def test_a_lease_that_ran_out_is_given_to_another(wait: Waiting) -> None:
    lost = taken(wait(), "the first")
    assert services.claim("the second") is None
    run_out(lost)
    again = taken(lost, "the second")
    assert (again.worker, again.attempts) == ("the second", 2)
    assert again.lease != lost.lease


def test_a_renewed_lease_is_not_given_to_another(wait: Waiting) -> None:
    job = taken(wait())
    run_out(job)
    services.renew(job)
    assert services.claim("another") is None


def test_whoever_lost_the_lease_changes_nothing(wait: Waiting, tmp_path: Path, settings: Any) -> None:
    lost = taken(wait(), "the first")
    run_out(lost)
    held = taken(lost, "the second")
    services.tell(lost, stage="Late", done=1, total=2)
    services.renew(lost)
    services.hand_back(lost)
    services.crashed(lost)
    services.stopped(lost)
    assert services.fail(lost, "Too late.") is False
    with pytest.raises(services.LeaseLost):
        services.finish(lost, {}, settings.ENVIRONMENT.folder / "work")
    assert services.standing(lost) is Standing.OVER
    now = Job.objects.get(id=held.id)
    assert (now.state, now.lease, now.worker, now.stage, now.crashes) == (
        State.RUNNING,
        held.lease,
        "the second",
        "",
        0,
    )
    assert acts(now) == []


def test_a_finished_job_points_to_its_folder_and_is_published_and_recorded_once(wait: Waiting, settings: Any) -> None:
    job = taken(wait())
    services.finish(job, {"parts": 3}, settings.ENVIRONMENT.folder / "work" / "there")
    ended = Job.objects.get(id=job.id)
    assert (ended.state, ended.folder, ended.result, ended.lease) == (State.DONE, "work/there", {"parts": 3}, None)
    assert acts(ended) == ["published", "finished"]
    with pytest.raises(services.LeaseLost):
        services.finish(job, {"parts": 3}, settings.ENVIRONMENT.folder / "work" / "there")
    assert acts(ended) == ["published", "finished"]


def test_a_job_handed_back_waits_at_its_place_as_if_it_had_not_been_taken(wait: Waiting) -> None:
    first, _ = wait(), wait()
    services.hand_back(taken(first))
    assert taken(first).attempts == 1


def test_a_process_that_dies_three_times_takes_its_job_with_it_and_the_user_is_told(wait: Waiting) -> None:
    job = wait()
    for _ in range(2):
        services.crashed(taken(job))
    assert Job.objects.get(id=job.id).state == State.QUEUED
    services.crashed(taken(job))
    ended = Job.objects.get(id=job.id)
    assert ended.state == State.FAILED
    assert "stopped by the machine 3 times" in ended.problem
    assert acts(ended) == ["gave up", "failed"]


def test_a_job_whose_workers_are_lost_again_and_again_is_given_up(wait: Waiting) -> None:
    job = wait()
    for _ in range(services.MOST_ATTEMPTS):
        run_out(taken(job))
    assert services.claim("one more") is None
    ended = Job.objects.get(id=job.id)
    assert ended.state == State.FAILED
    assert f"{services.MOST_ATTEMPTS} times" in ended.problem


def test_a_waiting_job_is_cancelled_at_once(wait: Waiting, analyst: Any) -> None:
    job = wait()
    services.cancel(job, by=analyst)
    ended = Job.objects.get(id=job.id)
    assert (ended.state, ended.problem) == (State.CANCELLED, "Cancelled.")
    assert services.claim("a worker") is None
    assert acts(ended) == ["cancelled", "gave up"]


def test_a_running_job_that_is_cancelled_cannot_finish_any_more(wait: Waiting, analyst: Any, settings: Any) -> None:
    job = taken(wait())
    services.cancel(job, by=analyst)
    assert services.standing(job) is Standing.CANCELLED
    with pytest.raises(services.LeaseLost):
        services.finish(job, {}, settings.ENVIRONMENT.folder / "work")
    services.stopped(job)
    assert Job.objects.get(id=job.id).state == State.CANCELLED
    assert acts(job) == ["cancelled", "gave up"]


def test_cancelling_twice_is_one_act_and_cancelling_what_ended_is_refused(wait: Waiting, analyst: Any) -> None:
    job = taken(wait())
    services.cancel(job, by=analyst)
    services.cancel(job, by=analyst)
    assert acts(job) == ["cancelled"]
    services.stopped(job)
    with pytest.raises(Conflict, match="ended already"):
        services.cancel(job, by=analyst)


@pytest.mark.parametrize("lost", [services.crashed, services.hand_back, run_out])
def test_a_cancelled_job_whose_worker_is_gone_is_ended_by_the_next_and_not_done(
    wait: Waiting, analyst: Any, lost: Callable[[Job], None]
) -> None:
    job = taken(wait())
    services.cancel(job, by=analyst)
    lost(job)
    assert services.claim("the next") is None
    assert Job.objects.get(id=job.id).state == State.CANCELLED


def test_what_no_database_keeps_is_left_out_of_what_is_told(wait: Waiting) -> None:
    job = taken(wait())
    services.tell(job, stage="Reading \0" + "x" * 500, done=1, total=2, note="\0" + "y" * 500)
    services.fail(job, "The column A\0B is not in the contract.", traceback="\0")
    ended = Job.objects.get(id=job.id)
    assert ended.problem == "The column AB is not in the contract."
    assert (len(ended.stage), len(ended.note), ended.traceback) == (120, 200, "")
