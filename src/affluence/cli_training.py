"""`affluence train`, `tune` and `honesty`: what learns from a table, or proves what learning is worth."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from affluence import terminal, terminal_deciding, workspace_challenge, workspace_training
from affluence.cli_options import (
    CHAMPION_HELP,
    CONTRACT_HELP,
    DO_NOT_TRAIN_HELP,
    MODE_HELP,
    REFUSED,
    REVIEW_HELP,
    SHEET,
    TUNED_HELP,
    Mode,
)
from affluence.errors import UserError


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option(
    "--learner", "learners", multiple=True, help="A learner to train [default: all]; may be given several times."
)
@click.option("--folds", default=5, show_default=True, help="Into how many folds customers are split.")
@click.option("--seed", default=0, show_default=True, help="Fixes folds, samples and intervals.")
@click.option("--capacity-share", default=0.1, show_default=True, help="The share of the table that can be contacted.")
@click.option("--mode", type=click.Choice(["accurate", "fast"]), default="accurate", show_default=True, help=MODE_HELP)
@click.option("--champion", help=CHAMPION_HELP)
@click.option("--review", "reviews", multiple=True, type=SHEET, help=REVIEW_HELP + " May be given several times.")
@click.option("--do-not-train", type=SHEET, help=DO_NOT_TRAIN_HELP)
@click.option("--tuned", type=SHEET, help=TUNED_HELP)
@click.option("--promote", is_flag=True, help="Make the model the champion.")
@click.option("--challenge", is_flag=True, help="Hold it beside the champion and say whether it is proposed.")
def train(
    file: Path | None,
    contract: str,
    learners: Sequence[str],
    folds: int,
    seed: int,
    capacity_share: float,
    mode: Mode,
    champion: str | None,
    reviews: Sequence[Path],
    do_not_train: Path | None,
    tuned: Path | None,
    promote: bool,
    challenge: bool,
) -> None:
    """Train on the table in FILE (default: the contract's own) and register the champion's model as challenger.

    It becomes champion when there is none, or with --promote; else later, with `affluence promote`. With --challenge it
    is compared with the champion, and proposed if it is better for sure or the table moved too far: never promoted.
    """
    if promote and challenge:
        raise UserError("A challenger is proposed, never promoted at once. Give --challenge or --promote, not both.")
    options = workspace_training.TrainingOptions(
        learners=tuple(learners),
        folds=folds,
        seed=seed,
        capacity_share=capacity_share,
        mode=mode,
        champion=champion,
        tuned=tuned,
    )
    if challenge:
        with terminal.progress():
            judged, label = workspace_challenge.challenge(
                file, contract, options, reviews=reviews, do_not_train=do_not_train
            )
        terminal_deciding.show_challenge(judged, label, table=contract)
        return
    with terminal.progress():
        evaluation, discovery, label = workspace_training.train(
            file, contract, options, reviews=reviews, do_not_train=do_not_train, promote=promote
        )
    terminal.show_evaluation(evaluation)
    terminal.show_discovery(discovery)
    terminal.show_model(label, table=evaluation.table)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option(
    "--learner",
    "learners",
    multiple=True,
    help="A learner to tune: xgboost, random_forest, logistic, or finder for its parts [default: all]; may be given "
    "several times.",
)
@click.option("--minutes", default=10.0, show_default=True, help="How long to search, shared among the learners.")
@click.option("--trials", type=int, help="At most so many trials of each learner, earlier calls counted.")
@click.option("--folds", default=5, show_default=True, help="Into how many folds customers are split.")
@click.option("--seed", default=0, show_default=True, help="Fixes folds, samples and what is tried.")
@click.option("--capacity-share", default=0.1, show_default=True, help="The share of the table that can be contacted.")
@click.option("--do-not-train", type=SHEET, help=DO_NOT_TRAIN_HELP)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file for the settings [default: conf/local/tuned_<table>.yml].",
)
def tune(
    file: Path | None,
    contract: str,
    learners: Sequence[str],
    minutes: float,
    trials: int | None,
    folds: int,
    seed: int,
    capacity_share: float,
    do_not_train: Path | None,
    out: Path | None,
) -> None:
    """Search for settings that find more of the tagged at the capacity, on the table in FILE (default: the contract's).

    The best of many trials looks better than it is, so it is held against the default settings on folds dealt anew, and
    its settings are written only if it wins there for sure. Stop it when you like: the same command goes on.

    Tuning compares settings of one learner. It never chooses between the finder and a learner of the tag, nor its mode
    or tag drivers: figures against the tag reward whoever repeats the tagging.
    """
    options = workspace_training.TuningOptions(
        learners=tuple(learners),
        minutes=minutes,
        trials=trials,
        folds=folds,
        seed=seed,
        capacity_share=capacity_share,
    )
    with terminal.progress():
        tunings, written = workspace_training.tune(file, contract, options, do_not_train=do_not_train, out=out)
    terminal.show_tuning(tunings, file=written)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--share", default=0.3, show_default=True, help="The share of the tagged whose tag is hidden.")
@click.option("--repeats", default=3, show_default=True, type=click.IntRange(min=1), help="How often it is done.")
@click.option("--mode", type=click.Choice(["accurate", "fast"]), default="fast", show_default=True, help=MODE_HELP)
@click.option("--seed", default=0, show_default=True, help="Fixes whose tag is hidden, and the folds.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write every figure as JSON too.")
def honesty(
    file: Path | None, contract: str, share: float, repeats: int, mode: Mode, seed: int, out: Path | None
) -> None:
    """Plant and recover: hide the tag of known affluent customers of FILE, refit, and see how many come back.

    Done at random and selectively, several times, beside shuffled tags, in which nobody can find anything. It is the
    bank's own proof, on its own table, before it trusts a list. Nothing is registered.
    """
    with terminal.progress():
        proof = workspace_training.prove_honesty(
            file, contract, share=share, repeats=repeats, mode=mode, seed=seed, out=out
        )
    terminal.show_honesty(proof)
    if not proof.passed:
        sys.exit(REFUSED)
