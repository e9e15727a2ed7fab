"""A run's result on disk: which files there are, and opening them for jobs that go on from it.

A scored table leaves the files below; a training its report. Each is written once, by the job that made it. The same
run done again gives the same files to the byte, so none of them holds a time.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from affluence.errors import UserError
from affluence_service.datasets.contracts import contract_folders, contract_named
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.selectors import CUSTOMERS, INTAKE
from affluence_service.registry import shelf
from affluence_service.runs.models import Run

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.contract import Contract
    from affluence.data.intake_report import IntakeReport
    from affluence.data.offer_table import OfferTable
    from affluence.evaluation.stability_limits import Limits
    from affluence.pu.fold_models import TrainedModel
    from affluence.pu.release import ModelLabel

SCORES, CANDIDATES, LIST, REASONS = "scores.parquet", "candidates.parquet", "list.parquet", "reasons.parquet"
GAINS, COLUMNS, SEGMENTS, STRATEGY = "gains.npz", "columns.json", "segments.json", "strategy.json"
SUMMARY, REPORT = "summary.json", "report.html"
LOG = "log.jsonl"
# What the ranking itself is; candidates.parquet has more beside it, for those who look.
RANKED = ("rank", "row", "customer_id", "score", "affluent_probability", "labelled_probability", "simulated")


@dataclass(frozen=True)
class OpenedRun:
    """A scored table as the core's steps know it: `customers` as the model learned to read them."""

    model: "TrainedModel"
    label: "ModelLabel"
    customers: "pl.DataFrame"
    scores: "pl.DataFrame"
    candidates: "pl.DataFrame"
    intake: "IntakeReport"


@dataclass(frozen=True)
class OpenedDataset:
    """The customers that a dataset's contract accepted, that contract as it stands now, and how the file was read."""

    customers: "pl.DataFrame"
    contract: "Contract"
    intake: "IntakeReport"


def open_run(run: Run) -> OpenedRun:
    """What a finished scoring left, with its model. Errors: UserError when a part of it was deleted since."""
    import polars as pl

    from affluence import deciding

    opened, model = open_dataset(run.dataset), model_of(run)
    worded = deciding.as_worded_now(model, opened.contract)
    candidates = pl.scan_parquet(file_of(run, CANDIDATES))
    ranked = [name for name in RANKED if name in candidates.collect_schema().names()]
    return OpenedRun(
        model=worded,
        label=label_of(run),
        customers=deciding.as_learned(worded, opened.customers),
        scores=pl.read_parquet(file_of(run, SCORES)),
        candidates=candidates.select(ranked).collect(),
        intake=opened.intake,
    )


def open_dataset(dataset: Dataset) -> OpenedDataset:
    """The accepted customers of a dataset. Errors: UserError when it was deleted."""
    import polars as pl
    from pydantic import TypeAdapter

    from affluence.data.intake_report import IntakeReport

    folder: Path = settings.ENVIRONMENT.folder / dataset.folder
    if not dataset.folder or not (folder / CUSTOMERS).is_file():
        raise UserError("The dataset was deleted, so nothing more can be made of it. Upload the table again.")
    return OpenedDataset(
        customers=pl.read_parquet(folder / CUSTOMERS),
        contract=contract_named(dataset.contract),
        intake=TypeAdapter(IntakeReport).validate_json((folder / INTAKE).read_text(encoding="utf-8")),
    )


def model_of(run: Run) -> "TrainedModel":
    """The model that scored, or is to score. Errors: UserError when it cannot serve."""
    if run.version is None:
        raise UserError("The run names no model. Start another one.")
    return shelf.load(settings.ENVIRONMENT.folder / run.version.folder)


def label_of(run: Run) -> "ModelLabel":
    """The name and number by which the registry knows the run's model; whether it serves is no matter here."""
    from affluence.pu.release import ModelLabel

    assert run.version is not None  # noqa: S101  (model_of saw to it)
    return ModelLabel(name=run.version.name, version=str(run.version.number), alias="", parameters={})


def offers_of(run: Run) -> "OfferTable":
    """The bank's table of offers for the run's table. Errors: UserError when there is none, or it is faulty."""
    from affluence.data.offer_table import find_offers, load_offers

    contract = contract_named(run.dataset.contract)
    return load_offers(find_offers(contract.table, folders=contract_folders()))


def last_list(run: Run) -> "pl.Series | None":
    """The customers, best first, whom the team's last run on a table of that contract listed; None without one."""
    import polars as pl

    before = (
        Run.objects.filter(team=run.team_id, kind=Run.Kind.SCORE, dataset__contract=run.dataset.contract)
        .filter(deleted_at=None, asked_at__lt=run.asked_at)
        .exclude(folder="")
        .order_by("-asked_at")
        .first()
    )
    return None if before is None else pl.read_parquet(file_of(before, LIST))["customer_id"]


def limits_now() -> "Limits":
    """When a table has moved too far, as the project's conf/ says. Errors: UserError when it cannot be read."""
    from affluence.evaluation.stability_limits import load_limits

    return load_limits(contract_folders())


def file_of(run: Run, name: str) -> Path:
    """Where a file of the run's result stands. Errors: UserError when there is none, or none any more."""
    path: Path = settings.ENVIRONMENT.folder / run.folder / name
    if not run.folder or not path.is_file():
        raise UserError("The run's result was deleted, or has no such part. Start the run again.")
    return path


def read_json(run: Run, name: str) -> Any:
    """One of the small parts of a run's result."""
    return json.loads(file_of(run, name).read_text(encoding="utf-8"))


def write_json(content: Any, path: Path) -> None:
    """Write a small part of a result; what is no number is null, as JSON has no word for it."""
    path.write_text(json.dumps(plain(content), indent=1), encoding="utf-8")


def plain(content: Any) -> Any:
    """The content with null for what is no finite number: a database keeps nothing else as JSON."""
    if isinstance(content, Mapping):
        return {str(name): plain(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [plain(part) for part in content]
    return None if isinstance(content, float) and not isfinite(content) else content


def digest_of(folder: Path) -> str:
    """The SHA-256 over a result's files, their names among it; the log, which tells times, is left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name != LOG:
            with path.open("rb") as file:
                digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
