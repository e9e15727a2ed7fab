"""A file as cells, before any contract looks at it: its kind, its headers, and where each row stands."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import fastexcel
import polars as pl
import pyarrow.parquet as pq

from affluence.data.csv_reading import MAX_COLUMNS, CsvTable, NoTable, copy_csv_table, read_csv_table
from affluence.data.csv_text import decode_to_utf8
from affluence.data.excel_guard import require_safe_workbook
from affluence.errors import UserError

MAX_BYTES = 2 * 1024**3
"""The size, unpacked, up to which a table is read: a small packed file can hold more than a machine."""

MAX_ROWS = 20_000_000
"""The rows up to which a table is read."""

_MOST_PARQUET_CELLS = 1_000_000_000
_UNLIMITED = 1 << 62
_ROWS_BEFORE_HEADER = 100
_REMEDY = "Give a CSV (also .csv.gz), an Excel file (.xlsx) or Parquet."

_NOT_A_TABLE = {
    b"%PDF": "is a PDF",
    b"\xd0\xcf\x11\xe0": "is an Excel file of the old kind (.xls) or one with a password",
    b"\x89PNG": "is a picture",
    b"\xff\xd8\xff": "is a picture",
    b"BZh": "is packed with bzip2",
    b"\xfd7zXZ": "is packed with xz",
    b"(\xb5/\xfd": "is packed with zstandard",
    b"7z\xbc\xaf": "is packed with 7-Zip",
    b"SQLite": "is a database",
    b"\x7fELF": "is a program",
}


@dataclass(frozen=True)
class RawTable:
    """The cells of one file, as text or in the types of its own.

    `cells` has columns "0", "1", ... under `headers`, so that a header may stand twice. `unreadable` says, by
    reason, the lines that could not be read as a row. `lines()` gives the place in the file of every row of
    `cells`: the line of a CSV, the row of an Excel sheet, the record of a Parquet file. Where `cells` are a part of a
    table, `rows` has the number of each row in the whole, and `whole` says which of its columns of floats ("0", "1",
    ...) hold whole numbers alone in all parts, so that a part reads them as the table would.
    """

    format: str
    data_hash: str
    headers: tuple[str, ...]
    cells: pl.DataFrame
    lines: Callable[[], Sequence[int]]
    encoding: str | None = None
    separator: str | None = None
    unreadable: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    rows: pl.Series | None = None
    whole: frozenset[str] | None = None

    @property
    def row_numbers(self) -> pl.Series:
        """`row` (Int64): the number of each row in the table, from 1."""
        if self.rows is not None:
            return self.rows.cast(pl.Int64).alias("row")
        return pl.int_range(1, self.cells.height + 1, eager=True).alias("row")


@contextmanager
def open_raw_table(
    path: Path, *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS, scratch: Path | None = None
) -> Iterator[RawTable]:
    """The cells of a CSV (also packed with gzip), Excel or Parquet file, told by its content, not by its name.

    A temporary copy of a CSV, in UTF-8, lives as long as the context, in the folder `scratch` where one is named.
    Raises `UserError` when there is no file, when it is damaged, no table, larger than `max_bytes` unpacked, or
    longer than `max_rows`.
    """
    data_hash, start = _hash_and_start(path)
    _refuse_what_is_no_table(path, start=start)
    if start.startswith(b"PAR1"):
        yield _parquet(path, data_hash=data_hash, max_bytes=max_bytes, max_rows=max_rows)
    elif start.startswith(b"PK"):
        yield _within_rows(path, _excel(path, data_hash=data_hash, max_bytes=max_bytes), max_rows=max_rows)
    else:
        with tempfile.TemporaryDirectory(prefix="affluence-", dir=scratch) as folder:
            table = _csv(path, Path(folder) / "table.csv", data_hash=data_hash, max_bytes=max_bytes)
            yield _within_rows(path, table, max_rows=max_rows)


def open_unlimited(path: Path, folder: Path) -> tuple[RawTable, Path]:
    """All of a table but its cells, and a Parquet file with these, of any length: a copy in `folder`, or its own.

    Raises `UserError` as `open_raw_table` does, but not for a table's length or size.
    """
    data_hash, start = _hash_and_start(path)
    _refuse_what_is_no_table(path, start=start)
    if start.startswith(b"PAR1"):
        try:
            names = pq.read_schema(path).names
        except (OSError, ValueError) as error:
            raise UserError(f"{path.name}: this Parquet file is damaged or cut off. Copy it again.") from error
        rows = pq.read_metadata(path).num_rows
        headers = tuple(map(str.strip, names))
        return RawTable("Parquet", data_hash, headers, pl.DataFrame(), lambda: range(1, rows + 1)), path
    cells = folder / "cells.parquet"
    if not start.startswith(b"PK"):
        encoding, packed = decode_to_utf8(path, copy=folder / "table.csv", max_bytes=_UNLIMITED)
        try:
            table = copy_csv_table(folder / "table.csv", cells)
        except NoTable as error:
            raise UserError(f"{path.name}: {error}") from error
        kind = "CSV in gzip" if packed else "CSV"
        return _raw_csv(table, data_hash=data_hash, encoding=encoding, kind=kind), cells
    excel = _excel(path, data_hash=data_hash, max_bytes=MAX_BYTES)
    excel.cells.write_parquet(cells)
    return replace(excel, cells=pl.DataFrame()), cells


def _hash_and_start(path: Path) -> tuple[str, bytes]:
    try:
        with path.open("rb") as file:
            start = file.read(8)
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest(), start
    except OSError as error:
        raise UserError(f"{path.name}: there is no file that can be opened ({error.strerror}).") from error


def _refuse_what_is_no_table(path: Path, *, start: bytes) -> None:
    for signature, kind in _NOT_A_TABLE.items():
        if start.startswith(signature):
            raise UserError(f"{path.name}: this {kind}. {_REMEDY}")


def _csv(path: Path, copy: Path, *, data_hash: str, max_bytes: int) -> RawTable:
    encoding, packed = decode_to_utf8(path, copy=copy, max_bytes=max_bytes)
    try:
        table = read_csv_table(copy)
    except NoTable as error:
        raise UserError(f"{path.name}: {error}") from error
    return _raw_csv(table, data_hash=data_hash, encoding=encoding, kind="CSV in gzip" if packed else "CSV")


def _raw_csv(table: CsvTable, *, data_hash: str, encoding: str, kind: str) -> RawTable:
    return RawTable(
        format=kind,
        data_hash=data_hash,
        headers=table.headers,
        cells=table.cells,
        lines=table.lines,
        encoding=encoding,
        separator=table.separator,
        unreadable=table.unreadable,
    )


def _parquet(path: Path, *, data_hash: str, max_bytes: int, max_rows: int) -> RawTable:
    try:
        described = pq.read_metadata(path)
        size = sum(described.row_group(number).total_byte_size for number in range(described.num_row_groups))
        _refuse_too_much(path, size=size, max_bytes=max_bytes)
        _refuse_too_many(path, rows=described.num_rows, columns=described.num_columns, max_rows=max_rows)
        frame = pl.read_parquet(path, glob=False)
    except (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise UserError(f"{path.name}: this Parquet file is damaged or cut off. Copy it again.") from error
    cells = frame.rename({name: str(number) for number, name in enumerate(frame.columns)})
    return RawTable(
        "Parquet", data_hash, tuple(map(str.strip, frame.columns)), cells, lambda: range(1, cells.height + 1)
    )


def _excel(path: Path, *, data_hash: str, max_bytes: int) -> RawTable:
    """The first sheet. Its cells keep their types, since a number there is no text in anybody's locale."""
    require_safe_workbook(path, max_bytes=max_bytes)
    try:
        headers, body, first = _first_sheet(path)
    except (fastexcel.FastExcelError, pl.exceptions.PanicException) as error:
        raise UserError(f"{path.name}: the first sheet of this Excel file cannot be read. Save it again.") from error
    filled = body.with_row_index("place", offset=first).filter(pl.any_horizontal(pl.exclude("place").is_not_null()))
    return RawTable("Excel", data_hash, headers, filled.drop("place"), filled["place"].to_list)


