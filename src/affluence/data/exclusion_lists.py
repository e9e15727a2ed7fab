"""Lists of customers who must not be contacted: who, why, by which channel, since when."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from affluence.data.contract import Contract
from affluence.data.reading import hash_file, read_sheet
from affluence.data.sheet_columns import days, require_columns, require_filled
from affluence.errors import UserError

Kind = Literal["consent", "complaint", "sanction", "staff", "contacted"]
KINDS: tuple[Kind, ...] = get_args(Kind)

__all__ = ["KINDS", "ExclusionList", "Kind", "exclusion_list", "read_exclusion_list"]


@dataclass(frozen=True)
class ExclusionList:
    """One list: its kind, its file's name and SHA-256, and `entries`: line, customer_id, reason, channel, day.

    A list of kind consent holds those who gave none, for the channel of the line or, where it is blank, for any.
    """

    kind: Kind
    name: str
    sha256: str
    entries: pl.DataFrame


def read_exclusion_list(path: Path, *, kind: Kind, contract: Contract) -> ExclusionList:
    """The exclusion list in a sheet (CSV with a header), whose ids are called customer_id or as in the bank's table.

    Errors: UserError as of `exclusion_list`, and when the file is no sheet.
    """
    sheet = read_sheet(path)
    source = contract.customer_id.source
    if "customer_id" not in sheet.columns and source in sheet.columns:
        sheet = sheet.rename({source: "customer_id"})
    return exclusion_list(sheet, kind=kind, name=path.name, sha256=hash_file(path))


def exclusion_list(sheet: pl.DataFrame, *, kind: Kind, name: str, sha256: str = "") -> ExclusionList:
    """A sheet of text cells as an exclusion list: customer_id, and where there are any, reason, channel and date.

    Errors: UserError when the kind is unknown, an id is missing, or a date is none (kind contacted: or missing).
    """
    if kind not in KINDS:
        raise UserError(
            f"{name}: an exclusion list of the kind {kind!r} is not known. The kinds are {', '.join(KINDS)}."
        )
    needed = ["customer_id", "date"] if kind == "contacted" else ["customer_id"]
    require_columns(sheet, needed, name=name)
    require_filled(sheet, needed, name=name)
    absent = [pl.lit(None, dtype=pl.String).alias(text) for text in ("reason", "channel") if text not in sheet.columns]
    entries = sheet.with_columns(*absent).select(
        pl.int_range(2, pl.len() + 2).alias("line"),
        "customer_id",
        "reason",
        pl.col("channel").str.strip_chars().str.to_lowercase(),
        days(sheet, "date", name=name),
    )
    return ExclusionList(kind, name, sha256, entries)
