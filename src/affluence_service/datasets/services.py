"""The life of a dataset: received, checked by a worker, deleted; and what a team's files call the columns."""

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from affluence.data.visible_text import visible
from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.services import record
from affluence_service.datasets.arriving import Arrived
from affluence_service.datasets.contracts import contract_named
from affluence_service.datasets.models import ColumnMap, Dataset, State
from affluence_service.datasets.selectors import is_used, upload_of
from affluence_service.jobs import services as jobs
from affluence_service.jobs.models import Job

CHECK = "check a dataset"
_MOST_HEADERS = 2_000
_LONGEST_HEADER = 200
NOT_CHECKED = "The table was not checked, and nothing of it stays. {why} Upload it again."


def receive(person: Any, arrived: Arrived, *, contract: str) -> Dataset:
    """A dataset of the file, which a worker checks. Errors: ContractError for an unknown contract; nothing stays."""
    contract_named(contract)
    dataset = Dataset(
        team_id=person.team_id,
        uploaded_by=person,
        name=arrived.name,
        contract=contract,
        bytes=arrived.bytes,
        data_hash=arrived.data_hash,
    )
    upload = upload_of(dataset)
    try:
        with transaction.atomic():
            dataset.job = jobs.enqueue(CHECK, dataset.id, asked_by=person)
            dataset.save(force_insert=True)
            record(person, "uploaded", "dataset", dataset.id, details={"contract": contract, "bytes": arrived.bytes})
            upload.parent.mkdir(parents=True)
            arrived.path.replace(upload)
    except BaseException:
        shutil.rmtree(upload.parent, ignore_errors=True)
        raise
    return dataset


def accept(job: Job, found: Mapping[str, Any]) -> None:
    """Let the customers that a check wrote into the job's folder take the upload's place.

    `found` is what a check says of the table, by the dataset's fields.
    """
    keep_until = timezone.now() + timedelta(days=settings.ENVIRONMENT.keep_days)
    _end_check(job, state=State.ACCEPTED, folder=job.folder, expires_at=keep_until, **found)


def refuse(job: Job, found: Mapping[str, Any]) -> None:
    """Let nothing of the file stay but what was found in it."""
    _end_check(job, state=State.REFUSED, **found)


def give_up(job: Job, why: str) -> None:
    """Let nothing stay of a file whose check failed or was cancelled."""
    _end_check(job, state=State.REFUSED, problem=NOT_CHECKED.format(why=why))
    transaction.on_commit(lambda: _remove(_work_of(job)))


def cancel(person: Any, dataset: Dataset) -> None:
    """Cancel the check. Errors: Conflict when it has ended."""
    if dataset.state != State.CHECKING or dataset.job is None:
        raise Conflict(f"The dataset is {dataset.get_state_display()}, so there is no check to cancel.")
    jobs.cancel(dataset.job, by=person)


def delete(person: Any, dataset: Dataset) -> Dataset:
    """The dataset, of which only this record stays. Errors: Conflict while it is checked or a run needs it."""
    with transaction.atomic():
        held = Dataset.objects.select_for_update().get(id=dataset.id)
        if held.state == State.CHECKING:
            raise Conflict("The dataset is being checked. Cancel the check, or wait until it has ended.")
        if held.state == State.DELETED:
            raise Conflict("The dataset was deleted already.")
        if is_used(held):
            raise Conflict("A run needs the dataset. Cancel the run, or wait until it has ended.")
        folder = settings.ENVIRONMENT.folder / held.folder if held.folder else None
        held.state, held.folder, held.deleted_at, held.expires_at = State.DELETED, "", timezone.now(), None
        held.save(update_fields=["state", "folder", "deleted_at", "expires_at"])
        record(person, "deleted", "dataset", held.id, details={"rows": held.rows})
        if folder is not None:
            transaction.on_commit(lambda: _remove(folder.parent))
    return held


def remove_left_behind() -> int:
    """How many uploads were removed that a worker left although they were checked."""
    uploads = settings.ENVIRONMENT.folder / "datasets"
    folders = {path.name: path for path in uploads.iterdir()} if uploads.is_dir() else {}
    checking = {str(id_) for id_ in Dataset.objects.filter(state=State.CHECKING).values_list("id", flat=True)}
    known = {str(id_) for id_ in Dataset.objects.filter(id__in=list(folders)).values_list("id", flat=True)}
    left = known - checking
    for name in left:
        _remove(folders[name])
    return len(left)


def map_columns(person: Any, contract: str, known_as: Mapping[str, str]) -> Mapping[str, str]:
    """What the team's files call the contract's columns, from now on, in place of what was kept.

    `known_as` says which header in a file stands for which of the contract's. Errors: Refused when a header is not to
    be told from the contract's own, or stands for none of them.
    """
    headers = contract_named(contract).headers
    cleaned = {theirs.strip(): ours for theirs, ours in known_as.items()}
    _require_headers(cleaned, headers)
    with transaction.atomic():
        ColumnMap.objects.update_or_create(
            team_id=person.team_id, contract=contract, defaults={"known_as": cleaned, "changed_by": person}
        )
        record(person, "mapped columns", "contract", contract, details={"columns": len(cleaned)})
    return cleaned


def _require_headers(known_as: Mapping[str, str], headers: tuple[str, ...]) -> None:
    if len(known_as) > _MOST_HEADERS:
        raise Refused(f"{len(known_as):,} headers are too many to keep. Give at most {_MOST_HEADERS:,}.")
    for theirs, ours in known_as.items():
        if not theirs or len(theirs) > _LONGEST_HEADER or visible(theirs) != theirs:
            raise Refused(
                f"A header that is to be known has 1 to {_LONGEST_HEADER} visible characters. Give it as it stands in "
                "the file's first line."
            )
        if theirs in headers:
            raise Refused(f"'{theirs}' is a header of the contract itself. It cannot stand for another column.")
        if ours not in headers:
            raise Refused(f"The contract has no column '{visible(ours)[:_LONGEST_HEADER]}'. Give one of its headers.")


def _end_check(job: Job, **found: Any) -> None:
    dataset = Dataset.objects.select_for_update().get(id=job.subject)
    if dataset.state != State.CHECKING:
        return
    for field, value in found.items():
        setattr(dataset, field, value)
    dataset.save(update_fields=list(found))
    transaction.on_commit(lambda: _remove(upload_of(dataset).parent))


def _work_of(job: Job) -> Path:
    folder: Path = settings.ENVIRONMENT.folder
    return folder / "work" / str(job.id)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
