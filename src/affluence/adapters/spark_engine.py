"""The steps that touch every customer, on Spark: what `affluence.steps` does with a frame, done over partitions."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pyspark.sql import DataFrame, SparkSession

from affluence import progress
from affluence.adapters import spark, spark_doctor
from affluence.adapters.spark_intake import SparkTable, accept, open_table
from affluence.adapters.spark_population import SparkPopulation
from affluence.adapters.spark_training import draw
from affluence.data.contract import Contract
from affluence.data.examination import Examination
from affluence.data.intake_report import IntakeReport
from affluence.evaluation.sketches import sum_sketches
from affluence.evaluation.stability_limits import Limits
from affluence.pu.fold_models import TrainedModel
from affluence.pu.left_out import LeftOut
from affluence.pu.left_out import leave_out as leave_customers_out
from affluence.pu.storage import SKETCH
from affluence.pu.watching import Watched, compare, sketch_of

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SparkEngine:
    """Does the steps on Spark; a model is trained here, on `training_rows` customers at most.

    `master` and `settings` are as in `affluence.adapters.spark.start`.
    """

    master: str
    settings: Mapping[str, str]
    training_rows: int

    @property
    def session(self) -> SparkSession:
        """The one that runs, or a new one."""
        return spark.start(master=self.master, settings=self.settings)

    def open(self, path: str, *, contract: Contract, scratch: Path) -> SparkTable:
        """The table at `path`; see `affluence.adapters.spark_intake.open_table`."""
        progress.report("Opening the table with Spark", done=0, total=1)
        table = open_table(self.session, path, contract=contract, scratch=scratch)
        progress.report("Opening the table with Spark", done=1, total=1)
        return table

    def intake(self, table: SparkTable) -> tuple[DataFrame, IntakeReport]:
        """The customers that the table's contract accepts, and what was found. Errors: TableRefused."""
        return accept(table)

    def examine(self, accepted: DataFrame, contract: Contract) -> tuple[DataFrame, Contract, Examination]:
        """The treated customers, the contract that now holds, and all that the doctor found and did.

        The doctor asks all partitions; see `affluence.adapters.spark_doctor.examine`.
        """
        return spark_doctor.examine(accepted, contract)

    def leave_out(
        self, customers: DataFrame, do_not_train: Collection[str], *, seed: int, score_left_out: bool
    ) -> tuple[pl.DataFrame, DataFrame, LeftOut]:
        """Those who are learned from (a frame), those who are scored, and what is on record of the list."""
        drawn = self._drawn(customers)
        if not do_not_train:
            learned_from, left_out = leave_customers_out(drawn, do_not_train, key=seed)
            return learned_from, customers, left_out
        listed = self.session.createDataFrame([(one,) for one in do_not_train], "customer_id string").distinct()
        found = spark.gather(customers.join(listed, "customer_id", "left_semi").select(customers.columns), by="row")
        known = pl.concat([drawn, found], how="diagonal").unique("row", keep="first").sort("row")
        learned_from, left_out = leave_customers_out(known, do_not_train, key=seed)
        others = customers.join(listed, "customer_id", "left_anti").select(customers.columns)
        return learned_from, customers if score_left_out else others, left_out

    def score(self, model: TrainedModel, customers: DataFrame) -> DataFrame:
        """The scores of everyone, each by models that never saw that customer; with `tie_break`."""
        return spark.score(model, customers)

    def candidates(self, model: TrainedModel, scores: DataFrame) -> DataFrame:
        """The unlabelled of `scores` with exact ranks from 1."""
        return spark.candidates(model, scores)

    def population(
        self, model: TrainedModel, customers: DataFrame, scores: DataFrame, candidates: DataFrame
    ) -> SparkPopulation:
        """Everyone who was scored, for what is decided: the customers as the model learned to read them.

        Where the model has rules, they stay treated in Spark's cache (memory, then disk) while the session lasts.
        """
        learned = spark.by_rules(customers, model.rules).persist() if model.rules else customers
        return SparkPopulation(learned, scores, candidates)

    def beside_training(self, model: TrainedModel, customers: DataFrame, scores: DataFrame, limits: Limits) -> Watched:
        """How far customers and scores moved from those that the model learned from: counts of partitions, added up."""
        if model.sketch is None:
            return Watched(None)
        scored = customers.join(scores.select("row", "score"), "row")

        def count(frame: pl.DataFrame) -> pl.DataFrame:
            told = SKETCH.dump_json(sketch_of(model, frame, frame.select("row", "score")))
            return pl.DataFrame({"sketch": [told.decode()]})

        parts = spark.by_partition(scored, count, schema=spark.schema_of({"sketch": "string"})).collect()
        nobody = spark.empty_of(scored)
        sketches = filter(None, (SKETCH.validate_json(line["sketch"]) for line in parts))
        whole = sum_sketches([sketch_of(model, nobody, nobody), *sketches])
        return Watched(
            compare(model, whole, spark.gather(scores.select("row", "labelled_probability"), by="row"), limits)
        )

    def _drawn(self, customers: DataFrame) -> pl.DataFrame:
        rows = customers.count()
        if rows <= self.training_rows:
            return spark.gather(customers, by="row")
        _logger.warning("Of %s rows %s at most are learned from (training_rows).", f"{rows:,}", self.training_rows)
        return draw(customers, rows=self.training_rows)
