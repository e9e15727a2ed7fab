"""A model trained on a dataset by the core's steps, and registered as challenger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl
from django.conf import settings

from affluence import deciding, steps
from affluence.adapters.mlflow_registry import Registry
from affluence.data.examination import Examination
from affluence.data.writing import write_text
from affluence.errors import UserError
from affluence.evaluation.results import Evaluation
from affluence.evaluation.truth import UNKNOWN
from affluence.pu.discovery import Discovery
from affluence.pu.fold_models import TrainedModel
from affluence.pu.learners.effort import Mode
from affluence.pu.release import ModelLabel, Release
from affluence_service.registry import shelf
from affluence_service.registry.models import ModelVersion
from affluence_service.runs.results import REPORT, OpenedDataset, limits_now, plain

FOLDS = 5
CAPACITY_SHARE = 0.1
FIGURES = ("roc_auc", "average_precision", "recall_at_capacity", "precision_at_capacity")


@dataclass(frozen=True)
class Trained:
    """A training with all that its report needs."""

    customers: pl.DataFrame
    examination: Examination
    evaluation: Evaluation
    model: TrainedModel
    discovery: Discovery
    release: Release


def train_on(
    opened: OpenedDataset, sheet: pl.DataFrame | None, *, learners: Sequence[str], mode: str, seed: int
) -> Trained:
    """The chosen model with the evidence for it; `sheet` are the customers checked by hand, from whom it learns too.

    Errors: UserError for a table without tags, or one from which nothing can be learned.
    """
    customers, used, examination = steps.examine(opened.customers, opened.contract)
    features = steps.build_features(customers, used)
    training = steps.train(
        customers,
        features,
        used,
        examination,
        sheet,
        learners=learners,
        folds=FOLDS,
        seed=seed,
        mode=cast("Mode", mode),
    )
    in_sample = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(training, customers, in_sample, capacity_share=CAPACITY_SHARE)
    model, discovery = steps.choose(training, evaluation)
    reach = steps.reach(training, evaluation, customers)
    release = steps.release(model, evaluation, opened.intake, reach=reach)
    return Trained(customers, examination, evaluation, model, discovery, release)


def register(trained: Trained, registry: Registry, *, asked_as: str) -> ModelLabel:
    """The label of the model in the registry: a challenger, or champion where there is none.

    A training that was registered under `asked_as` before is not registered again.
    """
    return registry.register(trained.release, promote=False, asked_as=asked_as)


def judge(
    trained: Trained, label: ModelLabel, champion: ModelVersion, opened: OpenedDataset, sheet: pl.DataFrame | None
) -> Mapping[str, Any]:
    """The new version held beside the champion on the dataset, each out of fold; verdicts of `sheet` judge both.

    Where the champion cannot serve, or cannot read the dataset, the sentence says so and nothing is proposed.
    """
    told: dict[str, Any] = {"champion": champion.number, "proposed": False}
    try:
        serving = shelf.load(settings.ENVIRONMENT.folder / champion.folder)
        first, second = (
            _version(number, model, opened)
            for number, model in ((str(champion.number), serving), (label.version, trained.model))
        )
        comparison = deciding.compare(first, second, {}, {}, deciding.verdicts_on(sheet, opened.customers))
        judged = deciding.judge(comparison, first, second, opened.customers, limits_now())
    except UserError as error:
        return told | {"because": f"It could not be held beside the champion: {error}"}
    told |= {"proposed": judged.proposed, "because": judged.because, "comparison": comparison.to_dict()}
    result: Mapping[str, Any] = plain(told | {"light": judged.stability and judged.stability.light})
    return result


def _version(name: str, model: TrainedModel, opened: OpenedDataset) -> deciding.Version:
    worded = deciding.as_worded_now(model, opened.contract)
    scores = steps.score(worded, opened.customers)
    return deciding.Version(name, worded, scores, steps.candidates(worded, scores))


def write_report(trained: Trained, opened: OpenedDataset, label: ModelLabel, folder: Path, *, made_at: str) -> None:
    """Write the run report into `folder`; `made_at` is when the training was asked for, in words."""
    candidates = steps.candidates(trained.model, steps.score(trained.model, trained.customers))
    report = steps.report(
        contract=trained.model.contract,
        customers=trained.customers,
        intake_report=opened.intake,
        examination=trained.examination,
        evaluation=trained.evaluation,
        known_truth=UNKNOWN,
        candidates=candidates,
        model_label=label,
        discovery=trained.discovery,
        made_at=made_at,
    )
    write_text(report, folder / REPORT)


def summary_of(trained: Trained, label: ModelLabel) -> Mapping[str, Any]:
    """What was measured, against the tag and out of fold, and what was learned beside the ranking."""
    evaluation, discovery = trained.evaluation, trained.discovery
    told: Mapping[str, Any] = plain(
        {
            "model": label.name,
            "number": int(label.version),
            "champion": label.alias == "champion",
            "table": evaluation.table,
            "rows": evaluation.rows,
            "customers": evaluation.customers,
            "tagged": evaluation.tagged,
            "folds": evaluation.folds,
            "seed": evaluation.seed,
            "capacity": evaluation.capacity,
            "chosen": evaluation.champion,
            "learners": [
                {"learner": result.learner, "title": result.title}
                | {name: vars(getattr(result, name)) for name in FIGURES}
                for result in evaluation.learners
            ],
            "hidden": vars(discovery.hidden_count),
            "reviewed": discovery.reviewed,
            "warnings": list(discovery.warnings),
        }
    )
    return told
