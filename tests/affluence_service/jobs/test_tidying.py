"""Which files are removed because nothing points to them."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from affluence_service.jobs import doing, services
from affluence_service.jobs.models import Job
from affluence_service.jobs.tidying import ARRIVES_WITHIN_SECONDS, remove_leftovers

Waiting = Callable[..., Job]
pytestmark = pytest.mark.django_db


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "part-0").write_text("some")
    return folder


def test_an_upload_that_broke_off_is_removed_and_one_that_arrives_is_not(settings: Any) -> None:
    old, new = settings.ARRIVING / "old.upload", settings.ARRIVING / "new.upload"
    for path in (old, new):
        path.write_text("customer rows")
    long_ago = time.time() - ARRIVES_WITHIN_SECONDS - 5
    os.utime(old, (long_ago, long_ago))
    assert remove_leftovers() == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_of_a_finished_job_only_the_folder_that_it_points_to_stays(wait: Waiting, settings: Any) -> None:
    wait()
    job = services.claim("a worker")
    assert job is not None
    doing.do(job)
    kept = doing.folder_of(job)
    left = made(kept.parent / "an older lease")
    assert remove_leftovers() == 1
    assert (kept.is_dir(), left.exists()) == (True, False)


def test_of_a_failed_job_nothing_stays(wait: Waiting) -> None:
    wait()
    job = services.claim("a worker")
    assert job is not None
    folder = made(doing.folder_of(job))
    services.fail(job, "It cannot be read.")
    remove_leftovers()
    assert not folder.parent.exists()


def test_what_waits_or_runs_is_left_alone(wait: Waiting) -> None:
    running, waiting = wait(), wait()
    job = services.claim("a worker")
    assert job is not None
    assert job.id == running.id
    folders = [made(doing.folder_of(job)), made(doing.folder_of(waiting))]
    assert remove_leftovers() == 0
    assert all(folder.is_dir() for folder in folders)


def test_what_is_no_job_of_ours_is_left_alone(settings: Any) -> None:
    strange = made(settings.ENVIRONMENT.folder / "work" / "not a job")
    assert remove_leftovers() == 0
    assert strange.is_dir()
