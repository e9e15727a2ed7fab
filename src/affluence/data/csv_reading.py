"""A CSV text in UTF-8 as cells, with the line of every row and of everything that is no row.

DuckDB reads a sound file, strictly and fast. What it refuses is read again by `_walk`, record by record:
DuckDB's own list of rejected rows loses its place after blank lines and line ends inside quotes, and an
unclosed quote swallows the good rows that follow it.
"""

import csv
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TextIO

import duckdb
import polars as pl
import pyarrow.parquet as pq

from affluence.errors import AffluenceError

_SEPARATORS = ",;\t|"
_SAMPLE_RECORDS = 200
_MAX_RECORD_BYTES = 16_000_000
_CHUNK_ROWS = 50_000
_MOST_BAD_QUOTES = 10_000

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}
_COPY_MEMORY = "512MB"
_STRICTLY = (
    "select * from read_csv($path, delim = $separator, columns = $columns, header = false,"
    """ auto_detect = false, quote = '"', escape = '"', new_line = '\\n', strict_mode = true,"""
    " max_line_size = $longest)"
)

MAX_COLUMNS = 16_384
"""The columns up to which a table is read: as many as a spreadsheet has."""

TOO_FEW = "have too few cells"
TOO_MANY = "have too many cells"
BAD_QUOTE = "have a quotation mark that is not closed, or text after a closing one"


class NoTable(AffluenceError):  # noqa: N818  (what it is)
    """A text that nobody means as a table. The message goes on after the file's name."""


class _Record(NamedTuple):
    line: int
    cells: list[str] | None
    """None when the quotes of the record make no sense."""


@dataclass(frozen=True)
class CsvTable:
    """The cells of a CSV as text, in columns "0", "1", ...; `lines()` has the line of each row, from 1."""

    separator: str
    headers: tuple[str, ...]
    cells: pl.DataFrame
    lines: Callable[[], Sequence[int]]
    unreadable: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def read_csv_table(path: Path) -> CsvTable:
    """The table in a UTF-8 text with line feeds; the separator (, ; tab |) is found out.

    Empty cells beyond the header's are let pass, as DuckDB does. A file without a header gives no columns. Raises
    `NoTable` for lines without an end, columns without number, or quotation marks that make no sense all over.
    """
    separator, headers = _layout(path)
    if not headers:
        return CsvTable(separator, (), pl.DataFrame(), list)
    try:
        cells = _read_strictly(path, separator=separator, width=len(headers))
    except duckdb.InvalidInputException:
        return _read_carefully(path, separator=separator, headers=headers)
    return CsvTable(separator, headers, cells, lambda: _lines_of_rows(path, separator=separator, rows=cells.height))


def copy_csv_table(path: Path, cells: Path) -> CsvTable:
    """As `read_csv_table`, with the cells in the Parquet file `cells` instead; a sound file goes there in a stream."""
    separator, headers = _layout(path)
    if not headers:
        pl.DataFrame().write_parquet(cells)
        return CsvTable(separator, (), pl.DataFrame(), list)
    try:
        rows = _copy_strictly(path, cells, separator=separator, width=len(headers))
    except duckdb.InvalidInputException:
        table = _read_carefully(path, separator=separator, headers=headers)
        table.cells.write_parquet(cells)
        return replace(table, cells=pl.DataFrame())
    lines = lambda: _lines_of_rows(path, separator=separator, rows=rows)  # noqa: E731  (asked for at most once)
    return CsvTable(separator, headers, pl.DataFrame(), lines)


def _layout(path: Path) -> tuple[str, tuple[str, ...]]:
    """The separator and the headers; none where there is no header."""
    separator = _likeliest_separator(path)
    header = next(_walk(path, separator=separator), None)
    if header is None or header.cells is None:
        return separator, ()
    headers = tuple(cell.strip() for cell in header.cells)
    if len(headers) > MAX_COLUMNS:
        raise NoTable(
            f"its first line has {len(headers):,} columns, and at most {MAX_COLUMNS:,} are taken. "
            "Leave out the columns that the contract does not name."
        )
    return separator, headers


def _likeliest_separator(path: Path) -> str:
    """The separator under which the first records have the most cells and agree on how many."""

    def agreement(separator: str) -> float:
        records = itertools.islice(_walk(path, separator=separator), _SAMPLE_RECORDS)
        widths = [len(record.cells) for record in records if record.cells]
        return (widths[0] - 1) * widths.count(widths[0]) / len(widths) if widths else 0.0

    return max(_SEPARATORS, key=agreement)


