"""`affluence review`: customers checked by hand, and what the finder learns from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from affluence import terminal, workspace_training
from affluence.cli_options import CONTRACT_HELP, DO_NOT_TRAIN_HELP, MODE_HELP, SHEET, TUNED_HELP, Mode

Purpose = Literal["find", "count"]


@click.group()
def review() -> None:
    """Check some customers by hand, and let the finder learn from what was found.

    \b
    affluence review suggest --contract customers --n 50 --out sheet.csv
    # fill in the column verdict: 1 affluent, 0 not; a blank line is not counted
    affluence review apply sheet.csv --contract customers
    """


@review.command("suggest")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--n", "count", default=50, show_default=True, type=click.IntRange(min=1), help="How many customers.")
@click.option(
    "--purpose",
    type=click.Choice(["find", "count"]),
    default="find",
    show_default=True,
    help="find: most from the top, improves the list most. count: spread wider, narrows how many are hidden.",
)
@click.option(
    "--after", "earlier", multiple=True, type=SHEET, help="A sheet given out before; may be given several times."
)
@click.option("--model-version", help="A version of the model [default: the champion].")
@click.option("--seed", default=0, show_default=True, help="Fixes who is drawn.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write the sheet.")
def review_suggest(
    file: Path | None,
    contract: str,
    count: int,
    purpose: Purpose,
    earlier: Sequence[Path],
    model_version: str | None,
    seed: int,
    out: Path,
) -> None:
    """Write a sheet (CSV) of customers worth checking by hand, drawn from the ranking of the model.

    FILE is the table that will be trained on [default: the contract's own]. Customers are drawn at random within parts
    of the ranking, so that the answers speak for those who were not drawn; the sheet is shuffled.
    """
    with terminal.progress():
        sheet = workspace_training.suggest_review(
            file, contract, n=count, purpose=purpose, earlier=earlier, version=model_version, seed=seed, out=out
        )
    terminal.say(f"{sheet.height} customers to check stand in {out}. Fill in the column verdict: 1 affluent, 0 not.")
    terminal.say(f"Then: affluence review apply {out} --contract {contract}")


@review.command("apply")
@click.argument("sheets", nargs=-1, required=True, type=SHEET)
@click.option("--file", type=SHEET, help="The table that the sheets were drawn from [default: the contract's own].")
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--mode", type=click.Choice(["accurate", "fast"]), default="accurate", show_default=True, help=MODE_HELP)
@click.option("--do-not-train", type=SHEET, help=DO_NOT_TRAIN_HELP)
@click.option("--seed", default=0, show_default=True, help="Fixes folds and samples.")
@click.option("--tuned", type=SHEET, help=TUNED_HELP)
@click.option("--promote", is_flag=True, help="Make the model the champion.")
def review_apply(
    sheets: Sequence[Path],
    file: Path | None,
    contract: str,
    mode: Mode,
    do_not_train: Path | None,
    seed: int,
    tuned: Path | None,
    promote: bool,
) -> None:
    """Train the finder with the verdicts of filled-in SHEETS, and register it as challenger.

    Says how many are hidden, with an interval. Of a customer on several sheets the last one's verdict stands.
    """
    options = workspace_training.TrainingOptions(learners=("finder",), seed=seed, mode=mode, tuned=tuned)
    with terminal.progress():
        evaluation, discovery, label = workspace_training.train(
            file, contract, options, reviews=sheets, do_not_train=do_not_train, promote=promote
        )
    terminal.show_discovery(discovery)
    terminal.show_model(label, table=evaluation.table)
