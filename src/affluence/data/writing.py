"""Tables to files, whole or not at all, and safe to open in a spreadsheet."""

import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl
import polars.selectors as cs
import pyarrow.parquet as pq
import xlsxwriter

from affluence.errors import UserError

TableFormat = Literal["csv", "xlsx", "parquet"]

_MOST_EXCEL_ROWS = 1_048_576
# An Excel file carries the day it was made; a fixed one, so that equal tables are equal files.
_MADE_ON = datetime(2000, 1, 1, tzinfo=UTC)

_RUNS_AS_FORMULA = r"^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]"
_PLAIN_NUMBER = r"^[+-]?\d+([.,]\d+)*$"


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as Parquet; `path` holds the whole of it or what it held before."""
    with replaced_when_whole(path) as draft:
        frame.write_parquet(draft)


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV (UTF-8, commas); `path` holds the whole of it or what it held before.

    A text cell that a spreadsheet would run as a formula gets an apostrophe in front. Numbers stay numbers,
    negative ones and those in text too. Source: OWASP, CSV Injection.
    """
    with replaced_when_whole(path) as draft:
        _harmless_table(frame).write_csv(draft)


def write_csv_parts(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """Write a table that comes in parts as `write_csv` would write the whole."""
    with replaced_when_whole(path) as draft, draft.open("wb") as file:
        for number, frame in enumerate(frames):
            file.write(csv_bytes(frame, header=number == 0))


def write_parquet_parts(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """Write a table that comes in parts as Parquet; `path` holds the whole of it or what it held before."""
    with replaced_when_whole(path) as draft, ExitStack() as open_files:
        writer: pq.ParquetWriter | None = None
        for part in frames:
            table = part.to_arrow()
            if writer is None:
                writer = open_files.enter_context(pq.ParquetWriter(draft, table.schema, compression="zstd"))
            writer.write_table(table)


def write_text(content: str, path: Path) -> None:
    """Write a text as UTF-8; `path` holds the whole of it or what it held before."""
    with replaced_when_whole(path) as draft:
        draft.write_text(content, encoding="utf-8")


def table_bytes(frame: pl.DataFrame, kind: TableFormat) -> bytes:
    """A table as the bytes of a file, the same for the same table.

    CSV is made harmless as by `write_csv`. In Excel text is text, and never a formula, a link or a number.

    Errors: UserError when the table has more rows than an Excel sheet.
    """
    if kind == "xlsx":
        return _excel_bytes(frame)
    if kind == "csv":
        return csv_bytes(frame)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def csv_bytes(frame: pl.DataFrame, *, header: bool = True) -> bytes:
    """A table, or without `header` a further part of one, as CSV made harmless as by `write_csv`."""
    buffer = io.BytesIO()
    _harmless_table(frame).write_csv(buffer, include_header=header)
    return buffer.getvalue()


def checksum(content: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files, by name, into a new folder, which appears whole or not at all.

    Errors: UserError when the folder is there already.
    """
    if folder.exists():
        raise UserError(f"{folder.name} is there already. Name a new folder, or move that one away.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        draft = Path(beside) / folder.name
        draft.mkdir()
        for name, content in files.items():
            (draft / name).write_bytes(content)
        draft.rename(folder)


def _excel_bytes(frame: pl.DataFrame) -> bytes:
    if frame.height >= _MOST_EXCEL_ROWS:
        raise UserError(f"The table has {frame.height:,} rows; an Excel sheet holds {_MOST_EXCEL_ROWS - 1:,}.")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        book.set_properties({"created": _MADE_ON})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for column, cells in enumerate(frame.iter_columns()):
            write = sheet.write_number if cells.dtype.is_numeric() else sheet.write_string
            as_cells = cells if cells.dtype.is_numeric() else cells.cast(pl.String)
            sheet.write_string(0, column, cells.name)
            for line, cell in enumerate(as_cells, start=1):
                if cell is not None:
                    write(line, column, cell)
    return buffer.getvalue()


def _harmless_table(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(_harmless(cs.string() | cs.categorical() | cs.enum()))


def _harmless(cells: pl.Expr) -> pl.Expr:
    text = cells.cast(pl.String)
    risky = text.str.contains(_RUNS_AS_FORMULA) & ~text.str.contains(_PLAIN_NUMBER)
    return pl.when(risky).then(text.str.replace("^", "'")).otherwise(text)


@contextmanager
def replaced_when_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the context ends well, and vanishes otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        draft = Path(folder) / path.name
        yield draft
        draft.replace(path)
