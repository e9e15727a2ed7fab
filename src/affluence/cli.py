"""`affluence`: the verbs for a terminal.

Whatever takes seconds to import stands inside the verb that needs it, so that help comes at once.
"""

import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from affluence import terminal, workspace
from affluence.cli_campaign import campaign
from affluence.cli_deciding import capacity, compare, explain, reach, segments
from affluence.cli_options import (
    CHAMPION_HELP,
    CONTRACT_HELP,
    DO_NOT_TRAIN_HELP,
    MODE_HELP,
    REFUSED,
    REVIEW_HELP,
    SHEET,
    TUNED_HELP,
)
from affluence.cli_pack import pack
from affluence.cli_review import review
from affluence.cli_training import honesty, train, tune
from affluence.errors import UserError

BROKEN = 70


class Verbs(click.Group):
    """Turns an error that a person can mend into its sentences and a non-zero exit status, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """What the verb returns; exits with 1 on an error that a person can mend, with 70 on a fault of ours."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if ctx.params.get("debug") or isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
                raise
            mendable = _mendable(error)
            terminal.complain(str(mendable) if mendable else _apology(error))
            ctx.exit(REFUSED if mendable else BROKEN)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="affluence")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def main(debug: bool) -> None:
    """Find the hidden affluent among a bank's customers, and say how sure it is.

    NORMAL means "not tagged affluent", not "not affluent". Every customer is scored by models that never saw that
    customer, so that a list never shows what a model remembers.

    \b
    A first list:   affluence run
    Your own table: affluence init customers.csv  ->  edit the contract  ->  affluence check  ->  affluence run
    """


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it [default: conf/local].")
@click.option("--force", is_flag=True, help="Write over a contract that is there.")
def init(file: Path, out: Path | None, force: bool) -> None:
    """Draft a contract from the table in FILE.

    The draft says each column once: its type, unit, range, what missing means and what it may be used for. Read it,
    correct it, then hold the table to it with `affluence check`.
    """
    from affluence.data.drafting import draft_contract
    from affluence.data.writing import write_text

    target = out or workspace.project_root() / "conf" / "local" / f"contract_{workspace.table_name(file)}.yml"
    if target.exists() and not force:
        raise UserError(f"{target} is there already. Give another place (--out) or write over it (--force).")
    write_text(draft_contract(file), target)
    terminal.say(f"The draft stands in {target}. Read it, then: affluence check {file} --contract {target}")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--scoring", is_flag=True, help="The table is to be scored only: it may lack the tag column.")
def check(file: Path, contract: str, scoring: bool) -> None:
    """Hold the table in FILE to its contract and report every violation, with its lines.

    The exit status is 0 when the contract accepts the table and 1 when it refuses it. Nothing is written.
    """
    from affluence.data.contract import load_contract
    from affluence.data.reading import read_table

    reading = read_table(file, contract=load_contract(workspace.contract_path(contract)), tag_required=not scoring)
    terminal.show_intake(reading.report)
    if reading.report.refused:
        sys.exit(REFUSED)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--contract", help=CONTRACT_HELP + " Without one, id and tag are guessed.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the findings as an HTML page too.")
@click.option("--seed", default=0, show_default=True, help="Fixes what is sampled.")
def doctor(file: Path, contract: str | None, out: Path | None, seed: int) -> None:
    """Examine the table in FILE: copies, sentinels, gaps, leaks of the tag, and what to do about each.

    Nothing need be said of the table beforehand, and nothing in it is changed. The exit status is 1 when a finding that
    stops is open, else 0; a contract decides with its key remedies.
    """
    from affluence.data.contract import load_contract
    from affluence.data.doctor import examine, read_cells

    loaded = load_contract(workspace.contract_path(contract)) if contract else None
    with terminal.progress():
        table = read_cells(file, contract=loaded)
        findings = examine(table, contract=loaded, seed=seed)
    terminal.show_findings(findings, file=file.name, table=table)
    if out:
        workspace.write_doctor_page(out, file=file, table=table, contract=loaded, findings=findings)
        terminal.say(f"Page: {out}")
    if any(finding.stops for finding in findings):
        sys.exit(REFUSED)


@main.command()
@click.option("--data", help="A table's name (of conf/*/contract_<name>.yml) or a path, which needs --contract.")
@click.option("--contract", help=CONTRACT_HELP)
@click.option("--promote", is_flag=True, help="Make the model that is trained the champion.")
@click.option("--mode", type=click.Choice(["accurate", "fast"]), help=MODE_HELP)
@click.option("--champion", help=CHAMPION_HELP)
@click.option("--review", type=SHEET, help=REVIEW_HELP)
@click.option("--do-not-train", type=SHEET, help=DO_NOT_TRAIN_HELP)
@click.option("--tuned", type=SHEET, help=TUNED_HELP)
@click.option("--pipeline", default="everything", show_default=True, help="The Kedro pipeline to run.")
@click.option("--env", help="The Kedro environment (a folder of conf/) to run in; spark does the wide steps on Spark.")
def run(
    data: str | None,
    contract: str | None,
    promote: bool,
    mode: str | None,
    champion: str | None,
    review: Path | None,
    do_not_train: Path | None,
    tuned: Path | None,
    pipeline: str,
    env: str | None,
) -> None:
    """Run all of it through Kedro: read, train, evaluate, register, score, rank, report.

    \b
    affluence run                                     the table that conf/base/globals.yml names
    affluence run --data adult                        another table by name
    affluence run --mode fast                         in a minute: the finder in fast mode, beside XGBoost alone
    affluence run --data customers.csv --contract conf/local/contract_customers.yml
    """
    root = workspace.project_root()
    workspace.require_engine(env)
    chosen = {"mode": mode, "champion": champion, "review": review, "do_not_train": do_not_train, "tuned": tuned}
    given = {
        name: str(value.absolute() if isinstance(value, Path) else value) for name, value in chosen.items() if value
    }
    few = {"learners": sorted({"finder", "xgboost", *([champion] if champion else [])})} if mode == "fast" else {}
    parameters = {"promote": promote, **few, **given, **workspace.choose_table(data, contract)}
    with terminal.progress():
        workspace.run_kedro(root, pipeline=pipeline, env=env, parameters=parameters)
    if pipeline == "everything":
        terminal.show_run(root / "data", in_parts=env == workspace.SPARK)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--model-version", help="A version of the model [default: the champion].")
