"""A table of any length, read in parts that pass the contract as the whole would.

Memory holds a part, and eight bytes a row while repeated customers are looked for. What is no Parquet is first copied
into one, a CSV in a stream; an irregular CSV and an Excel file go through memory on the way.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from affluence.data.breaches import Breach, add_up, for_adding, nobody
from affluence.data.checking import check_part
from affluence.data.contract import ColumnType, Contract
from affluence.data.intake_report import IntakeReport
from affluence.data.parsing import all_whole, parse_column
from affluence.data.raw_table import RawTable, open_unlimited

ROWS_OF_PART = 100_000
_HASH_SEED = 7


@dataclass(frozen=True)
class Part:
    """The customers of a part that keep the contract, as `Reading` describes them, and every breach in it.

    The first part, number 0, holds all rows of customers who have several, where the contract settles or refuses these.
    """

    number: int
    customers: pl.DataFrame
    breaches: tuple[Breach, ...]


@dataclass(frozen=True)
class TableInParts:
    """A table on disk: `raw` is all that is known of it but its cells, which stand in `cells`, a Parquet file."""

    name: str
    raw: RawTable
    contract: Contract
    cells: Path
    rows_of_part: int
    tag_required: bool

    @cached_property
    def rows(self) -> int:
        """How many rows the table has."""
        return int(pq.read_metadata(self.cells).num_rows)

    @property
    def count(self) -> int:
        """How many parts there are."""
        return 1 + max(1, -(-self.rows // self.rows_of_part))

    def parts(self, *, without: frozenset[int] = frozenset()) -> Iterator[Part]:
        """The parts in order, but for those numbers."""
        if 0 not in without:
            yield self._checked(0, self._repeated_rows())
        for number, (start, cells) in enumerate(self._batches(self._columns), start=1):
            if number not in without:
                numbers = pl.int_range(start + 1, start + 1 + cells.height, eager=True)
                alone = ~self._hashes(cells).is_in(self._repeated.implode()) if len(self._repeated) else None
                kept = (cells, numbers) if alone is None else (cells.filter(alone), numbers.filter(alone))
                yield self._checked(number, kept)

    def report(self, breaches: Sequence[Sequence[Breach]], *, kept: int) -> IntakeReport:
        """The report of the whole, from the breaches of all parts and how many customers were kept."""
        return report_of_parts(self.name, self.raw, breaches, rows=self.rows, kept=kept)

    def _checked(self, number: int, cells_and_rows: tuple[pl.DataFrame, pl.Series]) -> Part:
        cells, rows = cells_and_rows
        raw = replace(
            self.raw,
            cells=cells,
            rows=rows,
            whole=self._whole,
            lines=lambda: [self._lines[row - 1] for row in rows],
            # What is no row of the table is told once, and so is whatever the headers lack.
            unreadable=self.raw.unreadable if number == 0 else {},
        )
        customers, breaches = check_part(raw, contract=self.contract, tag_required=self.tag_required)
        own = breaches if number == 0 else tuple(breach for breach in breaches if breach.lines)
        return Part(number, customers, tuple(for_adding(breach) for breach in own))

    @cached_property
    def _lines(self) -> Sequence[int]:
        return self.raw.lines()

    @cached_property
    def _columns(self) -> list[str]:
        """The columns of the file that the contract reads."""
        contract = self.contract
        read = [contract.customer_id.source, contract.tag.source, *(column.source for column in contract.columns)]
        return [str(self.raw.headers.index(name)) for name in read if name in self.raw.headers]

    def _batches(self, columns: Sequence[str]) -> Iterator[tuple[int, pl.DataFrame]]:
        """The first row (from 0) and the cells of each part, all of them of the same length but the last."""
        held: list[pa.RecordBatch] = []
        start, rows = 0, 0
        with pq.ParquetFile(self.cells) as file:
            names = [file.schema_arrow.names[int(column)] for column in columns]
            for batch in file.iter_batches(batch_size=self.rows_of_part, columns=names):
                held, rows = [*held, batch], rows + batch.num_rows
                while rows >= self.rows_of_part:
                    whole = pa.Table.from_batches(held)
                    yield start, _frame(whole.slice(0, self.rows_of_part), names, columns)
                    held = whole.slice(self.rows_of_part).to_batches()
                    start, rows = start + self.rows_of_part, rows - self.rows_of_part
            if rows or not start:
                left = pa.Table.from_batches(held, schema=held[0].schema if held else _schema(file, names))
                yield start, _frame(left, names, columns)

    def _place(self, header: str | None) -> list[str]:
        return [str(self.raw.headers.index(header))] if header in self.raw.headers else []

    @cached_property
    def _repeated(self) -> pl.Series:
        """The hashes of ids that several rows have, where that is against the contract or settled by it.

        Two ids with one hash travel with them, which changes nothing.
        """
        place = self._place(self.contract.customer_id.source)
        if not place or self.contract.policy.repeated_customer_id == "keep":
            return pl.Series(dtype=pl.UInt64)
        hashes = [self._hashes(cells).drop_nulls().to_numpy() for _, cells in self._batches(place)]
        ordered = np.sort(np.concatenate(hashes))
        return pl.Series(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]), dtype=pl.UInt64)

    def _repeated_rows(self) -> tuple[pl.DataFrame, pl.Series]:
        found = []
        for start, cells in self._batches(self._columns) if len(self._repeated) else ():
            among = cells.with_columns(pl.int_range(start + 1, start + 1 + pl.len()).alias("row"))
            found.append(among.filter(self._hashes(cells).is_in(self._repeated.implode())))
        if not found:
            with pq.ParquetFile(self.cells) as file:
                names = [file.schema_arrow.names[int(column)] for column in self._columns]
                empty = _frame(_schema(file, names).empty_table(), names, self._columns)
            return empty, pl.Series(dtype=pl.Int64)
        together = pl.concat(found)
        return together.drop("row"), together["row"]

    def _hashes(self, cells: pl.DataFrame) -> pl.Series:
        """A hash of each row's id, null where there is none."""
        (place,) = self._place(self.contract.customer_id.source)
        return hashes_of_ids(cells[place], self.raw.format, self.contract, whole=place in self._whole)

    @cached_property
    def _whole(self) -> frozenset[str]:
        """Columns of floats that are read as text and hold whole numbers alone."""
        places = [place for header in read_as_text(self.contract) for place in self._place(header)]
        with pq.ParquetFile(self.cells) as file:
            types = file.schema_arrow.types
        floats = [place for place in dict.fromkeys(places) if pa.types.is_floating(types[int(place)])]
        whole = set(floats)
        for _, cells in self._batches(floats) if floats else ():
            whole -= {name for name in whole if not all_whole(cells[name].fill_nan(None))}
        return frozenset(whole)


