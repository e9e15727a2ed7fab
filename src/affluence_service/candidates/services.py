"""Customers shown and handed out, each with its entry in the record."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.exceptions import PermissionDenied

from affluence_service.access import Action, may
from affluence_service.api_errors import Refused
from affluence_service.audit.services import record
from affluence_service.candidates.selectors import TOLD_OF_LISTED, cut_of, mask
from affluence_service.runs.models import Run
from affluence_service.runs.results import CANDIDATES, LIST, file_of

if TYPE_CHECKING:
    import polars as pl

# A sheet is made in memory, at about 10 kB a row.
MOST_SHEET_ROWS = 50_000
ROWS_A_PART = 20_000
BYTES_A_PART = 1 << 20


@dataclass(frozen=True)
class Handed:
    """An export on its way: how many customers it holds, and its bytes in parts."""

    customers: int
    parts: Iterator[bytes]


def require_right_to_ids(person: Any) -> None:
    """Refuse who may not see customers' ids. Errors: PermissionDenied."""
    if not may(person, Action.SEE_IDS):
        raise PermissionDenied("Your role does not see full customer ids.")


def note_sight(person: Any, run: Run, *, customers: int, ids: bool, reason: str, by_id: bool = False) -> None:
    """Write down that the person saw so many customers of the run, and why the full ids, where they did."""
    details = {
        "customers": customers,
        "ids": ids,
        **({"reason": reason} if ids else {}),
        **({"by": "id"} if by_id else {}),
    }
    record(person, "saw customers", "run", run.id, details=details)


def export(person: Any, run: Run, *, file_format: str, asked: Mapping[str, Any], ids: bool, reason: str) -> Handed:
    """The candidates above the cut that is asked for, as a file; ids are masked unless `ids`.

    Errors: UserError for a capacity that contradicts itself; Refused for more rows than a sheet takes.
    """
    # Of those that the cut was read from some may have been erased since.
    customers = min(cut_of(run, asked).contacts, int(run.candidates or 0))
    if file_format == "xlsx" and customers > MOST_SHEET_ROWS:
        raise Refused(
            f"{customers:,} customers are above the cut, and a sheet takes {MOST_SHEET_ROWS:,}. Ask for csv or parquet."
        )
    details = {"customers": customers, "format": file_format, "ids": ids, **({"reason": reason} if ids else {})}
    record(person, "exported candidates", "run", run.id, details=details)
    return Handed(customers, _WAYS[file_format](_parts(run, customers, ids=ids)))


def _parts(run: Run, customers: int, *, ids: bool) -> "Iterator[pl.DataFrame]":
    """Those above the cut, best first, with what is told of the listed among them; a part at a time."""
    import polars as pl

    people, told = (pl.scan_parquet(file_of(run, name)) for name in (CANDIDATES, LIST))
    for first in range(0, customers, ROWS_A_PART):
        size = min(ROWS_A_PART, customers - first)
        # The list is the head of the ranking, so that equal places are equal people.
        of_listed = told.slice(first, size).select("rank", *TOLD_OF_LISTED)
        part = people.slice(first, size).join(of_listed, on="rank", how="left", maintain_order="left").collect()
        yield (
            part
            if ids
            else part.with_columns(
                pl.Series("customer_id", [mask(one) for one in part["customer_id"]], dtype=pl.String)
            )
        )


def _csv(parts: "Iterator[pl.DataFrame]") -> Iterator[bytes]:
    from affluence.data.writing import csv_bytes

    for number, part in enumerate(parts):
        yield csv_bytes(part, header=number == 0)


def _xlsx(parts: "Iterator[pl.DataFrame]") -> Iterator[bytes]:
    import polars as pl

    from affluence.data.writing import table_bytes

    yield table_bytes(pl.concat(parts), "xlsx")


def _parquet(parts: "Iterator[pl.DataFrame]") -> Iterator[bytes]:
    """Parquet has its table of contents at its end, so it is made on disk first."""
    from pyarrow.parquet import ParquetWriter

    with tempfile.TemporaryFile(dir=settings.ARRIVING) as file:
        first = next(parts).to_arrow()
        with ParquetWriter(file, first.schema) as writer:
            writer.write_table(first)
            for part in parts:
                writer.write_table(part.to_arrow())
        file.seek(0)
        while read := file.read(BYTES_A_PART):
            yield read


_WAYS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
