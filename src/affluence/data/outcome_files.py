"""What came of a campaign, as the bank writes it down: one line an outcome of a customer."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from affluence.data.contract import Contract
from affluence.data.reading import hash_file, read_sheet
from affluence.data.sheet_columns import amounts, days, refuse_lines, require_columns, require_filled

OUTCOMES = (
    "reached",
    "not_reached",
    "interested",
    "took_product",
    "upgraded",
    "declined",
    "complained",
    "opted_out",
    "not_affluent",
)
"""What may be written of a customer. `upgraded` is a verdict (affluent), `not_affluent` the opposite one."""

__all__ = ["OUTCOMES", "Outcomes", "outcomes_of", "read_outcomes"]


@dataclass(frozen=True)
class Outcomes:
    """An outcome file: its name and SHA-256, and `entries`: customer_id, outcome, amount, day, campaign."""

    name: str
    sha256: str
    entries: pl.DataFrame


def read_outcomes(path: Path, *, contract: Contract) -> Outcomes:
    """The outcomes in a sheet (CSV with a header). Errors: UserError as of `outcomes_of`, or when it is no sheet."""
    sheet = read_sheet(path)
    source = contract.customer_id.source
    if "customer_id" not in sheet.columns and source in sheet.columns:
        sheet = sheet.rename({source: "customer_id"})
    return outcomes_of(sheet, name=path.name, sha256=hash_file(path))


def outcomes_of(sheet: pl.DataFrame, *, name: str, sha256: str = "") -> Outcomes:
    """A sheet of text cells as outcomes: customer_id, outcome, date, and where there are any, amount and campaign.

    Errors: UserError for a missing column or cell, an outcome that is not one of `OUTCOMES`, a date or an amount that
    is none, and the same outcome of a customer twice; each with its lines.
    """
    needed = ["customer_id", "outcome", "date"]
    require_columns(sheet, needed, name=name)
    require_filled(sheet, needed, name=name)
    outcome = sheet["outcome"].str.strip_chars().str.to_lowercase().str.replace_all(r"[ -]+", "_")
    refuse_lines(
        ~outcome.is_in(OUTCOMES),
        name=name,
        fault="outcome is not understood",
        remedy=f"Write one of {', '.join(OUTCOMES)}.",
    )
    campaign = sheet["campaign"] if "campaign" in sheet.columns else pl.lit(None, dtype=pl.String).alias("campaign")
    entries = sheet.select(
        "customer_id",
        outcome,
        amounts(sheet, "amount", name=name),
        days(sheet, "date", name=name),
        campaign,
    )
    twice = ~entries.select(pl.struct("customer_id", "outcome").is_first_distinct()).to_series()
    refuse_lines(twice, name=name, fault="the same outcome of a customer stands again", remedy="Keep one line of each.")
    return Outcomes(name, sha256, entries)
