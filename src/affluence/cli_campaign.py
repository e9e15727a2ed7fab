"""`affluence campaign`: an approved list with a control group, the same list again, and what came of it."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from affluence import terminal, terminal_deciding, workspace, workspace_deciding
from affluence.cli_options import CONTRACT_HELP, FOLDER, SHEET, VERSION_HELP, asks_for_capacity

Asked = Mapping[str, Any]
CAMPAIGN = click.Path(exists=True, file_okay=False, path_type=Path)
EXCLUDE_HELP = (
    "A kind (consent, complaint, sanction, staff, contacted) and a sheet (CSV) of customers who are left out; may be "
    "given several times."
)
DIFFERS = 1


@click.group()
def campaign() -> None:
    """Make a campaign list, make it again, say who entered and left, and learn what came of it.

    \b
    affluence campaign make --contract customers --name autumn --day 2026-12-01 --contacts 800 --out campaigns/autumn
    affluence campaign replay campaigns/autumn --contract customers
    affluence campaign changes campaigns/winter --since campaigns/autumn --contract customers
    affluence campaign outcomes outcomes.csv --campaign campaigns/autumn --contract customers --out learned
    """


@campaign.command("make")
@click.argument("file", type=SHEET, required=False)
@click.option("--contract", required=True, help=CONTRACT_HELP)
@asks_for_capacity
@click.option("--name", required=True, help="What the campaign is called.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it begins [default: today].")
@click.option("--channel", default="phone", show_default=True, help="How people are contacted; consent is asked of it.")
@click.option("--exclude", "exclusions", multiple=True, type=(str, SHEET), help=EXCLUDE_HELP)
@click.option("--ignore-unknown", is_flag=True, help="Pass over ids in the sheets whom the table does not hold.")
@click.option("--control-share", default=0.1, show_default=True, help="The share held back, to learn what calling did.")
@click.option("--quiet-days", default=90, show_default=True, help="Who was contacted in so many days is left alone.")
@click.option("--top-up/--no-top-up", default=True, show_default=True, help="Fill the places of the excluded.")
@click.option("--base-rate", default=0.02, show_default=True, help="The share expected to upgrade without a call.")
@click.option("--hoped-lift", default=0.02, show_default=True, help="What a call is hoped to add to that share.")
@click.option("--seed", default=0, show_default=True, help="Fixes who is held back.")
@click.option("--model-version", help=VERSION_HELP)
@click.option("--out", required=True, type=FOLDER, help="A new folder for the campaign.")
def campaign_make(
    file: Path | None,
    contract: str,
    asked: Asked,
    economics: Asked,
    day: datetime | None,
    exclusions: Sequence[tuple[str, Path]],
    model_version: str | None,
    out: Path,
    **chosen: Any,
) -> None:
    """Make the campaign list of the table in FILE (default: the contract's own) at a capacity.

    The folder holds a page to read (campaign.html), the list (CSV, Excel, Parquet), the control group and the excluded
    apart, and a summary from which the same list can be made again. It appears whole or not at all.
    """
    from affluence.data.writing import write_folder
    from affluence.decision.campaign import CampaignSettings

    settings = CampaignSettings(day=day.date() if day else workspace.today(), **chosen)
    lists = workspace_deciding.read_exclusions(exclusions, contract)
    with terminal.progress():
        table = workspace_deciding.score(file, contract, version=model_version)
        made, files = workspace_deciding.make_campaign(table, settings, lists, asked, economics)
        write_folder(files, out)
    terminal_deciding.show_campaign(made)
    terminal.say(f"Campaign: {out}")


@campaign.command("replay")
@click.argument("folder", type=CAMPAIGN)
@click.option("--file", type=SHEET, help="The table that the campaign was made from [default: the contract's own].")
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--exclude", "exclusions", multiple=True, type=(str, SHEET), help=EXCLUDE_HELP)
def campaign_replay(folder: Path, file: Path | None, contract: str, exclusions: Sequence[tuple[str, Path]]) -> None:
    """Make the campaign in FOLDER again and compare it to the byte; nothing is written.

    The model's version, the cut and the settings are read from its summary. The exit status is 1 when anything differs.
    """
    with terminal.progress():
        differences = workspace_deciding.replay(folder, file, contract, exclusions)
    for sentence in differences:
        terminal.say(f"- {sentence}")
    if differences:
        sys.exit(DIFFERS)
    terminal.say("The campaign was made again, equal to the byte.")


@campaign.command("changes")
@click.argument("folder", type=CAMPAIGN)
@click.option("--since", required=True, type=CAMPAIGN, help="The folder of the campaign before.")
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--file", type=SHEET, help="The table that the campaign was made from [default: the contract's own].")
@click.option("--file-then", type=SHEET, help="The table of the campaign before [default: the same].")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write them, a line each (CSV).")
def campaign_changes(
    folder: Path, since: Path, contract: str, file: Path | None, file_then: Path | None, out: Path | None
) -> None:
    """Say who enters and leaves from one campaign to the next, and by what: data, model, cut or an exclusion.

    Both tables are ranked anew by the models of their campaigns. Where table and model both changed, the new table is
    ranked by the old model too: who moves by that already moves by the data.
    """
    from affluence.data.writing import write_csv

    with terminal.progress():
        moves = workspace_deciding.list_changes(folder, file, contract, since=since, file_then=file_then)
    terminal_deciding.show_list_changes(moves)
    if out:
        write_csv(moves, out)
        terminal.say(f"Who enters and leaves: {out}")


@campaign.command("outcomes")
@click.argument("outcomes", type=SHEET)
@click.option("--campaign", "folder", required=True, type=CAMPAIGN, help="The campaign's folder.")
@click.option("--contract", required=True, help=CONTRACT_HELP)
@click.option("--out", type=FOLDER, help="A folder for outcomes.html, review.csv (for the next training), take_up.csv.")
def campaign_outcomes(outcomes: Path, folder: Path, contract: str, out: Path | None) -> None:
    """Say what a campaign brought, against its control group, from a sheet OUTCOMES of what came of each customer.

    The sheet has customer_id, outcome and date, and where there are any amount and campaign. Outcomes are reached,
    not_reached, interested, took_product, upgraded, declined, complained, opted_out and not_affluent.
    """
    result = workspace_deciding.measure(outcomes, folder, contract, out)
    terminal_deciding.show_outcomes(result)
    if out:
        terminal.say(f"Page: {out / 'outcomes.html'}")
        terminal.say(f"For the next training: affluence train --contract {contract} --review {out / 'review.csv'}")
