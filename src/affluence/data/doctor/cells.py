"""A file's cells as a program gets them: under their headers, plain numbers as numbers, the rest as it stands."""

from pathlib import Path

import polars as pl

from affluence.data.contract import Contract
from affluence.data.headers import MISSING_MARKS
from affluence.data.raw_table import open_raw_table

_CODE = r"^0\d+$"


def read_cells(path: Path, *, contract: Contract | None = None) -> pl.DataFrame:
    """The table in a file (CSV, Excel, Parquet), unchecked: no rule of the contract refuses or mends anything.

    A text column of a CSV becomes a number where every cell is a plain one; what is written with thousands marks or
    currencies stays text, and so does a code with leading zeros. A header that stands twice gets its number.
    Raises `UserError` for a missing, damaged or too large file.
    """
    marks = contract.missing_marks if contract else MISSING_MARKS
    with open_raw_table(path) as raw:
        headers = _single(raw.headers)
        is_text = raw.format.startswith("CSV")
        columns = (raw.cells[str(number)].alias(header) for number, header in enumerate(headers))
        return pl.DataFrame([_typed(column, marks=marks) if is_text else column for column in columns])


def _single(headers: tuple[str, ...]) -> list[str]:
    taken: set[str] = set()
    single = []
    for number, header in enumerate(headers, start=1):
        name = header or f"column {number}"
        name = name if name not in taken else f"{name} ({number})"
        taken.add(name)
        single.append(name)
    return single


def _typed(cells: pl.Series, *, marks: tuple[str, ...]) -> pl.Series:
    if cells.dtype != pl.String:
        return cells
    stripped = cells.str.strip_chars()
    present = stripped.set(stripped.is_in(["", *marks]), None)
    numbers = present.cast(pl.Float64, strict=False)
    is_plain = numbers.null_count() == present.null_count() < len(cells)
    return numbers if is_plain and not present.str.contains(_CODE).any() else cells
