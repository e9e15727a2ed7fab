"""Real worker processes, told to stop, killed, or whose processes are: every job ends, once, with the same files."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import UUID

import pytest
from tests.affluence_service.jobs.live import ALIAS, Live, doing_for, live_service, wait_gone

from affluence_service.jobs.models import Job, State

pytestmark = pytest.mark.slow
SLOWLY = {"parts": 20, "seconds_a_part": 0.15}


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    pgserver = pytest.importorskip("pgserver")
    with tempfile.TemporaryDirectory(prefix="affluence-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def live(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any) -> Iterator[Live]:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres")
    with django_db_blocker.unblock(), live_service(tmp_path, url) as service:
        Job.objects.using(ALIAS).all().delete()
        yield service


def whole(subject: UUID, parts: int) -> dict[str, bytes]:
    return {f"part-{part}": (f"{subject} {part}\n" * 100).encode() for part in range(parts)}


def test_a_job_whose_worker_is_killed_is_done_by_another_once_and_with_the_same_files(live: Live) -> None:
    job = live.enqueue(**SLOWLY)
    live.worker()
    live.worker()
    lost = live.worker_of(live.halfway(job))
    lost.kill()
    ended = live.ended(job)
    assert (ended.state, ended.attempts, ended.crashes) == (State.DONE, 2, 0)
    assert live.worker_of(ended) is not lost
    assert live.files(ended) == whole(ended.subject, 20)
    assert live.acts(ended) == ["published", "finished"]
    wait_gone(lost.pid)
    assert live.takings(ended) == 1


def test_a_worker_told_to_stop_hands_its_job_back_and_ends_well(live: Live) -> None:
    job = live.enqueue(**SLOWLY)
    worker = live.worker()
    live.halfway(job)
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    back = live.job(job)
    assert (back.state, back.attempts, back.lease) == (State.QUEUED, 0, None)
    assert doing_for(worker.pid) == []
    live.worker()
    ended = live.ended(job)
    assert (ended.state, ended.attempts) == (State.DONE, 1)
    assert live.files(ended) == whole(ended.subject, 20)


def test_a_job_that_kills_its_process_is_given_up_and_the_worker_goes_on_to_the_next(live: Live) -> None:
    deadly, harmless = live.enqueue(die=True), live.enqueue(parts=1)
    worker = live.worker()
    ended = live.ended(deadly)
    assert (ended.state, ended.crashes, ended.attempts) == (State.FAILED, 3, 3)
    assert "3 times" in ended.problem
    assert live.acts(ended) == ["gave up", "failed"]
    assert live.ended(harmless).state == State.DONE
    assert worker.poll() is None


def test_a_process_killed_from_outside_costs_its_job_one_try(live: Live) -> None:
    job = live.enqueue(**SLOWLY)
    worker = live.worker()
    live.halfway(job)
    for process in doing_for(worker.pid):
        process.kill()
    ended = live.ended(job)
    assert (ended.state, ended.crashes, ended.attempts) == (State.DONE, 1, 2)
    assert live.files(ended) == whole(ended.subject, 20)


def test_a_running_job_that_is_cancelled_stops_and_leaves_nothing_to_see(live: Live) -> None:
    job = live.enqueue(parts=1_000, seconds_a_part=0.15)
    live.worker()
    live.halfway(job)
    Job.objects.using(ALIAS).filter(id=job).update(cancel_asked=True)
    ended = live.ended(job)
    assert (ended.state, ended.folder, ended.problem) == (State.CANCELLED, "", "Cancelled.")
    assert live.acts(ended) == ["gave up"]


def line_of(process: Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(processes: list[Popen[str]], word: str) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{word}\n")
        process.stdin.flush()


def test_workers_that_look_at_the_same_moment_never_take_the_same_job(live: Live) -> None:
    wanted = sorted(str(live.enqueue()) for _ in range(100))
    # Nobody works on what is taken here, and a lease that ran out would rightly be taken again.
    long = {"AFFLUENCE_LEASE_SECONDS": "3600"}
    claiming = [live.start("tests.affluence_service.jobs.claiming", **long) for _ in range(4)]
    assert [line_of(process) for process in claiming] == ["ready"] * 4
    tell(claiming, "go")
    # Each has one before any goes on: a fast one could otherwise have taken all before another had started.
    first = [line_of(process) for process in claiming]
    tell(claiming, "go on")
    took = [[one, *process.communicate()[0].split()] for one, process in zip(first, claiming, strict=True)]
    assert sorted(job for jobs in took for job in jobs) == wanted
