"""Removing files that nothing points to: uploads that broke off, and what lost takings of jobs left."""

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

from django.conf import settings

from affluence_service.jobs.models import ENDS, Job, State

# An upload that still arrives is written to all the time.
ARRIVES_WITHIN_SECONDS = 3_600
JOBS_AT_ONCE = 500


def remove_leftovers() -> int:
    """How many files and folders were removed from `arriving` and `work`."""
    return _remove_arrived() + _remove_worked()


def _remove_arrived() -> int:
    before = time.time() - ARRIVES_WITHIN_SECONDS
    old = [path for path in Path(settings.ARRIVING).iterdir() if _written(path) < before]
    for path in old:
        _remove(path)
    return len(old)


def _remove_worked() -> int:
    """Remove the folders of ended jobs, but for the one that a finished job points to."""
    left = [path for folders in _batches() for path in _left_behind(folders)]
    for path in left:
        _remove(path)
    return len(left)


def _batches() -> Iterator[Mapping[UUID, Path]]:
    work = settings.ENVIRONMENT.folder / "work"
    folders = {UUID(path.name): path for path in work.iterdir() if _names_a_job(path)} if work.is_dir() else {}
    ids = list(folders)
    for start in range(0, len(ids), JOBS_AT_ONCE):
        yield {found: folders[found] for found in ids[start : start + JOBS_AT_ONCE]}


def _left_behind(folders: Mapping[UUID, Path]) -> Iterator[Path]:
    ended = Job.objects.filter(id__in=list(folders), state__in=ENDS).values_list("id", "state", "folder")
    for job, state, kept in ended:
        if state != State.DONE:
            yield folders[job]
        else:
            yield from (path for path in folders[job].iterdir() if path != settings.ENVIRONMENT.folder / kept)


def _names_a_job(path: Path) -> bool:
    try:
        UUID(path.name)
    except ValueError:
        return False
    return path.is_dir()


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
