"""The one sequence of steps: intake, features, train, evaluate, choose, score, rank, report.

Kedro's nodes, the command line and the service's jobs call these and nothing beside them, so that all three do the
same. Each step takes what the steps before it gave and changes none of it.
"""

from importlib.metadata import version

import polars as pl

from affluence.data.contract import Contract
from affluence.data.profiling import profile_columns
from affluence.data.reading import IntakeReport, Reading, require_accepted
from affluence.decision.scoring import rank_candidates, score_table
from affluence.errors import UserError
from affluence.evaluation.results import Evaluation
from affluence.features.definitions import compute_features, features_of
from affluence.pu.assessment import evaluate
from affluence.pu.fold_models import TrainedModel, score_customers
from affluence.pu.release import ModelLabel, Release, ReleasedModel
from affluence.pu.training import Training, choose, train
from affluence.reporting.run_report import ReportContent, render_run_report

# How many of the candidates a report shows by name.
STRONGEST = 20

__all__ = [
    "Training",
    "build_features",
    "candidates",
    "choose",
    "evaluate",
    "intake",
    "open_release",
    "release",
    "report",
    "score",
    "train",
]


def intake(reading: Reading) -> tuple[pl.DataFrame, IntakeReport]:
    """The customers of a table that its contract accepts, and what was found in it.

    Errors: TableRefused with every violation when the contract refuses the table.
    """
    return require_accepted(reading), reading.report


def build_features(customers: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The features of `customers`, one row each in the same order."""
    return compute_features(customers, features=features_of(contract))


def release(model: TrainedModel, evaluation: Evaluation, intake_report: IntakeReport) -> Release:
    """The model with the evidence for it, ready for the registry."""
    return Release(model=model, evaluation=evaluation, intake=intake_report)


def open_release(released: ReleasedModel) -> tuple[TrainedModel, ModelLabel]:
    """The model that came out of the registry, and its label."""
    return released.model, released.label


def score(model: TrainedModel, customers: pl.DataFrame) -> pl.DataFrame:
    """The scores of everyone in `customers`, each by models that never saw that customer, in the same order.

    Errors: UserError when the customers lack a column that the model was trained on.
    """
    missing = sorted({name for feature in model.features for name in feature.inputs} - set(customers.columns))
    if missing:
        raise UserError(
            f"The table lacks {', '.join(missing)}, on which the model was trained. Map these columns in the "
            "contract, or train a model on a table like this one."
        )
    return score_table(model, customers, score_customers(model, customers))


def candidates(model: TrainedModel, scores: pl.DataFrame) -> pl.DataFrame:
    """The unlabelled of `scores`, ranked: rank, customer, score, labelled probability."""
    return rank_candidates(scores, key=model.fold_map.key)


def report(
    *,
    contract: Contract,
    customers: pl.DataFrame,
    intake_report: IntakeReport,
    evaluation: Evaluation,
    candidates: pl.DataFrame,
    model_label: ModelLabel,
    made_at: str,
) -> str:
    """The run report as one HTML page; `made_at` is the time of the run in words."""
    known = customers.unique("customer_id", keep="first").drop("tag", strict=False)
    return render_run_report(
        ReportContent(
            contract=contract,
            intake=intake_report,
            profiles=profile_columns(customers, contract=contract),
            evaluation=evaluation,
            candidates=candidates.head(STRONGEST).join(known, on="customer_id", how="left", maintain_order="left"),
            model=model_label,
            made_at=made_at,
            seconds=None,
            affluence_version=version("affluence"),
        )
    )