@contextmanager
def open_in_parts(
    path: Path,
    *,
    contract: Contract,
    tag_required: bool = False,
    known_as: Mapping[str, str] | None = None,
    rows_of_part: int = ROWS_OF_PART,
    scratch: Path | None = None,
) -> Iterator[TableInParts]:
    """The table in a file, under its contract, to be read in parts while the context lasts.

    `known_as` and `scratch` are as in `read_table`. Raises `UserError` as that does, but not for the table's length.
    """
    with tempfile.TemporaryDirectory(prefix="affluence-", dir=scratch) as folder:
        raw, cells = open_unlimited(path, Path(folder))
        own = contract.under_headers(frozenset(raw.headers), known_as=known_as or {})
        yield TableInParts(path.name, raw, own, cells, rows_of_part, tag_required)


def report_of_parts(
    name: str, raw: RawTable, breaches: Iterable[Iterable[Breach]], *, rows: int, kept: int
) -> IntakeReport:
    """The report of a table of `rows` rows from the breaches of all its parts and how many customers were kept."""
    together = add_up(breaches)
    if not kept:
        together = (*together, nobody(rows))
    unreadable = sum(len(lines) for lines in raw.unreadable.values())
    return IntakeReport(
        file=name,
        data_hash=raw.data_hash,
        format=raw.format,
        encoding=raw.encoding,
        separator=raw.separator,
        rows_read=rows + unreadable,
        rows_kept=0 if any(breach.action == "refuse" for breach in together) else kept,
        columns=len(raw.headers),
        violations=tuple(breach.violation(rows=rows) for breach in together),
    )


def hashes_of_ids(cells: pl.Series, kind: str, contract: Contract, *, whole: bool) -> pl.Series:
    """A hash (UInt64) of each id in `cells`, null where there is none; two ids may share one.

    `kind` is the file's format, `whole` as in `parse_column`.
    """
    ids, _ = parse_column(
        cells,
        kind=ColumnType.CATEGORY,
        locale=contract.locale,
        missing_marks=contract.missing_marks,
        mixed=kind == "Excel",
        whole=whole,
    )
    return pl.select(pl.when(ids.is_not_null()).then(ids.hash(_HASH_SEED))).to_series()


def read_as_text(contract: Contract) -> list[str]:
    """The headers whose cells are read as text: those of the id, of the tag and of the categories."""
    categories = [column.source for column in contract.columns if column.type is ColumnType.CATEGORY]
    named = [contract.customer_id.source, contract.tag.source, *categories]
    return [header for header in dict.fromkeys(named) if header is not None]


def _schema(file: pq.ParquetFile, names: Sequence[str]) -> pa.Schema:
    return pa.schema([file.schema_arrow.field(name) for name in names])


def _frame(table: pa.Table, names: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    frame = pl.DataFrame(table.select(list(names)))
    return frame.rename(dict(zip(names, columns, strict=True)))