def _read_strictly(path: Path, *, separator: str, width: int) -> pl.DataFrame:
    with duckdb.connect(config=_CONFIG) as connection:
        table = connection.sql(_STRICTLY, params=_asked(path, separator=separator, width=width)).to_arrow_table()
    return pl.DataFrame(table).slice(1)


def _copy_strictly(path: Path, cells: Path, *, separator: str, width: int) -> int:
    """How many rows were copied into the Parquet file `cells`, in their order and without the header."""
    with duckdb.connect(config=_CONFIG | {"memory_limit": _COPY_MEMORY}) as connection:
        asked = _asked(path, separator=separator, width=width)
        batches = connection.sql(_STRICTLY, params=asked).to_arrow_reader(_CHUNK_ROWS)
        rows = -1
        with pq.ParquetWriter(cells, batches.schema, compression="lz4") as writer:
            for batch in batches:
                writer.write_batch(batch.slice(1) if rows < 0 else batch)
                rows += batch.num_rows
    return max(0, rows)


def _asked(path: Path, *, separator: str, width: int) -> dict[str, object]:
    return {
        "path": str(path),
        "separator": separator,
        "columns": {str(number): "VARCHAR" for number in range(width)},
        "longest": _MAX_RECORD_BYTES,
    }


def _lines_of_rows(path: Path, *, separator: str, rows: int) -> Sequence[int]:
    if _count_lines(path) == rows + 1:
        return range(2, rows + 2)
    return [record.line for record in _walk(path, separator=separator, strict=False)][1:]


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        ends, last = 0, b"\n"
        while chunk := file.read(1 << 20):
            ends, last = ends + chunk.count(b"\n"), chunk[-1:]
    return ends + (last != b"\n")


def _read_carefully(path: Path, *, separator: str, headers: tuple[str, ...]) -> CsvTable:
    unreadable: dict[str, list[int]] = defaultdict(list)
    lines: list[int] = []

    def rows() -> Iterator[list[str | None]]:
        for line, cells in itertools.islice(_walk(path, separator=separator), 1, None):
            if fault := _fault(cells, width=len(headers)):
                unreadable[fault].append(line)
            else:
                lines.append(line)
                yield [cell or None for cell in (cells or [])[: len(headers)]]

    schema = {str(number): pl.String for number in range(len(headers))}
    remaining, chunks = rows(), [pl.DataFrame(schema=schema)]
    while chunk := list(itertools.islice(remaining, _CHUNK_ROWS)):
        chunks.append(pl.DataFrame(chunk, schema=schema, orient="row"))
    found = {fault: tuple(places) for fault, places in unreadable.items()}
    return CsvTable(separator, headers, pl.concat(chunks), lambda: lines, found)


def _fault(cells: list[str] | None, *, width: int) -> str | None:
    if cells is None:
        return BAD_QUOTE
    if len(cells) < width:
        return TOO_FEW
    return TOO_MANY if any(cells[width:]) else None


def _walk(path: Path, *, separator: str, strict: bool = True) -> Iterator[_Record]:
    """Every record with the line on which it begins; blank lines are none.

    A record whose quotes make no sense costs its first line alone: the lines it swallowed are read again.
    """
    with path.open(encoding="utf-8", newline="\n") as text:
        yield from _records(text, separator=separator, strict=strict)


def _records(text: TextIO, *, separator: str, strict: bool) -> Iterator[_Record]:
    again: deque[str] = deque()
    line, senseless = 1, 0
    while True:
        taken: list[str] = []
        source = _remember(text, again=again, taken=taken)
        try:
            for cells in csv.reader(source, delimiter=separator, skipinitialspace=True, strict=strict):
                if cells:
                    yield _Record(line, cells)
                line += len(taken)
                taken.clear()
        except csv.Error:
            yield _Record(line, None)
            senseless += 1
            if senseless > _MOST_BAD_QUOTES:
                # Each costs the reading of a long stretch again.
                raise NoTable(
                    f"more than {_MOST_BAD_QUOTES:,} lines {BAD_QUOTE}, the last of them line {line:,}. Write a "
                    "quotation mark inside a cell twice, and put such a cell in quotation marks."
                ) from None
            line += 1
            again.extendleft(reversed(taken[1:]))
        else:
            return


def _remember(text: TextIO, *, again: deque[str], taken: list[str]) -> Iterator[str]:
    """The lines of `again`, then those of `text`; each is noted in `taken`."""
    while line := again.popleft() if again else text.readline(_MAX_RECORD_BYTES + 1):
        if len(line) > _MAX_RECORD_BYTES:
            raise NoTable(
                f"it has a line of more than {_MAX_RECORD_BYTES:,} characters, as no table has. Give each customer a "
                "line."
            )
        taken.append(line)
        yield line
