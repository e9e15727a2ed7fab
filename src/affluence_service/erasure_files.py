"""Tables and pages on disk without one customer: which hold the customer, and what they are without."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pyarrow.parquet as pq

from affluence.data.contract import load_contract
from affluence.data.raw_table import open_raw_table
from affluence.data.reading import hash_file, read_sheet
from affluence.data.writing import TableFormat, table_bytes
from affluence.errors import UserError
from affluence.reporting.result_views import masked
from affluence_service.datasets.contracts import contract_folders

# A ranking first: what speaks of ranks alone goes by it. What was made from a Parquet file comes after it.
SUFFIXES = (".parquet", ".csv", ".xlsx")
RANKING = "candidates.parquet"
TEXTS = (".csv", ".html", ".json", ".jsonl", ".txt")
# A shorter id stands in many a number by chance, so no text is searched for it.
SHORTEST_IN_TEXT = 6
PACKED = {"LZ4": "lz4", "LZ4_RAW": "lz4", "SNAPPY": "snappy", "ZSTD": "zstd", "UNCOMPRESSED": "uncompressed"}


@dataclass(frozen=True)
class Place:
    """What held the customer: rows, and a file's SHA-256, before and after; a page that was removed has none after."""

    place: str
    rows_before: int
    rows_after: int
    hash_before: str = ""
    hash_after: str = ""


@dataclass(frozen=True)
class Wanted:
    """The customer who is looked for, under every name that a contract of the project gives to the column of ids."""

    customer_id: str

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names of columns that hold ids."""
        contracts = (load_contract(path) for folder in contract_folders() for path in folder.glob("contract_*.yml"))
        return frozenset({"customer_id", *filter(None, (contract.customer_id.source for contract in contracts))})

    def held_by(self, folder: Path) -> bool:
        """Whether a table or a page directly in the folder holds the customer."""
        ranks = self.ranks_in(folder)
        return any(self.rows_in(path, ranks) for path in tables_in(folder)) or any(self.pages_in(folder))

    def ranks_in(self, folder: Path) -> list[int]:
        """The customer's ranks in the folder's ranking, if there is one."""
        return self.numbers(folder / RANKING, "rank")

    def numbers(self, path: Path, column: str) -> list[int]:
        """What stands in a column of a Parquet file at the customer's rows; nothing where there is no such file."""
        if not path.is_file():
            return []
        found: list[int] = (
            pl.scan_parquet(path).filter(self._is(["customer_id"])).select(column).collect()[column].to_list()
        )
        return found

    def rows_in(self, path: Path, ranks: list[int]) -> int:
        """How many rows of a table are the customer's."""
        table, gone = self._table(path, ranks)
        return 0 if gone is None else int(table.filter(gone).select(pl.len()).collect().item())

    def without(self, path: Path, to: Path, ranks: list[int]) -> None:
        """Write the table to `to` without the customer. A sheet made from a Parquet file is made again from it."""
        table, gone = self._table(path, ranks)
        assert gone is not None  # noqa: S101  (the caller saw the customer in it)
        if path.suffix == ".parquet":
            group = pq.read_metadata(path).row_group(0)
            packing: Any = PACKED[group.column(0).compression]
            table.filter(~gone).sink_parquet(to, compression=packing, row_group_size=group.num_rows)
            return
        source = to.with_suffix(".parquet")
        frame = pl.read_parquet(source) if source.is_file() else table.filter(~gone).collect()
        kind: TableFormat = "csv" if path.suffix == ".csv" else "xlsx"
        to.write_bytes(table_bytes(frame, kind))

    def stands_in_text(self, path: Path) -> bool:
        """Whether the id stands in a text as a word; an id that is too short is not looked for."""
        if path.suffix not in TEXTS or len(self.customer_id) < SHORTEST_IN_TEXT:
            return False
        word = re.compile(rf"(?<!\w){re.escape(self.customer_id)}(?!\w)")
        with path.open(encoding="utf-8", errors="replace") as lines:
            return any(word.search(line) for line in lines)

    def pages_in(self, folder: Path) -> Iterator[Path]:
        """The pages that show somebody of this masked id: to be on the safe side they are taken for the customer's."""
        shown = (masked(self.customer_id), self.customer_id)
        return (page for page in folder.glob("*.html") if any(one in page.read_text(encoding="utf-8") for one in shown))

    def _table(self, path: Path, ranks: list[int]) -> tuple[pl.LazyFrame, pl.Expr | None]:
        """The table, and which of its rows are the customer's; None where it cannot hold any."""
        table = _read(path)
        names = table.collect_schema().names()
        ids = [name for name in names if name in self.columns]
        if ids:
            return table, self._is(ids)
        return table, pl.col("rank").is_in(ranks) if ranks and "rank" in names else None

    def _is(self, columns: list[str]) -> pl.Expr:
        cells = [pl.col(name).cast(pl.String).eq_missing(self.customer_id) for name in columns]
        return pl.any_horizontal(cells)


def tables_in(folder: Path) -> list[Path]:
    """The tables directly in a folder, in the order in which they are made again."""
    found = [path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file()]
    return sorted(found, key=lambda path: (SUFFIXES.index(path.suffix), path.name))


def copy_without(wanted: Wanted, folder: Path) -> tuple[Path, list[Place]]:
    """A folder beside `folder` with the same content but without the customer, and what differs."""
    new, ranks, pages = folder.with_name(str(uuid4())), wanted.ranks_in(folder), set(wanted.pages_in(folder))
    shutil.copytree(folder, new, ignore=lambda _, names: [name for name in names if Path(name).suffix in SUFFIXES])
    places = []
    for path in tables_in(folder):
        if wanted.rows_in(path, ranks):
            wanted.without(path, new / path.name, ranks)
            places.append(_compared(path, new / path.name))
        else:
            shutil.copy2(path, new / path.name)
    for page in pages:
        (new / page.name).unlink()
        places.append(Place(page.name, 1, 0, hash_file(page)))
    return new, places


def replace_in(wanted: Wanted, folder: Path) -> list[Place]:
    """What differs after each file directly in the folder was replaced, at once, by one without the customer."""
    new, places = copy_without(wanted, folder)
    for changed in places:
        if changed.hash_after:
            (new / changed.place).replace(folder / changed.place)
        else:
            (folder / changed.place).unlink()
    shutil.rmtree(new)
    return places


def _read(path: Path) -> pl.LazyFrame:
    """The table as it stands; empty where the file is none."""
    try:
        if path.suffix == ".parquet":
            return pl.scan_parquet(path)
        if path.suffix == ".csv":
            return read_sheet(path).lazy()
        with open_raw_table(path) as table:
            names: Mapping[str, str] = dict(zip(table.cells.columns, table.headers, strict=True))
            return table.cells.rename(names).lazy()
    except UserError:
        return pl.LazyFrame()


def _compared(before: Path, after: Path) -> Place:
    rows = [int(_read(path).select(pl.len()).collect().item()) for path in (before, after)]
    return Place(before.name, rows[0], rows[1], hash_file(before), hash_file(after))