@click.option(
    "--out",
    default=Path("data/07_model_output"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write scores.parquet, candidates.parquet, candidates.csv and list.csv into.",
)
@click.option(
    "--listed", default=0, show_default=True, type=click.IntRange(min=0), help="Say of so many, the first, why."
)
@click.option(
    "--rows-of-part", type=click.IntRange(min=1), help="Rows that are in memory at a time [default: 100,000]."
)
def score(
    file: Path | None, contract: str, model_version: str | None, out: Path, listed: int, rows_of_part: int | None
) -> None:
    """Score the table in FILE (default: the contract's own) with the champion, and rank its candidates.

    The table may have any length, and may lack the tag column. A customer who was in the training table is scored by
    the fold models that never saw that customer, a new one by all of them. Work that was stopped goes on where it was
    when the same is asked again.
    """
    with terminal.progress():
        streamed, stability, label = workspace.score_file(
            file, contract, version=model_version, out=out, listed=listed, rows_of_part=rows_of_part
        )
    terminal.say(
        f"{streamed.rows:,} rows scored with {label.name} version {label.version}; "
        f"{streamed.candidates:,} candidates ranked in {out / 'candidates.csv'}"
    )
    terminal.show_stability(stability)
    if streamed.explanation:
        terminal.say(f"Why the first of them rank high: {out / 'list.csv'}")


for verb in (train, tune, honesty, review, capacity, explain, segments, reach, compare, campaign, pack):
    main.add_command(verb)


@main.command()
@click.option("--contract", help="The contract of the run's table: a name or a path [default: found by its table].")
def report(contract: str | None) -> None:
    """Write the report of the last run again, from what it left in data/."""
    root = workspace.project_root()
    with terminal.progress():
        chosen = workspace.contract_path(contract or workspace.last_table(root))
        parameters = {"contract": str(chosen), "model_version": workspace.last_version(root)}
        workspace.run_kedro(root, pipeline="reporting", env=None, parameters=parameters)
    terminal.say(f"The report stands in {root / 'data/08_reporting/run_report.html'}")


@main.command()
@click.option("--contract", default="reference_bank", show_default=True, help=CONTRACT_HELP)
@click.option("--customers", default=66_083, show_default=True, help="How many customer records to make.")
@click.option("--seed", default=0, show_default=True, help="Equal seeds make equal banks.")
@click.option(
    "--scenario",
    default="selective",
    show_default=True,
    help="How tags are given: selective (by what the bank sees), random (by lot among the affluent), rule.",
)
@click.option("--hidden-share", type=float, help="Hidden affluent as a share of those not tagged [default: 0.05].")
@click.option("--one-person-per-id", is_flag=True, help="Rows of one id are one person.")
@click.option("--compare", is_flag=True, help="Print the published figures beside the made ones; write nothing.")
def simulate(
    contract: str,
    customers: int,
    seed: int,
    scenario: str,
    hidden_share: float | None,
    one_person_per_id: bool,
    compare: bool,
) -> None:
    """Make a SIMULATED bank that looks like a published one, and whose hidden affluent are known.

    The table and the truth are written apart, where the contract says (file and truth_file). No column of the table
    holds the truth.
    """
    from affluence import steps
    from affluence.data import reference_bank
    from affluence.data.contract import load_contract

    chosen = replace(reference_bank.scenario_named(scenario), one_person_per_id=one_person_per_id)
    if hidden_share is not None:
        chosen = replace(chosen, hidden_share=hidden_share)
    if compare:
        made = reference_bank.simulate(customers=customers, seed=seed, scenario=chosen)
        terminal.show_comparison(reference_bank.compare(made))
        return
    root, loaded = workspace.project_root(), load_contract(workspace.contract_path(contract))
    made = steps.make_bank(loaded, root, customers=customers, seed=seed, scenario=chosen)
    terminal.say(f"SIMULATED: {made.table.height:,} customer records stand in {root / str(loaded.file)}")
    terminal.say(f"The truth about them stands apart, in {root / str(loaded.truth_file)}")


@main.command()
@click.argument("version")
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--by", default=getpass.getuser, help="Who approves it [default: the user of this terminal].")
def promote(version: str, contract: str, by: str) -> None:
    """Approve a registered VERSION of a table's model: it becomes the champion.

    The version that was champion keeps its number and can be promoted again.
    """
    from affluence.adapters.mlflow_registry import model_name
    from affluence.data.contract import load_contract

    loaded = load_contract(workspace.contract_path(contract))
    label = workspace.registry().promote(model_name(loaded), version, by=by)
    terminal.show_model(label, table=loaded.table)


def _mendable(error: BaseException | None) -> UserError | None:
    """The user's error behind `error`, however many layers of a framework wrapped it; None for an error of ours."""
    while error is not None and not isinstance(error, UserError):
        error = error.__cause__
    return error


def _apology(error: Exception) -> str:
    """What a person is told of a fault of ours: its kind alone, for its message may hold a customer's value."""
    return f"This went wrong through a fault of ours ({type(error).__name__}). 'affluence --debug ...' shows all of it."


if __name__ == "__main__":
    main()
