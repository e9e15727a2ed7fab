"""The one sequence of steps: intake, features, train, evaluate, choose, score, rank, report.

Kedro's nodes, the command line and the service's jobs call these and nothing beside them, so that all three do the
same. Each step takes what the steps before it gave and changes none of it.
"""

import logging
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from affluence import progress
from affluence.data.contract import Contract
from affluence.data.doctor import apply_cell_rules
from affluence.data.examination import Examination, examine_customers
from affluence.data.profiling import profile_columns
from affluence.data.reading import IntakeReport, Reading, require_accepted
from affluence.data.reference_bank import ReferenceBank, Scenario, simulate
from affluence.data.writing import write_parquet
from affluence.decision.population import FramePopulation
from affluence.decision.scoring import UNSEEN, rank_candidates, require_columns, score_table
from affluence.errors import UserError
from affluence.evaluation.fairness import NO_GROUPS, FairReach, fair_reach
from affluence.evaluation.results import Evaluation
from affluence.evaluation.stability_limits import Limits
from affluence.evaluation.truth import UNKNOWN, TruthComparison, compare_with_truth
from affluence.features.definitions import compute_features, features_of
from affluence.pu.assessment import evaluate
from affluence.pu.discovery import Discovery
from affluence.pu.fold_models import TrainedModel, review_order, score_customers
from affluence.pu.honesty import Honesty
from affluence.pu.in_sample import in_sample_log_odds
from affluence.pu.learners import learner_of
from affluence.pu.learners.effort import Mode
from affluence.pu.learners.protocol import LogOdds
from affluence.pu.left_out import NOBODY_LEFT_OUT, LeftOut
from affluence.pu.left_out import leave_out as leave_customers_out
from affluence.pu.planted import prove
from affluence.pu.release import ModelLabel, Release, ReleasedModel
from affluence.pu.review import Purpose
from affluence.pu.review_sheet import place_sheet, review_sheet
from affluence.pu.training import Training
from affluence.pu.training import choose as choose_model
from affluence.pu.training import train as cross_fit_learners
from affluence.pu.tuned import NOT_TUNED, Tuned
from affluence.pu.tuning import Ground, Trial, best_of, fresh_seed, judge, lay_ground
from affluence.pu.tuning_record import Tuning
from affluence.pu.watching import Watched, watch
from affluence.reporting.deciding import Deciding
from affluence.reporting.run_report import ReportContent, render_run_report

_logger = logging.getLogger(__name__)

# As many rows as the published table has.
PUBLISHED_CUSTOMERS = 66_083
# How many of the candidates a report shows by name.
STRONGEST = 20

__all__ = [
    "Training",
    "beside_training",
    "build_features",
    "candidates",
    "choose",
    "evaluate",
    "examine",
    "hold_against_truth",
    "intake",
    "judge_anew",
    "lay_ground",
    "leave_out",
    "make_bank",
    "open_release",
    "population",
    "prove_honesty",
    "reach",
    "release",
    "report",
    "score",
    "score_in_sample",
    "suggest_review",
    "train",
    "watch",
]


def make_bank(
    contract: Contract,
    root: Path,
    *,
    customers: int = PUBLISHED_CUSTOMERS,
    seed: int = 0,
    scenario: Scenario | None = None,
) -> ReferenceBank:
    """A made bank, written where its contract says: the table in one file, the truth in another, under `root`.

    Errors: UserError when the contract is not that of a made table.
    """
    if not contract.simulated or contract.file is None or contract.truth_file is None:
        raise UserError(
            f"The contract of {contract.table} is not that of a made table, which names file and truth_file."
        )
    bank = simulate(customers=customers, seed=seed, scenario=scenario)
    write_parquet(bank.truth, root / contract.truth_file)
    write_parquet(bank.table, root / contract.file)
    return bank


def intake(reading: Reading) -> tuple[pl.DataFrame, IntakeReport]:
    """The customers of a table that its contract accepts, and what was found in it.

    Errors: TableRefused with every violation when the contract refuses the table.
    """
    return require_accepted(reading), reading.report


def examine(accepted_customers: pl.DataFrame, contract: Contract) -> tuple[pl.DataFrame, Contract, Examination]:
    """The treated customers, the contract that now holds, and all that the doctor found and did.

    Only remedies that the contract wants applied are; columns that they keep from the learners become forbidden.
    """
    examined = examine_customers(accepted_customers, contract=contract)
    return examined.customers, examined.contract, examined.examination


