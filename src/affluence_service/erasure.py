"""One customer taken out of every upload, result, sheet and campaign, with a report that proves it.

What the database says of the customer (verdicts, assignments, what came of contacts) goes first, for the files say
which lines those are. Then each folder that holds the customer is copied without them, and in one transaction all that
pointed to it points to the copy, as a job's result is published. Whoever is stopped in between starts the same again.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.crypto import salted_hmac

from affluence.data.reading import hash_file
from affluence.data.writing import write_text
from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests
from affluence_service.audit.models import Entry
from affluence_service.audit.services import SYSTEM, Actor, record
from affluence_service.campaigns.models import Assignment, Campaign, Disposition, Exclusion, Outcomes
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.models import State as DatasetState
from affluence_service.datasets.selectors import CUSTOMERS
from affluence_service.erasure_files import SHORTEST_IN_TEXT, Place, Wanted, copy_without, replace_in, tables_in
from affluence_service.jobs.models import Job
from affluence_service.jobs.models import State as JobState
from affluence_service.registry.models import ModelVersion
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.runs.models import Run
from affluence_service.runs.results import CANDIDATES, SCORES, digest_of

# What stands elsewhere in the service's folder holds no customer by id: models, static files, the database.
HOLDING = ("work", "datasets", "campaigns")
SHEET, LIST, SUMMARY = "sheet.parquet", "list.parquet", "summary.json"
FOLD_MAPS = (
    "These versions learned from the customer. Each keeps a keyed digest of the id with the fold the customer was in, "
    "so that it never scores anybody by a model that saw them; without it that promise would break. Train anew, "
    "approve the new version, then delete these from the shelf and from MLflow, their reports too."
)
EXPORTED = "These exports, by their entry in the record, took lists out of the service with the customer on them."


@dataclass(frozen=True)
class Proof:
    """What was erased where, what stays and why, and where a search at the end still found the customer."""

    customer: str
    at: str
    places: tuple[Place, ...]
    stays: Mapping[str, Sequence[str]]
    tables_searched: int
    texts_searched: bool
    found_after: tuple[str, ...]

    def to_json(self) -> str:
        """The proof as JSON; the customer stands in it as a keyed digest."""
        return json.dumps(asdict(self), indent=2)


def erase(customer_id: str, *, by: Actor = SYSTEM) -> Proof:
    """The proof that the customer is out of all that the service holds.

    Errors: UserError for an empty id, and while a job runs or an upload is checked: that could write the customer anew.
    """
    _require_rest(customer_id)
    wanted = Wanted(customer_id)
    stays = {FOLD_MAPS: _versions_that_learned(customer_id), EXPORTED: _exports(wanted)}
    places = (*_erase_lines(wanted), *_erase_results(wanted), *_erase_files(wanted))
    proof = Proof(
        customer=digest(customer_id),
        at=timezone.now().isoformat(timespec="seconds"),
        places=places,
        stays={why: what for why, what in stays.items() if what},
        tables_searched=sum(len(tables_in(folder)) for folder in _folders()),
        texts_searched=len(customer_id) >= SHORTEST_IN_TEXT,
        found_after=tuple(_found(wanted)),
    )
    details = {"customer": proof.customer, "places": len(places), "found_after": len(proof.found_after)}
    record(by, "erased a customer", "service", "keeping", details=details)
    return proof


def digest(customer_id: str) -> str:
    """The keyed digest that stands for the customer where their id may not; the key is the service's secret."""
    return salted_hmac("affluence.erasure", customer_id, algorithm="sha256").hexdigest()


def _require_rest(customer_id: str) -> None:
    if not customer_id:
        raise UserError("No customer id came. Give one line.")
    running = Job.objects.filter(state=JobState.RUNNING).exists()
    if running or Dataset.objects.filter(state=DatasetState.CHECKING).exists():
        raise UserError(
            "A job is running or an upload waits to be checked, and could write the customer anew. Wait until nothing "
            "is under way, then repeat."
        )


def _erase_lines(wanted: Wanted) -> Iterator[Place]:
    """Take out of the database what is said of the customer by the row of a sheet or the rank of a list."""
    for sheet in Sheet.objects.exclude(folder=""):
        rows = wanted.numbers(_root() / sheet.folder / SHEET, "row")
        yield from _delete(Verdict.objects.filter(sheet=sheet, row__in=rows), f"verdicts of sheet {sheet.id}")
    for campaign in Campaign.objects.exclude(folder=""):
        ranks = wanted.numbers(_root() / campaign.folder / LIST, "rank")
        assigned = Assignment.objects.filter(campaign=campaign, rank__in=ranks)
        said = Disposition.objects.filter(assignment__in=assigned)
        yield from _delete(said, f"what came of contacts of campaign {campaign.id}")
        yield from _delete(assigned, f"assignments of campaign {campaign.id}")


def _delete(lines: models.QuerySet[Any], place: str) -> Iterator[Place]:
    deleted, _ = lines.delete()
    if deleted:
        yield Place(place, deleted, 0)


def _erase_results(wanted: Wanted) -> Iterator[Place]:
    """Let every job's result that holds the customer give way to a copy without them."""
    for job in Job.objects.exclude(folder=""):
        old = _root() / job.folder
        if old.is_dir() and wanted.held_by(old):
            new, places = copy_without(wanted, old)
            _point(job.folder, new)
            shutil.rmtree(old)
            yield from _in(job.folder, places)


