"""`affluence capacity`, `explain`, `segments`, `reach` and `compare`: where to cut, who is above it, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from affluence import terminal, terminal_deciding, workspace_challenge, workspace_deciding
from affluence.cli_options import CONTRACT_HELP, FOLDER, SHEET, VERSION_HELP, asks_for_capacity

Asked = Mapping[str, Any]
COMPARED_REVIEW_HELP = (
    "A filled-in review sheet (affluence review suggest) by which both lists are judged. May be given several times."
)


@click.command()
@click.argument("file", type=SHEET, required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@asks_for_capacity
@click.option("--model-version", help=VERSION_HELP)
@click.option("--curve", type=click.Path(dir_okay=False, path_type=Path), help="Write the gain curve too (CSV).")
def capacity(
    file: Path | None, contract: str, asked: Asked, economics: Asked, model_version: str | None, curve: Path | None
) -> None:
    """Say what a list of the candidates in FILE (default: the contract's own) would bring, cut at a capacity.

    The capacity is asked for in one way; the answer shows all of them. Nothing is written but the curve, if asked for.

    \b
    affluence capacity --contract customers --managers 40 --calls-a-week 5 --weeks 4
    affluence capacity --contract customers --budget 30000 --cost-a-contact 12 --value-a-find 400
    """
    with terminal.progress():
        table = workspace_deciding.score(file, contract, version=model_version)
        made_cut, gains = workspace_deciding.cut(table, asked, economics)
        if curve:
            workspace_deciding.write_curve(gains, table, economics, curve)
    terminal_deciding.show_cut(made_cut)
    if curve:
        terminal.say(f"Gain curve: {curve}")


@click.command()
@click.argument("file", type=SHEET, required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@asks_for_capacity
@click.option("--all", "everybody", is_flag=True, help="Explain every candidate, not those above the cut alone.")
@click.option("--reasons", default=3, show_default=True, type=click.IntRange(1, 6), help="At most so many a person.")
@click.option("--model-version", help=VERSION_HELP)
@click.option("--seed", default=0, show_default=True, help="Fixes what the explainer samples.")
@click.option(
    "--out", default=Path("data/07_model_output"), show_default=True, type=FOLDER, help="The folder to write."
)
def explain(
    file: Path | None,
    contract: str,
    asked: Asked,
    economics: Asked,
    everybody: bool,
    reasons: int,
    model_version: str | None,
    seed: int,
    out: Path,
) -> None:
    """Say why the candidates above the cut rank high, in sentences that may be said aloud.

    Writes explained_list.csv, and for analysts explained_reasons.parquet with every column's part. A reason is said
    only if the score falls when the person's value gives way to the usual one.
    """
    with terminal.progress():
        table = workspace_deciding.score(file, contract, version=model_version)
        explanation = workspace_deciding.explain(
            table, asked, economics, everybody=everybody, reasons=reasons, seed=seed, out=out
        )
    terminal_deciding.show_explanation(explanation)
    terminal.say(f"List: {out / 'explained_list.csv'}")


@click.command()
@click.argument("file", type=SHEET, required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@asks_for_capacity
@click.option("--most", default=6, show_default=True, type=click.IntRange(min=1), help="At most so many segments.")
@click.option("--model-version", help=VERSION_HELP)
@click.option("--seed", default=0, show_default=True, help="Fixes the halves on which segments are tried again.")
@click.option("--out", type=FOLDER, help="A folder for segments.csv, groups.csv and profile.csv.")
def segments(
    file: Path | None,
    contract: str,
    asked: Asked,
    economics: Asked,
    most: int,
    model_version: str | None,
    seed: int,
    out: Path | None,
) -> None:
    """Part the candidates above the cut into a few kinds of people, each with a rule that places anybody by hand.

    There are as many segments as are found again in halves of the list; fewer where they would not be.
    """
    with terminal.progress():
        table = workspace_deciding.score(file, contract, version=model_version)
        segmentation = workspace_deciding.segment(table, asked, economics, most=most, seed=seed, out=out)
    terminal_deciding.show_segments(segmentation)
    if out:
        terminal.say(f"Written: {out / 'segments.csv'}, groups.csv, profile.csv")


@click.command()
@click.argument("file", type=SHEET, required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@asks_for_capacity
@click.option("--parity", help="A column with fair_reach: say what exchanges would even out its groups.")
@click.option(
    "--tolerance",
    default=0.2,
    show_default=True,
    help="How far from the overall share a group may stay, as a part of it.",
)
@click.option("--model-version", help=VERSION_HELP)
def reach(
    file: Path | None,
    contract: str,
    asked: Asked,
    economics: Asked,
    parity: str | None,
    tolerance: float,
    model_version: str | None,
) -> None:
    """Say whom a list reaches, by the groups that the contract names (fair_reach). No list is changed.

    With --parity, the fewest exchanges that would even out the groups of one column, and their cost.
    """
    with terminal.progress():
        table = workspace_deciding.score(file, contract, version=model_version)
        reached, swaps = workspace_deciding.reach(table, asked, economics, parity=parity, tolerance=tolerance)
    terminal_deciding.show_reach(reached)
    if swaps:
        terminal.say(swaps.sentence())


@click.command()
@click.argument("challenger")
@click.option("--file", type=SHEET, help="The table on which both are compared [default: the contract's own].")
@click.option("--contract", required=True, help=CONTRACT_HELP)
@asks_for_capacity
@click.option("--champion", help="The version to compare with [default: the champion].")
@click.option("--review", "reviews", multiple=True, type=SHEET, help=COMPARED_REVIEW_HELP)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write who enters and leaves (CSV).")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the comparison as a page (HTML).")
def compare(
    challenger: str,
    file: Path | None,
    contract: str,
    asked: Asked,
    economics: Asked,
    champion: str | None,
    reviews: Sequence[Path],
    out: Path | None,
    page: Path | None,
) -> None:
    """Hold the version CHALLENGER of a table's model beside its champion, each customer scored by models without them.

    Says how the two differ, with intervals, and how many would enter and leave the list. Figures of the tag cannot tell
    which list holds more of the hidden; verdicts on those who enter and those who leave can. Nothing is promoted.
    """
    with terminal.progress():
        comparison = workspace_challenge.compare(
            file,
            contract,
            champion=champion,
            challenger=challenger,
            reviews=reviews,
            capacity=asked,
            economics=economics,
            out=out,
            page=page,
        )
    terminal_deciding.show_comparison(comparison)
    if out:
        terminal.say(f"Who enters and leaves: {out}")
    if page:
        terminal.say(f"Page: {page}")
