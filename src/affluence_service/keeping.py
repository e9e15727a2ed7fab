"""For how long uploads and results are kept: those past their days are deleted, and what was deleted is told.

A run goes together with its sheets and campaigns, once the newest of them is past its days; the record of each stays,
without files. First the database says that they are gone, then the files go: whoever is stopped in between starts the
same again, and it is finished.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from affluence_service.audit.services import SYSTEM, Actor, record
from affluence_service.campaigns.models import Campaign, Outcomes
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.models import State as DatasetState
from affluence_service.jobs.models import ENDS, Job
from affluence_service.people.models import Token
from affluence_service.reviews.models import Sheet
from affluence_service.runs.models import Run


@dataclass(frozen=True)
class Expired:
    """What is past its days, or was deleted before and still has files; `folders` are relative to the service's own."""

    datasets: int
    runs: int
    folders: tuple[str, ...]
    bytes: int


def find_expired(*, days: int | None = None) -> Expired:
    """What `delete_expired` would delete."""
    datasets, runs = list(_datasets(days)), list(_runs(days))
    folders = _standing([*_folders_of(datasets, runs), *_folders_of(*_deleted())])
    return Expired(len(datasets), len(runs), folders, _bytes_of(folders))


def delete_expired(*, days: int | None = None, by: Actor = SYSTEM) -> Expired:
    """What was deleted: datasets and results past their own days, or all that are older than `days`.

    What a job still needs is left for the next time. Ended sessions and tokens that ran out go too.
    """
    with transaction.atomic():
        datasets = list(_datasets(days).select_for_update(of=("self",)))
        runs = list(_runs(days).select_for_update(of=("self",)))
        _mark(datasets, runs, by=by)
    folders = _standing(_folders_of(*_deleted()))
    expired = Expired(len(datasets), len(runs), folders, _bytes_of(folders))
    for folder in folders:
        shutil.rmtree(_root() / folder)
    _forget_sign_ins()
    details = {"datasets": expired.datasets, "runs": expired.runs, "bytes": expired.bytes}
    record(by, "deleted what had expired", "service", "keeping", details=details)
    return expired


def _datasets(days: int | None) -> QuerySet[Dataset]:
    now = timezone.now()
    past = Q(uploaded_at__lte=now - timedelta(days=days)) if days is not None else Q(expires_at__lte=now)
    needed = Run.objects.exclude(job__state__in=ENDS).exclude(job=None).values("dataset")
    return Dataset.objects.filter(past, deleted_at=None).exclude(state=DatasetState.CHECKING).exclude(id__in=needed)


def _runs(days: int | None) -> QuerySet[Run]:
    now = timezone.now()
    limit = now - timedelta(days=settings.ENVIRONMENT.keep_days if days is None else days)
    past = Q(asked_at__lte=limit) if days is not None else Q(expires_at__lte=now)
    ended = Q(job=None) | Q(job__state__in=ENDS)
    return Run.objects.filter(past, ended, deleted_at=None).exclude(id__in=_alive(limit))


def _alive(limit: datetime) -> set[UUID]:
    """Runs of which something newer was made, or is being made."""
    campaigns = Campaign.objects.filter(
        Q(made_at__gt=limit)
        | Q(decided_at__gt=limit)
        | Q(outcomes__added_at__gt=limit)
        | Q(assignments__dispositions__given_at__gt=limit)
        | _unfinished("job")
        | _unfinished("outcomes__job")
    )
    sheets = Sheet.objects.filter(Q(asked_at__gt=limit) | Q(verdicts__given_at__gt=limit) | _unfinished("job"))
    return {*campaigns.values_list("run", flat=True), *sheets.values_list("run", flat=True)}


def _unfinished(job: str) -> Q:
    return Q(**{f"{job}__isnull": False}) & ~Q(**{f"{job}__state__in": ENDS})


def _mark(datasets: Sequence[Dataset], runs: Sequence[Run], *, by: Actor) -> None:
    now = timezone.now()
    ids = [run.id for run in runs]
    Dataset.objects.filter(id__in=[one.id for one in datasets]).update(
        state=DatasetState.DELETED, folder="", deleted_at=now, expires_at=None
    )
    Run.objects.filter(id__in=ids).update(folder="", deleted_at=now, expires_at=None)
    for model in (Sheet, Campaign):
        model.objects.filter(run__in=ids).update(folder="")
    Outcomes.objects.filter(campaign__run__in=ids).update(folder="", upload="")
    for kind, gone in (("dataset", datasets), ("run", runs)):
        for one in gone:
            record(Actor(by.name, by.public_id, one.team_id), "deleted as expired", kind, one.id)


def _deleted() -> tuple[Sequence[Dataset], Sequence[Run]]:
    return list(Dataset.objects.exclude(deleted_at=None)), list(Run.objects.exclude(deleted_at=None))


def _folders_of(datasets: Iterable[Dataset], runs: Iterable[Run]) -> Iterable[str]:
    """Every folder in which something of them may stand: of their jobs, earlier makings too, and their uploads."""
    uploads = {one.id for one in datasets}
    scored = {one.id for one in runs}
    campaigns = set(Campaign.objects.filter(run__in=scored).values_list("id", flat=True))
    sheets = set(Sheet.objects.filter(run__in=scored).values_list("id", flat=True))
    outcomes = set(Outcomes.objects.filter(campaign__in=campaigns).values_list("id", flat=True))
    subjects = uploads | scored | campaigns | sheets | outcomes
    yield from (f"work/{job}" for job in Job.objects.filter(subject__in=subjects).values_list("id", flat=True))
    yield from (f"datasets/{one}" for one in uploads)
    yield from (f"campaigns/{one}" for one in campaigns)


def _standing(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({folder for folder in folders if (_root() / folder).is_dir()}))


def _bytes_of(folders: Iterable[str]) -> int:
    return sum(path.stat().st_size for folder in folders for path in (_root() / folder).rglob("*") if path.is_file())


def _forget_sign_ins() -> None:
    SessionStore.clear_expired()
    now = timezone.now()
    cool_off: Any = settings.AXES_COOLOFF_TIME
    AccessAttempt.objects.filter(attempt_time__lt=now - cool_off).delete()
    Token.objects.filter(expiry__lt=now - timedelta(days=settings.ENVIRONMENT.keep_days)).delete()


def _root() -> Path:
    folder: Path = settings.ENVIRONMENT.folder
    return folder
