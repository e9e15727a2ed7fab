"""`affluence pack`: a model's evidence, for whoever must judge it."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from affluence import terminal, workspace
from affluence.cli_options import SHEET
from affluence.errors import UserError

MODEL = re.compile(r"(?P<name>[\w.-]+)(?:/(?P<version>\d+)|@(?P<alias>\w+))?")


@click.command()
@click.argument("model")
@click.option(
    "--with", "beside", multiple=True, type=SHEET, help="A further file of the validation; may be given several times."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The new folder to write, or a file that ends in .zip [default: data/08_reporting/pack_<name>_<version>].",
)
def pack(model: str, beside: Sequence[Path], out: Path | None) -> None:
    """Write the evidence pack of MODEL: every figure beside the hashed file in which it stands.

    MODEL is named as the registry names it, with a version or an alias; without either it is the champion. No pack is
    written when a file is missing or is not as it was registered. No customer is named in one.

    \b
    affluence pack affluence-adult                     the champion
    affluence pack affluence-adult/2 --out pack.zip    version 2, as one file
    affluence pack affluence-adult@challenger --with honesty.json
    """
    from affluence.reporting.evidence_pack import make_pack, read_beside, write_pack

    asked = MODEL.fullmatch(model)
    if asked is None:
        raise UserError(f"'{model}' names no model. Give name, name/version or name@alias, as affluence-adult/2.")
    evidence = workspace.registry().evidence(
        asked["name"], alias=asked["alias"] or "champion", version_number=asked["version"]
    )
    named = f"pack_{evidence.label.name}_{evidence.label.version}"
    target = out or workspace.project_root() / "data" / "08_reporting" / named
    write_pack(make_pack(evidence, read_beside(beside)), target)
    terminal.say(f"Evidence of {evidence.label.name} version {evidence.label.version}: {target}")
