"""The shelf: a copy of every version's files, from which the service serves; and whether a version can serve at all.

A version stands under models/<name>/<number> in the service's folder: `model` in our own format, its model card, and
what was measured and learned, as JSON.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from affluence.errors import UserError
from affluence_service.datasets.contracts import contract_named

if TYPE_CHECKING:
    from affluence.pu.fold_models import TrainedModel

MODELS = "models"
CARD = "model_card.html"
# So many of the columns that matter most are named beside a model; its card names all.
LEANS_ON = 3
FIGURES = ("roc_auc", "average_precision", "recall_at_capacity", "precision_at_capacity")


def store_folder() -> Path:
    """Where the project keeps its MLflow store, unless a server is named."""
    folder: Path = settings.ENVIRONMENT.project / "data" / "06_models"
    return folder


def place_of(name: str, number: int) -> Path:
    """Where a version stands, relative to the service's folder."""
    return Path(MODELS) / name / str(number)


def load(folder: Path) -> "TrainedModel":
    """The model that stands in `folder` of the shelf, held to the project's contract of its table.

    It has scored once: what cannot is refused here, and no customer waits for what a first score makes ready.

    Errors: UserError that says why it cannot serve.
    """
    from affluence.pu.storage import load_model

    try:
        model = load_model(folder / "model")
        _score_nobody(model)
    except UserError:
        raise
    except Exception as error:
        # Whatever a damaged file makes a reader raise.
        raise UserError(f"The model's files are damaged ({type(error).__name__}). Register it again.") from error
    require_fit(model)
    return model


def _score_nobody(model: "TrainedModel") -> None:
    from affluence.data.row_reading import RowReader
    from affluence.decision.scoring import score_table
    from affluence.pu.fold_models import score_customers

    nobody = RowReader(model.contract).nobody()
    score_table(model, nobody, score_customers(model, nobody))


def require_fit(model: "TrainedModel") -> None:
    """Refuse a model that reads a column otherwise than the project's contract of its table does.

    Errors: UserError that names the columns.
    """
    learned = model.contract
    named = contract_named(learned.table)
    if named.fingerprint() == learned.fingerprint():
        return
    there = {column.name: (column.type, column.unit) for column in named.feature_columns}
    read = {name: learned.column(name) for feature in model.features for name in feature.inputs}
    unfit = sorted(name for name, column in read.items() if there.get(name) != (column.type, column.unit))
    if unfit or named.customer_id.source != learned.customer_id.source:
        raise UserError(
            f"The model was trained under another contract of {learned.table}: "
            f"{', '.join(unfit) or 'the customer id'} is not in the project's, is forbidden there, or is of another "
            "type or unit. Train a model under the contract that holds now."
        )


def measured(folder: Path) -> dict[str, Any]:
    """What was measured of the version in `folder`, each figure with its interval; empty where nothing is on record."""
    evaluation = _read(folder / "evaluation.json")
    found = [result for result in evaluation.get("learners", ()) if result["learner"] == evaluation["champion"]]
    if not found:
        return {}
    return {
        "learner": found[0]["title"],
        "capacity": evaluation["capacity"],
        "capacity_share": evaluation["capacity_share"],
        "expected_calibration_error": evaluation["reliability"]["expected_error"],
        "tolerated_calibration_error": evaluation["reliability"]["tolerance"],
        "leans_on": _leans_on(evaluation["importances"]),
        **{name: found[0][name] for name in FIGURES},
    }


def _leans_on(importances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The columns without which the ranking would lose most, and the recall at capacity that each is worth."""
    ordered = sorted(importances, key=lambda one: -float(one["fall"]["value"]))
    return [{"column": one["column"], "fall": one["fall"]["value"]} for one in ordered[:LEANS_ON]]


def learned(folder: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """What the version in `folder` learned from, and what was learned beside its ranking."""
    discovery = _read(folder / "discovery.json")
    beside: dict[str, Any] = {name: discovery[name] for name in ("hidden_count", "warnings") if name in discovery}
    return {**parameters, **beside}


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