def _point(old: str, new: Path) -> None:
    """Let all that points to the old folder point to the new one, and say what is in that."""
    there = str(new.relative_to(_root()))
    campaign = Campaign.objects.filter(folder=old).first()
    summary = _summary(campaign, new) if campaign else {}
    with transaction.atomic():
        for model in (Job, Sheet, Outcomes):
            model.objects.filter(folder=old).update(folder=there)
        Dataset.objects.filter(folder=old).update(folder=there, **_counts(new / CUSTOMERS))
        ranked = {"rows": _height(new / SCORES), "candidates": _height(new / CANDIDATES)}
        known = {name: height for name, height in ranked.items() if height is not None}
        Run.objects.filter(folder=old).update(folder=there, digest=digest_of(new), **known)
        if campaign:
            Campaign.objects.filter(id=campaign.id).update(
                folder=there, summary=summary, checksum=hash_file(new / SUMMARY)
            )


def _counts(customers: Path) -> Mapping[str, int | None]:
    if not customers.is_file():
        return {}
    tags = pl.scan_parquet(customers)
    tagged = int(tags.select("tag").collect()["tag"].sum()) if "tag" in tags.collect_schema().names() else None
    return {"rows": _height(customers), "tagged": tagged}


def _summary(campaign: Campaign, folder: Path) -> Mapping[str, Any]:
    """The campaign's summary, also written to its folder, with what is now in its files: else no export would pass."""
    rows = {"written": LIST, "held_back": "control.parquet", "excluded": "excluded.parquet"}
    summary = {
        **campaign.summary,
        "rows": campaign.summary["rows"] | {name: _height(folder / file) for name, file in rows.items()},
        "files": {name: hash_file(folder / name) for name in campaign.summary["files"]},
    }
    write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", folder / SUMMARY)
    return summary


def _erase_files(wanted: Wanted) -> Iterator[Place]:
    """Replace what no job wrote: lists and sheets that people uploaded, and what nothing points to any more."""
    for folder in _folders():
        if not wanted.held_by(folder):
            continue
        places = replace_in(wanted, folder)
        for changed in places:
            file = str((folder / changed.place).relative_to(_root()))
            Exclusion.objects.filter(file=file, customers__gt=0).update(customers=F("customers") - 1)
        yield from _in(str(folder.relative_to(_root())), places)


def _in(folder: str, places: Iterable[Place]) -> Iterator[Place]:
    return (replace(changed, place=f"{folder}/{changed.place}") for changed in places)


def _exports(wanted: Wanted) -> list[str]:
    """Every export that was made of a ranking or a list on which the customer stands."""
    files = {
        **{run.id: _root() / run.folder / CANDIDATES for run in Run.objects.exclude(folder="")},
        **{campaign.id: _root() / campaign.folder / LIST for campaign in Campaign.objects.exclude(folder="")},
    }
    of = [str(id_) for id_, file in files.items() if wanted.numbers(file, "rank")]
    return [
        f"entry {entry.id}, {entry.at:%Y-%m-%d}: {entry.object_kind} {entry.object_id}"
        for entry in Entry.objects.filter(action__startswith="exported", object_id__in=of).order_by("id")
    ]


def _versions_that_learned(customer_id: str) -> list[str]:
    """The versions on the shelf whose fold map knows the customer."""
    return [
        str(version)
        for version in ModelVersion.objects.exclude(folder="")
        if _learned(_root() / version.folder / "model", customer_id)
    ]


def _learned(model: Path, customer_id: str) -> bool:
    if not (model / "fold_map.parquet").is_file():
        return False
    key = json.loads((model / "model.json").read_text(encoding="utf-8"))["key"]
    wanted = int(customer_digests([customer_id], key=key)[0])
    known = pl.scan_parquet(model / "fold_map.parquet").filter(pl.col("digest") == pl.lit(wanted, dtype=pl.UInt64))
    return bool(known.select(pl.len()).collect().item())


def _found(wanted: Wanted) -> Iterator[str]:
    """Where the customer stands still, by a search of its own through every table, text and text of the database."""
    for folder in _folders():
        ranks = wanted.ranks_in(folder)
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            in_table = path in tables_in(folder) and wanted.rows_in(path, ranks)
            if in_table or wanted.stands_in_text(path):
                yield str(path.relative_to(_root()))
    if len(wanted.customer_id) >= SHORTEST_IN_TEXT:
        yield from _found_in_database(wanted.customer_id)


def _found_in_database(customer_id: str) -> Iterator[str]:
    for model in apps.get_models():
        meta = model._meta  # noqa: SLF001  (the framework's documented door)
        for field in meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                said = model._base_manager.annotate(said=Cast(field.name, models.TextField()))  # noqa: SLF001
                if count := said.filter(said__contains=customer_id).count():
                    yield f"{count} lines of {meta.label}.{field.name}"


def _folders() -> list[Path]:
    """Every folder of uploads and results."""
    tops = [_root() / name for name in HOLDING]
    return sorted(path for top in tops for path in top.rglob("*") if path.is_dir())


def _height(table: Path) -> int | None:
    return int(pl.scan_parquet(table).select(pl.len()).collect().item()) if table.is_file() else None


def _root() -> Path:
    folder: Path = settings.ENVIRONMENT.folder
    return folder
