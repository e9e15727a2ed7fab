"""Tables to files, whole or not at all, and safe to open in a spreadsheet."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import polars.selectors as cs

_RUNS_AS_FORMULA = r"^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]"
_PLAIN_NUMBER = r"^[+-]?\d+([.,]\d+)*$"


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as Parquet; `path` holds the whole of it or what it held before."""
    with _replaced_when_whole(path) as draft:
        frame.write_parquet(draft)


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV (UTF-8, commas); `path` holds the whole of it or what it held before.

    A text cell that a spreadsheet would run as a formula gets an apostrophe in front. Numbers stay numbers,
    negative ones and those in text too. Source: OWASP, CSV Injection.
    """
    with _replaced_when_whole(path) as draft:
        frame.with_columns(_harmless(cs.string() | cs.categorical() | cs.enum())).write_csv(draft)


def write_text(content: str, path: Path) -> None:
    """Write a text as UTF-8; `path` holds the whole of it or what it held before."""
    with _replaced_when_whole(path) as draft:
        draft.write_text(content, encoding="utf-8")


def _harmless(cells: pl.Expr) -> pl.Expr:
    text = cells.cast(pl.String)
    risky = text.str.contains(_RUNS_AS_FORMULA) & ~text.str.contains(_PLAIN_NUMBER)
    return pl.when(risky).then(text.str.replace("^", "'")).otherwise(text)


@contextmanager
def _replaced_when_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the context ends well, and vanishes otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        draft = Path(folder) / path.name
        yield draft
        draft.replace(path)
