"""What the command line does to learn from a table: train, tune, ask people, and prove that nothing is remembered."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from affluence import workspace
from affluence.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.contract import Contract
    from affluence.data.examination import Examination
    from affluence.data.intake_report import IntakeReport
    from affluence.evaluation.results import Evaluation
    from affluence.pu.discovery import Discovery
    from affluence.pu.honesty import Honesty
    from affluence.pu.learners.effort import Mode
    from affluence.pu.left_out import LeftOut
    from affluence.pu.release import ModelLabel
    from affluence.pu.review import Purpose
    from affluence.pu.tuned import Tuned
    from affluence.pu.tuning import Ground
    from affluence.pu.tuning_record import Tuning


@dataclass(frozen=True)
class TrainingOptions:
    """How a training is done; `learners` empty for all of them."""

    learners: tuple[str, ...] = ()
    folds: int = 5
    seed: int = 0
    capacity_share: float = 0.1
    mode: "Mode" = "accurate"
    champion: str | None = None
    tuned: Path | None = None


def train(
    file: Path | None,
    contract: str,
    options: TrainingOptions,
    *,
    reviews: Sequence[Path] = (),
    do_not_train: Path | None = None,
    promote: bool = False,
) -> "tuple[Evaluation, Discovery, ModelLabel]":
    """What was measured, what was learned beside the ranking, and the label of the model, which is registered.

    The tags, the verdicts of `reviews` (of a customer on several the last one's) and nobody of `do_not_train` teach.
    """
    from affluence import steps
    from affluence.pu.finder_method import method_keys

    known = _learned_from(workspace.read(file, contract), do_not_train, seed=options.seed)
    customers, features = known.customers, known.features
    training = steps.train(
        customers,
        features,
        known.contract,
        known.examination,
        read_sheets(reviews),
        learners=options.learners or method_keys(),
        folds=options.folds,
        seed=options.seed,
        mode=options.mode,
        tuned=read_tuned(options.tuned),
    )
    in_sample_scores = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(
        training, customers, in_sample_scores, capacity_share=options.capacity_share, champion=options.champion
    )
    model, discovery = steps.choose(training, evaluation)
    reach = steps.reach(training, evaluation, customers)
    release = steps.release(model, evaluation, known.report, known.left_out, reach)
    label = workspace.registry().register(release, promote=promote)
    return evaluation, discovery, label


@dataclass(frozen=True)
class TuningOptions:
    """How a tuning is done; `learners` empty for all that can be tuned, `minutes` in all, `trials` of each learner."""

    learners: tuple[str, ...] = ()
    minutes: float = 10.0
    trials: int | None = None
    folds: int = 5
    seed: int = 0
    capacity_share: float = 0.1


def tune(
    file: Path | None,
    contract: str,
    options: TuningOptions,
    *,
    do_not_train: Path | None = None,
    out: Path | None = None,
) -> "tuple[tuple[Tuning, ...], Path]":
    """What the tuning of each learner gave, and the file that now keeps it: `out`, by default one in `conf/local`.

    Learners that the file holds and that are not tuned now stay in it. The file is written after each learner.
    """
    from affluence import steps
    from affluence.data.writing import write_text
    from affluence.pu.tuning import require_budget, tunable
    from affluence.pu.tuning_record import tuned_to_yaml

    keys = tunable(options.learners)
    require_budget(options.minutes, options.trials)
    accepted = workspace.read(file, contract)
    target = out or workspace.project_root() / "conf" / "local" / f"tuned_{accepted.contract.table}.yml"
    before = read_tuned(target if target.exists() else None)
    before.require_table(accepted.contract.table)
    known = _learned_from(accepted, do_not_train, seed=options.seed)
    ground = steps.lay_ground(
        known.customers,
        known.features,
        known.contract,
        folds=options.folds,
        seed=options.seed,
        capacity_share=options.capacity_share,
    )
    tunings: list[Tuning] = []
    for key in keys:
        trial_budget = replace(options, minutes=options.minutes / len(keys))
        judge = partial(steps.judge_anew, customers=known.customers, features=known.features, contract=known.contract)
        tunings.append(_tune_one(key, ground, trial_budget, data_hash=known.report.data_hash, judge=judge))
        write_text(tuned_to_yaml(tunings, before=before), target)
    return tuple(tunings), target


def _tune_one(
    key: str, ground: "Ground", options: TuningOptions, *, data_hash: str, judge: "Callable[..., Tuning]"
) -> "Tuning":
    """The tuning of one learner: searched with Optuna, every trial tracked in MLflow, and judged anew."""
    from affluence.adapters.optuna_study import Budget, Study

    models = workspace.registry()
    study = Study(key, ground, models.folder / f"tuning_{ground.table}.db")
    parameters = {
        "table": ground.table,
        "data_hash": data_hash,
        "learner": key,
        "folds": ground.fold_count,
        "seed": ground.seed,
        "capacity_share": ground.capacity_share,
        "digest": ground.digest(key),
    }
    with models.tuning(ground.table, study=study.name, parameters=parameters) as tracked:
        trials = study.search(Budget(options.minutes, options.trials), told=lambda trial: tracked.keep([trial]))
        tracked.keep(trials)
        with study.kept_when_stopped():
            tuning = judge(key, ground, trials)
        tracked.conclude(tuning)
    return tuning


@dataclass(frozen=True)
class _Known:
    """What is learned from, and what is on record of it."""

    customers: "pl.DataFrame"
    features: "pl.DataFrame"
    contract: "Contract"
    examination: "Examination"
    report: "IntakeReport"
    left_out: "LeftOut"


def _learned_from(accepted: workspace.ReadTable, do_not_train: Path | None, *, seed: int) -> _Known:
    """The customers of a table as they are learned from, nobody of `do_not_train` among them."""
    from affluence import steps
    from affluence.data.reading import read_customer_ids

    accepted_customers, report = steps.intake(accepted.reading)
    everyone, contract, examination = steps.examine(accepted_customers, accepted.contract)
    barred = read_customer_ids(do_not_train, contract=accepted.contract) if do_not_train else ()
    customers, _, left_out = steps.leave_out(everyone, barred, seed=seed, score_left_out=False)
    return _Known(customers, steps.build_features(customers, contract), contract, examination, report, left_out)


def suggest_review(
    file: Path | None,
    contract: str,
    *,
    n: int,
    purpose: "Purpose",
    earlier: Sequence[Path],
    version: str | None,
    seed: int,
    out: Path,
) -> "pl.DataFrame":
    """A sheet of `n` customers worth checking by hand, drawn from a registered model's ranking and written to `out`.

    Errors: UserError when `out` is there already: it may hold somebody's answers.
    """
    from affluence import steps
    from affluence.adapters.mlflow_registry import model_name
    from affluence.data.writing import write_csv

    if out.exists():
        raise UserError(f"{out} is there already and may hold answers. Name another place (--out).")
    accepted = workspace.read(file, contract)
    accepted_customers, _ = steps.intake(accepted.reading)
    customers, used, _ = steps.examine(accepted_customers, accepted.contract)
    model = workspace.registry().load(model_name(used), version_number=version).model
    sheet = steps.suggest_review(
        model,
        customers,
        n=n,
        purpose=purpose,
        seed=seed,
        earlier=read_sheets(earlier),
        sheets_before=len(earlier),
    )
    write_csv(sheet, out)
    return sheet


def prove_honesty(
    file: Path | None,
    contract: str,
    *,
    share: float,
    repeats: int,
    mode: "Mode",
    seed: int,
    out: Path | None,
) -> "Honesty":
    """Plant and recover on a table, and where `out` names a file every figure there as JSON."""
    from affluence import steps
    from affluence.data.writing import write_text

    accepted = workspace.read(file, contract)
    accepted_customers, _ = steps.intake(accepted.reading)
    customers, used, _ = steps.examine(accepted_customers, accepted.contract)
    proof = steps.prove_honesty(
        customers, steps.build_features(customers, used), used, share=share, repeats=repeats, mode=mode, seed=seed
    )
    if out:
        write_text(json.dumps(proof.to_dict(), indent=1), out)
    return proof


def read_sheets(paths: Sequence[Path]) -> "pl.DataFrame | None":
    """Several review sheets as one, of a customer's row the last sheet's line; None without a sheet."""
    import polars as pl

    from affluence.data.reading import read_sheet

    if not paths:
        return None
    together = pl.concat([read_sheet(path) for path in paths], how="diagonal")
    return together.unique("row", keep="last", maintain_order=True) if "row" in together.columns else together


def read_tuned(path: Path | None) -> "Tuned":
    """The tuned settings in a file; none without a file."""
    from affluence.pu.storage import load_tuned
    from affluence.pu.tuned import NOT_TUNED

    return load_tuned(path) if path else NOT_TUNED