def _first_sheet(path: Path) -> tuple[tuple[str, ...], pl.DataFrame, int]:
    """The headers, the cells below them, and the sheet's row (from 1) at which those begin."""
    book = fastexcel.read_excel(path)
    text = book.load_sheet(0, header_row=None, skip_rows=0, n_rows=_ROWS_BEFORE_HEADER, dtypes="string").to_polars()
    rows = text.rows()
    above = next((number for number, row in enumerate(rows) if any(row)), None)
    if above is None:
        return (), pl.DataFrame({"0": []}), 1
    headers = tuple((cell or "").strip() for cell in rows[above])
    body = book.load_sheet(0, header_row=None, skip_rows=above + 1, schema_sample_rows=None).to_polars()
    body = body.rename({name: str(number) for number, name in enumerate(body.columns)})
    empty = {str(number): pl.lit(None, dtype=pl.String) for number in range(body.width, len(headers))}
    headers += ("",) * (body.width - len(headers))
    return headers, body.with_columns(**empty), above + 2


def _refuse_too_much(path: Path, *, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise UserError(f"{path.name}: unpacked it is larger than {max_bytes:,} bytes. Split it.")


def _refuse_too_many(path: Path, *, rows: int, columns: int, max_rows: int) -> None:
    if rows > max_rows:
        raise UserError(f"{path.name}: it has {rows:,} rows, and at most {max_rows:,} are taken. Split it.")
    if columns > MAX_COLUMNS or rows * columns > _MOST_PARQUET_CELLS:
        raise UserError(
            f"{path.name}: it has {rows:,} rows and {columns:,} columns, and at most {MAX_COLUMNS:,} columns and "
            f"{_MOST_PARQUET_CELLS:,} cells are taken. Leave out the columns that the contract does not name."
        )


def _within_rows(path: Path, table: RawTable, *, max_rows: int) -> RawTable:
    rows = table.cells.height + sum(map(len, table.unreadable.values()))
    _refuse_too_many(path, rows=rows, columns=0, max_rows=max_rows)
    return table
