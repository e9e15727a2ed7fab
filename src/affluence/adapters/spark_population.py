"""Everyone who was scored, on Spark: the questions of `affluence.decision.population`, answered over partitions.

This process holds the answers: the people asked for, counts, and of everyone row, score and tag (17 bytes a row). What
wants all values of a column is told by a worker that gets that column alone, with the core's own function.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.functions import array, broadcast, col, posexplode
from pyspark.sql.functions import count as number_of
from pyspark.sql.functions import max as greatest
from pyspark.sql.functions import min as least
from pyspark.sql.pandas.types import to_arrow_schema

from affluence.adapters.spark import by_partition, empty_of, gather, schema_of
from affluence.data.contract import Column, ColumnType, Contract
from affluence.decision.group_figures import (
    NO_LINES,
    GroupFigures,
    count_groups,
    numbers_of,
    quartiles_of,
    with_group,
)
from affluence.decision.reason_words import Typical, Usual, typical_of
from affluence.pu.cross_fitting import customer_digests

_LINES = {
    "subject": "string",
    "figure": "string",
    "group": "string",
    "value": "double",
    "people": "long",
    "cell": "long",
}

OfColumn = Callable[[pl.DataFrame, Column], pl.DataFrame]


@dataclass(frozen=True)
class SparkPopulation:
    """A population in partitions: `customers` as learned, the score table and the candidates with their ranks."""

    customers: DataFrame
    scored: DataFrame
    candidates: DataFrame

    @property
    def columns(self) -> Sequence[str]:
        """The names of the customers' columns."""
        return list(self.customers.columns)

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Row, score and tag of everyone, in the order of the rows."""
        names = [name for name in ("row", "score", "tag") if name in self.scored.columns]
        return gather(self.scored.select(names), by="row")

    def first(self, contacts: int) -> pl.DataFrame:
        """The so many best candidates, best first."""
        return _ranked(self.candidates.filter(col("rank") <= contacts))

    def until(self, contacts: int, *, without: pl.Series) -> pl.DataFrame:
        """The ranking down to where so many customers stand who are not `without`; all of it where they are fewer."""
        away = self._few(without, "customer_id", "string")
        free = self.candidates.join(away, "customer_id", "left_anti")
        best = free.groupBy("customer_id").agg(least("rank").alias("rank")).orderBy("rank").limit(contacts)
        found = best.agg(number_of("rank").alias("people"), greatest("rank").alias("last")).collect()[0]
        return _ranked(self.candidates) if found["people"] < contacts else self.first(found["last"])

    def known(self, customer_ids: pl.Series) -> pl.Series:
        """Those of the ids that the table has."""
        asked = self._few(customer_ids, "customer_id", "string")
        found = self.customers.select("customer_id").join(asked, "customer_id", "left_semi").distinct()
        return gather(found, by="customer_id")["customer_id"]

    def people(self, rows: pl.Series) -> pl.DataFrame:
        """All columns of the customers with these rows, in that order."""
        found = gather(self.customers.join(self._few(rows, "row", "long"), "row", "left_semi"), by="row")
        wanted = rows.cast(pl.Int64).rename("row").to_frame()
        return wanted.join(found, on="row", how="inner", maintain_order="left").select(self.columns)

    def compared(self, most: int, *, key: int) -> pl.Series:
        """The rows of at most so many, those with the least keyed digests of the id."""
        if self.scores.height <= most:
            return self.scores["row"]

        def digest(frame: pl.DataFrame) -> pl.DataFrame:
            # Spark has no unsigned numbers; with the first bit turned the order stays.
            digests = customer_digests(frame["customer_id"], key=key) ^ np.uint64(1 << 63)
            return frame.select("row", pl.Series("digest", digests.view(np.int64)))

        kinds = schema_of({"row": "long", "digest": "long"})
        digests = by_partition(self.customers.select("row", "customer_id"), digest, schema=kinds)
        return pl.DataFrame(digests.orderBy("digest", "row").limit(most).toArrow()).sort("digest", "row")["row"]

    def typical(self, columns: Sequence[Column]) -> Typical:
        """What is usual of everyone, with and without the tag."""

        def usual(values: pl.DataFrame, column: Column) -> pl.DataFrame:
            return pl.DataFrame({"told": [json.dumps(asdict(typical_of(values, [column])))]})

        texts = [column for column in columns if column.type is ColumnType.CATEGORY]
        numbers = [column for column in columns if column.type is not ColumnType.CATEGORY]
        tag = [name for name in ("tag",) if name in self.columns]
        kinds = {"told": "string"}
        told = [
            *_by_column(self.customers, texts, usual, beside=tag, kind="string", kinds=kinds)["told"],
            *_by_column(self.customers, numbers, usual, beside=tag, kind="double", kinds=kinds)["told"],
        ]
        # Of a table without rows no column is told; whether the tagged are enough to be spoken of, no column says.
        of_nobody, of_no_column = typical_of(empty_of(self.customers), columns), typical_of(self.scores, ())
        return _together([asdict(of_nobody), asdict(of_no_column), *map(json.loads, told)])

    def figures(self, placed: pl.DataFrame, contract: Contract) -> GroupFigures:
        """What is counted of the segments in `placed` and of all others."""
        segments = placed.select(pl.col("row").cast(pl.Int64), pl.col("segment").cast(pl.String))
        numbers = numbers_of(contract, self.columns)

        def count(frame: pl.DataFrame) -> pl.DataFrame:
            return count_groups(with_group(frame, segments), contract)

        def group(frame: pl.DataFrame) -> pl.DataFrame:
            return with_group(frame, segments).select("group", *(column.name for column in numbers))

        counted = count(empty_of(self.customers)).columns
        kinds = {name: "string" if name == "group" else "long" for name in counted}
        counts = pl.DataFrame(by_partition(self.customers, count, schema=schema_of(kinds)).toArrow())
        schema = schema_of({"group": "string", **{column.name: "double" for column in numbers}})
        grouped = by_partition(self.customers, group, schema=schema)
        quartiles = _by_column(grouped, numbers, quartiles_of, beside=["group"], kind="double", kinds=_LINES)
        return GroupFigures(
            counts=counts.group_by("group").sum().select(counted), quartiles=quartiles.select(NO_LINES.columns)
        )

    def _few(self, values: pl.Series, name: str, kind: str) -> DataFrame:
        """The values, each once, as a table of one column that every worker gets."""
        table = values.rename(name).unique().to_frame().to_arrow().cast(to_arrow_schema(schema_of({name: kind})))
        return broadcast(self.customers.sparkSession.createDataFrame(table))


def _ranked(candidates: DataFrame) -> pl.DataFrame:
    """The candidates by rank, which is counted as a frame counts it: Spark has no such kind of number."""
    return gather(candidates, by="rank").with_columns(pl.col("rank").cast(pl.UInt32))


def _by_column(
    table: DataFrame,
    columns: Sequence[Column],
    of: OfColumn,
    *,
    beside: Sequence[str],
    kind: str,
    kinds: Mapping[str, str],
) -> pl.DataFrame:
    """What `of` makes of each of the columns, in their order: it gets the values of all rows, and what stands `beside`.

    All values of a column come together on one worker; no two columns need to.
    """
    schema = schema_of({"place": "long", **kinds})
    wanted = to_arrow_schema(schema)
    if not columns:
        return pl.DataFrame(wanted.empty_table())
    values = array(*(col(column.name).cast(kind) for column in columns))
    long = table.select(*beside, posexplode(values).alias("place", "value"))

    def each(part: pa.Table) -> pa.Table:
        place = int(part["place"][0].as_py())
        frame = pl.DataFrame(part).drop("place").rename({"value": columns[place].name})
        told = of(frame, columns[place]).with_columns(place=pl.lit(place))
        return told.select(wanted.names).to_arrow().cast(wanted)

    told = long.groupBy("place").applyInArrow(each, schema)
    return pl.DataFrame(told.toArrow()).sort("place", maintain_order=True)


def _together(told: Iterable[Mapping[str, Any]]) -> Typical:
    """What was told column by column, as one."""
    parts = list(told)
    normal, affluent = (_usual([part[side] for part in parts if part[side]]) for side in ("normal", "affluent"))
    return Typical(normal or Usual({}, {}, {}), affluent)


def _usual(parts: Sequence[Mapping[str, Any]]) -> Usual | None:
    if not parts:
        return None
    return Usual(**{name: {key: one for part in parts for key, one in part[name].items()} for name in parts[0]})
