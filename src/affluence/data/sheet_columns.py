"""Columns of a sheet that people filled in: there, filled, and read as days and amounts, or refused by line."""

from collections.abc import Sequence

import polars as pl

from affluence.errors import UserError

FIRST_LINE = 2
_LINES_SHOWN = 5


def require_columns(sheet: pl.DataFrame, wanted: Sequence[str], *, name: str) -> None:
    """Nothing, when the sheet has the columns. Errors: UserError that names those it lacks."""
    missing = [column for column in wanted if column not in sheet.columns]
    if missing:
        raise UserError(f"{name} lacks the column {', '.join(missing)}. Give it under that header.")


def require_filled(sheet: pl.DataFrame, columns: Sequence[str], *, name: str) -> None:
    """Nothing, when the columns have no blank cell. Errors: UserError with the first lines of those that have."""
    for column in columns:
        refuse_lines(sheet[column].is_null(), name=name, fault=f"{column} is blank", remedy="Fill it in.")


def days(sheet: pl.DataFrame, column: str, *, name: str) -> pl.Series:
    """The days of a column as `day`, missing where blank or where there is no such column: 2026-11-25 and no other."""
    if column not in sheet.columns:
        return pl.repeat(None, sheet.height, dtype=pl.Date, eager=True).alias("day")
    read = sheet[column].cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    wrong = read.is_null() & sheet[column].is_not_null()
    refuse_lines(wrong, name=name, fault=f"{column} is no day", remedy="Write days as 2026-11-25.")
    return read.alias("day")


def amounts(sheet: pl.DataFrame, column: str, *, name: str) -> pl.Series:
    """The amounts of a column, missing where blank or where there is no such column: 1234.50, without separators."""
    if column not in sheet.columns:
        return pl.repeat(None, sheet.height, dtype=pl.Float64, eager=True).alias(column)
    read = sheet[column].cast(pl.Float64, strict=False)
    wrong = ~read.is_finite().fill_null(value=False) & sheet[column].is_not_null()
    refuse_lines(wrong, name=name, fault=f"{column} is no amount", remedy="Write amounts as 1234.50.")
    return read.alias(column)


def refuse_lines(wrong: pl.Series, *, name: str, fault: str, remedy: str) -> None:
    """Nothing, when no line is `wrong`. Errors: UserError with the fault, how many lines and which are the first."""
    lines = [str(place + FIRST_LINE) for place in wrong.arg_true().head(_LINES_SHOWN)]
    if lines:
        more = ", ..." if wrong.sum() > len(lines) else ""
        raise UserError(
            f"{name}: {fault} in {wrong.sum():,} of {len(wrong):,} lines (line {', '.join(lines)}{more}). {remedy}"
        )
