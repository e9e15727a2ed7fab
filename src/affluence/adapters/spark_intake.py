"""A table of any length held to its contract on Spark: the core's own checks over partitions, whose counts add up."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from itertools import accumulate
from pathlib import Path

import polars as pl
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import broadcast, col
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from affluence.adapters.spark import by_partition, empty_of
from affluence.data.breaches import Breach, breach_from, for_adding
from affluence.data.checking import check_part
from affluence.data.contract import Contract
from affluence.data.intake_report import IntakeReport
from affluence.data.parsing import all_whole
from affluence.data.parts import hashes_of_ids, read_as_text, report_of_parts
from affluence.data.raw_table import RawTable, open_unlimited
from affluence.data.reading import TableRefused
from affluence.errors import UserError

# Cells have numbers for names, and what a contract calls a column has no blank in it.
_ROW, _HASH, _TOLD = "row", "hash", "breaches of a part"


@dataclass(frozen=True)
class SparkTable:
    """A table that no contract has looked at: `cells` has `row`, from 1, and columns "0", "1", ...; `raw` the rest."""

    name: str
    raw: RawTable
    cells: DataFrame
    contract: Contract
    rows: int


def open_table(session: SparkSession, path: str, *, contract: Contract, scratch: Path) -> SparkTable:
    """The table at `path`: a folder of Parquet files or an address that Spark knows, or one file of any kind we read.

    Rows are numbered in the order of the files' names. A CSV or an Excel file is first copied into Parquet, in
    `scratch`, which on a cluster all machines see.

    Errors: UserError when there is nothing that can be read.
    """
    place = Path(path)
    if "://" in path or place.is_dir():
        parts, raw = _read(session, path), None
    else:
        scratch.mkdir(parents=True, exist_ok=True)
        raw, copied = open_unlimited(place, scratch)
        parts = _read(session, str(copied))
    headers = raw.headers if raw else tuple(map(str.strip, parts.columns))
    places = [str(number) for number in range(len(headers))]
    known = ("_metadata.file_path", "_metadata.row_index", "_metadata.file_size")
    located = parts.select("*", *known).toDF(*places, "file", "index", "size")
    files = located.groupBy("file", "size").count().orderBy("file").collect()
    counts = [int(file["count"]) for file in files]
    firsts = list(zip((file["file"] for file in files), accumulate(counts, initial=1), strict=False))
    starts = session.createDataFrame(firsts, "file string, first long")
    numbered = located.join(broadcast(starts), "file").withColumn(_ROW, col("first") + col("index"))
    rows = sum(counts)
    if raw is None:
        told = [(str(file["file"]).rsplit("/", 1)[-1], file["size"], file["count"]) for file in files]
        raw = RawTable("Parquet", _hash_of(place, told), headers, pl.DataFrame(), lambda: range(1, rows + 1))
    own = contract.under_headers(frozenset(headers), known_as={})
    read = [own.customer_id.source, own.tag.source, *(column.source for column in own.columns)]
    used = [str(headers.index(name)) for name in read if name in headers]
    cells = numbered.select(_ROW, *dict.fromkeys(used))
    return SparkTable(place.name, raw, _spread(cells), own, rows)


def accept(table: SparkTable, *, tag_required: bool = False) -> tuple[DataFrame, IntakeReport]:
    """The customers that the contract lets through, as `Reading` describes them, in no order; and the report.

    Lines beyond the first thousand of a breach are counted and not told. What was checked stays in Spark's cache.

    Errors: TableRefused when the contract refuses the table.
    """
    raw = replace(table.raw, lines=_none, whole=_whole(table))
    of_headers = replace(raw, cells=empty_of(table.cells.drop(_ROW)), rows=pl.Series([], dtype=pl.Int64))
    nobody, headers_breaches = check_part(of_headers, contract=table.contract, tag_required=tag_required)
    first = [for_adding(breach) for breach in headers_breaches]
    if any(breach.action == "refuse" and not breach.lines for breach in first):
        raise TableRefused(report_of_parts(table.name, table.raw, [first], rows=table.rows, kept=0))
    checked = _checked(table, replace(raw, unreadable={}), nobody, tag_required=tag_required).persist()
    told = [json.loads(line[_TOLD]) for line in checked.filter(col(_TOLD).isNotNull()).select(_TOLD).collect()]
    lines = table.raw.lines()
    parts = [[_in_lines(breach_from(one), lines) for one in part] for part in told]
    customers = checked.filter(col(_TOLD).isNull()).drop(_TOLD)
    report = report_of_parts(table.name, table.raw, [first, *parts], rows=table.rows, kept=customers.count())
    if report.refused:
        raise TableRefused(report)
    return customers, report


def _read(session: SparkSession, path: str) -> DataFrame:
    try:
        return session.read.parquet(path)
    except Exception as error:  # Spark's errors of many kinds carry Java's words
        raise UserError(
            f"{Path(path).name}: Spark cannot read it as Parquet ({type(error).__name__}). Give a folder of Parquet "
            "files, or one file."
        ) from error


def _spread(cells: DataFrame) -> DataFrame:
    """The cells in a partition for each processor at least: a small file would come in one."""
    wanted = cells.sparkSession.sparkContext.defaultParallelism
    return cells if cells.rdd.getNumPartitions() >= wanted else cells.repartition(wanted, _ROW)


def _hash_of(place: Path, files: Sequence[tuple[str, int, int]]) -> str:
    """A hash of the content where the files stand here; else of their names, sizes and rows."""
    digest = hashlib.sha256()
    if place.is_dir():
        for file in sorted(
            file for file in place.rglob("*") if file.is_file() and not file.name.startswith(("_", "."))
        ):
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    else:
        digest.update(json.dumps(files).encode())
    return digest.hexdigest()


def _none() -> Sequence[int]:
    return ()


def _checked(table: SparkTable, raw: RawTable, nobody: pl.DataFrame, *, tag_required: bool) -> DataFrame:
    """Customers, and for each part with a breach one row more in which `told` has its breaches as JSON."""
    contract = table.contract

    def check(cells: pl.DataFrame) -> pl.DataFrame:
        # Spark brings rows in any order, and lines are told in theirs.
        cells = cells.sort(_ROW)
        numbers = cells[_ROW]
        part = replace(raw, cells=cells.drop(_ROW, _HASH, strict=False), rows=numbers, lines=numbers.to_list)
        customers, breaches = check_part(part, contract=contract, tag_required=tag_required)
        # Whatever the headers lack was told once.
        own = [asdict(for_adding(breach)) for breach in breaches if breach.lines]
        told = pl.DataFrame({_TOLD: [json.dumps(own)] if own else []}, schema={_TOLD: pl.String})
        return pl.concat([customers.with_columns(pl.lit(None, pl.String).alias(_TOLD)), told], how="diagonal")

    schema = from_arrow_schema(nobody.with_columns(pl.lit(None, pl.String).alias(_TOLD)).to_arrow().schema)
    alone, repeated = _by_repetition(table, raw)
    checked = by_partition(alone, check, schema=schema)
    if repeated is None:
        return checked
    # All rows of a customer are settled together.
    return checked.union(by_partition(repeated.repartition(_HASH), check, schema=schema, together=True))


def _by_repetition(table: SparkTable, raw: RawTable) -> tuple[DataFrame, DataFrame | None]:
    """The rows of customers who have one, and those of customers who have several where the contract minds."""
    contract, header = table.contract, table.contract.customer_id.source
    if header not in raw.headers or contract.policy.repeated_customer_id == "keep":
        return table.cells, None
    place, kind = str(raw.headers.index(header)), raw.format
    is_whole = place in (raw.whole or ())

    def hashed(cells: pl.DataFrame) -> pl.DataFrame:
        hashes = hashes_of_ids(cells[place], kind, contract, whole=is_whole).reinterpret(signed=True)
        return cells.with_columns(hashes.alias(_HASH))

    rows = by_partition(table.cells, hashed, schema=StructType([*table.cells.schema.fields]).add(_HASH, "long"))
    counted = rows.filter(col(_HASH).isNotNull()).groupBy(_HASH).count()
    several = counted.filter(col("count") > 1).select(_HASH).persist()
    if several.isEmpty():
        return table.cells, None
    return rows.join(several, _HASH, "left_anti").select(rows.columns), rows.join(several, _HASH, "left_semi").select(
        rows.columns
    )


def _whole(table: SparkTable) -> frozenset[str]:
    """Columns of floats that are read as text and hold whole numbers alone."""
    types = dict(table.cells.dtypes)
    places = [str(table.raw.headers.index(name)) for name in read_as_text(table.contract) if name in table.raw.headers]
    floats = [place for place in places if types[place] in ("double", "float")]
    if not floats:
        return frozenset()

    def look(cells: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame({place: [all_whole(cells[place].fill_nan(None))] for place in floats})

    schema = reduce(lambda known, place: known.add(place, "boolean"), floats, StructType())
    seen = by_partition(table.cells.select(floats), look, schema=schema).distinct().collect()
    return frozenset(place for place in floats if all(line[place] for line in seen))


def _in_lines(breach: Breach, lines: Sequence[int]) -> Breach:
    """The breach with places in the file where it has numbers of rows."""
    return replace(breach, lines=tuple(lines[row - 1] for row in breach.lines))