def leave_out(
    customers: pl.DataFrame, do_not_train: Collection[str], *, seed: int, score_left_out: bool
) -> tuple[pl.DataFrame, pl.DataFrame, LeftOut]:
    """Those who may be learned from, those who are scored, and what is on record of the do-not-train list.

    Those on the list are scored by models that never saw them, if `score_left_out`; else they are left out of it all.
    """
    learned_from, left_out = leave_customers_out(customers, do_not_train, key=seed)
    return learned_from, customers if score_left_out else learned_from, left_out


def population(
    model: TrainedModel, customers: pl.DataFrame, scores: pl.DataFrame, candidates: pl.DataFrame
) -> FramePopulation:
    """Everyone who was scored, for what is decided: the customers as the model learned to read them."""
    return FramePopulation(apply_cell_rules(customers, model.rules), scores, candidates)


def build_features(customers: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The features of `customers`, one row each in the same order."""
    return compute_features(customers, features=features_of(contract))


def train(
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
    examination: Examination | None = None,
    review: pl.DataFrame | None = None,
    *,
    learners: Sequence[str],
    folds: int,
    seed: int,
    mode: Mode = "accurate",
    tuned: Tuned = NOT_TUNED,
) -> Training:
    """Each of `learners` cross-fitted on the same folds; see `affluence.pu.training`.

    `review` is a sheet of customers checked by hand, as `affluence.data.reading.read_sheet` reads it; the finder learns
    from it too. `tuned` settings (`affluence.pu.tuned`) take the place of the learners' own.
    """
    return cross_fit_learners(
        customers,
        features,
        contract,
        learners=learners,
        folds=folds,
        seed=seed,
        mode=mode,
        tuned=tuned,
        review=None if review is None or review.is_empty() else place_sheet(review, customers),
        rules=examination.rules if examination else (),
    )


def judge_anew(
    key: str,
    ground: Ground,
    trials: Sequence[Trial],
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
) -> Tuning:
    """The tuning of the learner of that key: the best of `trials` on `ground` held against the default settings anew.

    `customers`, `features` and `contract` are those of which the ground was laid; they are dealt to other folds here.
    """
    fresh = lay_ground(
        customers,
        features,
        contract,
        folds=ground.fold_count,
        seed=fresh_seed(ground.seed),
        capacity_share=ground.capacity_share,
    )
    best = best_of(trials)
    if best is None:
        raise UserError(f"No trial of {key} was finished, so there is nothing to judge. Give more minutes (--minutes).")
    return Tuning(key, learner_of(key).title, ground, tuple(trials), judge(key, best.settings, fresh))


def score_in_sample(training: Training, features: pl.DataFrame) -> LogOdds:
    """The scores that the in-sample way gives its own training rows; for comparison, never for a list."""
    scores = in_sample_log_odds(training.preprocessing.design(features), training.tags, seed=training.seed)
    progress.report("Scoring in sample, for comparison", done=1, total=1)
    return scores


def suggest_review(
    model: TrainedModel,
    customers: pl.DataFrame,
    *,
    n: int,
    purpose: Purpose,
    seed: int,
    earlier: pl.DataFrame | None = None,
    sheets_before: int = 0,
) -> pl.DataFrame:
    """A sheet of `n` unlabelled customers worth checking by hand; it shows what the contract calls speakable.

    Errors: UserError when fewer are left than are asked for.
    """
    return review_sheet(
        review_order(model, customers),
        customers,
        n=n,
        purpose=purpose,
        seed=seed,
        columns=[column.name for column in model.contract.speakable_columns if column.name in customers.columns],
        earlier=earlier,
        sheets_before=sheets_before,
    )


def prove_honesty(
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
    *,
    share: float,
    repeats: int,
    mode: Mode,
    seed: int,
) -> Honesty:
    """Plant and recover on these customers, at 1, 5 and 10 % of those without a tag; see `affluence.pu.planted`.

    Errors: UserError when the table has no tag, or too few are tagged.
    """
    if "tag" not in customers.columns:
        raise UserError(f"The table has no tag column '{contract.tag.source}', and only tags can be hidden.")
    unlabelled = int((customers["tag"] == 0).sum())
    return prove(
        features,
        customers["tag"].to_numpy(),
        table=contract.table,
        capacities=sorted({max(1, round(part * unlabelled)) for part in (0.01, 0.05, 0.10)}),
        groups=customers["customer_id"].to_numpy(),
        tag_drivers=[column.name for column in contract.tag_drivers if column.name in features.columns] or None,
        mode=mode,
        seed=seed,
        share=share,
        repeats=repeats,
    )


def hold_against_truth(
    training: Training, evaluation: Evaluation, in_sample_scores: LogOdds, customers: pl.DataFrame, truth: pl.DataFrame
) -> TruthComparison:
    """What the champion's out-of-fold ranking finds of the truly hidden; unknown when `truth` has no rows.

    `truth` has `row` (as in `customers`), `affluent` and `hidden_type`.

    Errors: UserError when the truth is that of another table.
    """
    if truth.is_empty():
        return UNKNOWN
    unlabelled = training.tags == 0
    known = customers.select("row").join(truth, on="row", how="left", maintain_order="left").filter(unlabelled)
    if known["affluent"].null_count() or (known["affluent"] & (known["hidden_type"] == "none")).any():
        raise UserError(
            "The truth is not that of this table: its rows do not fit. Make both again (affluence simulate)."
        )
    return compare_with_truth(
        training.fit_of(evaluation.champion).hidden[unlabelled],
        in_sample_scores[unlabelled],
        known["affluent"].to_numpy().astype(bool),
        known["hidden_type"].to_numpy().astype(np.str_),
        seed=training.seed,
    )


def choose(training: Training, evaluation: Evaluation) -> tuple[TrainedModel, Discovery]:
    """The champion's model, and what was learned beside its ranking."""
    model = choose_model(training, evaluation)
    return model, model.discovery


def reach(training: Training, evaluation: Evaluation, customers: pl.DataFrame) -> FairReach:
    """Whom the champion's list reaches by group, a list of the capacity's share of the candidates, out of fold.

    `customers` are those learned from, in their order. Without groups in the contract there are none in it.
    """
    scores = customers.select("row", score=pl.Series(training.fit_of(evaluation.champion).hidden))
    ranked = scores.filter(pl.Series(training.tags == 0)).sort("score", "row", descending=[True, False])
    listed = ranked.head(max(1, round(evaluation.capacity_share * ranked.height)))
    return fair_reach(listed, ranked, customers, training.contract)


def release(
    model: TrainedModel,
    evaluation: Evaluation,
    intake_report: IntakeReport,
    left_out: LeftOut = NOBODY_LEFT_OUT,
    reach: FairReach = NO_GROUPS,
) -> Release:
    """The model with the evidence for it, ready for the registry."""
    return Release(model=model, evaluation=evaluation, intake=intake_report, left_out=left_out, reach=reach)


def open_release(released: ReleasedModel) -> tuple[TrainedModel, ModelLabel]:
    """The model that came out of the registry, and its label."""
    return released.model, released.label


def score(model: TrainedModel, customers: pl.DataFrame) -> pl.DataFrame:
    """The scores of everyone in `customers`, each by models that never saw that customer, in the same order.

    Errors: UserError when the customers lack a column that the model was trained on.
    """
    require_columns(model, customers)
    scored = score_customers(model, customers)
    for column, cells in scored.unseen.items():
        _logger.warning(UNSEEN, column, cells)
    return score_table(model, customers, scored)


def beside_training(model: TrainedModel, customers: pl.DataFrame, scores: pl.DataFrame, limits: Limits) -> Watched:
    """How far `customers` and their `scores` moved from those that the model learned from."""
    return Watched(watch(model, customers, scores, limits))


def candidates(model: TrainedModel, scores: pl.DataFrame) -> pl.DataFrame:
    """The unlabelled of `scores`, ranked: rank, row, customer, score, labelled probability.

    A list of customers that we made says so in every row.
    """
    ranked = rank_candidates(scores, key=model.fold_map.key)
    return ranked.with_columns(simulated=pl.lit("SIMULATED")) if model.contract.simulated else ranked


def report(
    *,
    contract: Contract,
    customers: pl.DataFrame,
    intake_report: IntakeReport,
    examination: Examination,
    evaluation: Evaluation,
    known_truth: TruthComparison,
    candidates: pl.DataFrame,
    model_label: ModelLabel,
    discovery: Discovery,
    made_at: str,
    deciding: Deciding | None = None,
    watched: Watched | None = None,
) -> str:
    """The run report as one HTML page; `made_at` is the time of the run in words, `deciding` what was made of it.

    `watched` is the scored table beside the one that the model learned from.
    """
    columns = customers.drop("customer_id", "tag", strict=False)
    return render_run_report(
        ReportContent(
            contract=contract,
            intake=intake_report,
            profiles=profile_columns(customers, contract=contract),
            evaluation=evaluation,
            candidates=candidates.head(STRONGEST).join(columns, on="row", how="left", maintain_order="left"),
            model=model_label,
            made_at=made_at,
            seconds=None,
            affluence_version=version("affluence"),
            truth=known_truth,
            simulated=contract.simulated,
            findings=examination.findings,
            accounts=examination.accounts,
            discovery=discovery,
            deciding=deciding,
            stability=watched.stability if watched else None,
        )
    )
