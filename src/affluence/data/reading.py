"""A file becomes customers: CSV, Excel or Parquet, checked against its contract, in one report."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from affluence.data.checking import check_table
from affluence.data.contract import Contract
from affluence.data.intake_report import IntakeReport, Violation
from affluence.data.raw_table import MAX_BYTES, MAX_ROWS, open_raw_table
from affluence.errors import UserError

__all__ = ["IntakeReport", "Reading", "TableRefused", "Violation", "read_table", "require_accepted"]


class TableRefused(UserError):  # noqa: N818  (what happened, in the words of the report)
    """A table that its contract refuses; the message holds every violation."""

    def __init__(self, report: IntakeReport) -> None:
        sentences = "\n".join(f"- {sentence}" for sentence in report.sentences())
        super().__init__(f"{report.file} is refused by its contract:\n{sentences}")
        self.report = report


@dataclass(frozen=True)
class Reading:
    """What a file gave: `customers`, one row each, and the report.

    `customers` has `row` (Int64: the record's number in the file, from 1), `customer_id` (String), `tag` (Int8: 1
    tagged affluent, 0 otherwise; absent when the file has none and none was required), then the contract's columns by
    our names: Int64, Float64 or String, null for missing. It has no rows when the table was refused.
    """

    customers: pl.DataFrame
    report: IntakeReport


def read_table(
    path: Path,
    *,
    contract: Contract,
    tag_required: bool = True,
    known_as: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
    scratch: Path | None = None,
) -> Reading:
    """The customers in a file and everything about it that breaches the contract, all at once.

    `known_as` says which headers in a file stand for which of the contract's, where they differ. Copies that are
    needed while reading are made in the folder `scratch`, by default the system's.

    Bad content never raises: it is reported, and the contract's policy says what is done. Raises `UserError`
    when there is no file, when it is damaged, no table at all, larger than `max_bytes` unpacked, or longer than
    `max_rows`.
    """
    with open_raw_table(path, max_bytes=max_bytes, max_rows=max_rows, scratch=scratch) as raw:
        contract = contract.under_headers(frozenset(raw.headers), known_as=known_as or {})
        customers, violations = check_table(raw, contract=contract, tag_required=tag_required)
        report = IntakeReport(
            file=path.name,
            data_hash=raw.data_hash,
            format=raw.format,
            encoding=raw.encoding,
            separator=raw.separator,
            rows_read=raw.cells.height + sum(len(lines) for lines in raw.unreadable.values()),
            rows_kept=customers.height,
            columns=len(raw.headers),
            violations=violations,
        )
    return Reading(customers, report)


def require_accepted(reading: Reading) -> pl.DataFrame:
    """The customers of an accepted table. Raises `TableRefused`, with the whole report, for a refused one."""
    if reading.report.refused:
        raise TableRefused(reading.report)
    return reading.customers


def read_sheet(path: Path) -> pl.DataFrame:
    """A sheet that people filled in: CSV with a header, every cell as text, blank cells missing.

    The apostrophe that our own CSV puts before what a spreadsheet would run is taken off again. Commas, semicolons and
    tabs part cells, whichever the header holds most of. Raises `UserError` when the file is not such a sheet.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        header = text.splitlines()[0] if text.strip() else ""
        separator = max(",;\t", key=header.count)
        sheet = pl.read_csv(text.encode(), infer_schema=False, separator=separator)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise UserError(
            f"{path.name} cannot be read as a sheet ({type(error).__name__}). Save it as CSV in UTF-8, with the header "
            "that it came with."
        ) from error
    cells = pl.all().str.strip_chars()
    return sheet.with_columns(cells.name.keep()).with_columns(
        pl.when(pl.all() != "").then(pl.all().str.replace(r"^'([=+\-@\uFF1D\uFF0B\uFF0D\uFF20])", "$1")).name.keep()
    )


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Raises `UserError` when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path.name} cannot be read ({type(error).__name__}).") from error


def read_customer_ids(path: Path, *, contract: Contract) -> tuple[str, ...]:
    """The customer ids of a list: a sheet with a column `customer_id` (or as the contract's table calls it), or one.

    Raises `UserError` when the file is no sheet, or holds several columns of which none is the id.
    """
    sheet = read_sheet(path)
    named = [name for name in ("customer_id", contract.customer_id.source) if name in sheet.columns]
    if not named and sheet.width != 1:
        raise UserError(
            f"{path.name} has {sheet.width} columns and none is called customer_id. Give it one column of customer ids "
            "with the header customer_id."
        )
    ids = sheet[named[0] if named else sheet.columns[0]].drop_nulls()
    return tuple(ids.unique(maintain_order=True).to_list())
