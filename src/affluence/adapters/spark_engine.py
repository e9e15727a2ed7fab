"""The steps that touch every customer, on Spark: what `affluence.steps` does with a frame, done over partitions."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col
from pyspark.sql.functions import min as least
from pyspark.sql.functions import sum as total

from affluence import progress
from affluence.adapters import spark
from affluence.adapters.spark_intake import SparkTable, accept, open_table
from affluence.adapters.spark_training import draw
from affluence.data.contract import Contract
from affluence.data.doctor import Account, CellRule, RemedyAction, apply_cell_rules, cell_rules, to_apply
from affluence.data.examination import Examination, examine_customers
from affluence.data.intake_report import IntakeReport
from affluence.evaluation.sketches import sum_sketches
from affluence.evaluation.stability_limits import Limits
from affluence.pu.fold_models import TrainedModel
from affluence.pu.left_out import LeftOut
from affluence.pu.left_out import leave_out as leave_customers_out
from affluence.pu.sampled import WEIGHT
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

        The doctor looks at the customers that are learned from; what its remedies did is counted among all.
        """
        seen = self._drawn(accepted).drop(WEIGHT, strict=False)
        examined = examine_customers(seen, contract=contract)
        chosen = to_apply(examined.examination.findings)
        rules = [cell_rules(seen, finding) for finding in chosen]
        treated = _by_rules(accepted, [rule for each in rules for rule in each])
        if any(finding.remedy.action is RemedyAction.DROP_DUPLICATES for finding in chosen):
            treated = _without_copies(treated)
        accounts = examined.examination.accounts
        if seen.height < accepted.count():
            accounts = _counted(accounts, accepted, treated, rules)
        return treated, examined.contract, replace(examined.examination, accounts=accounts)

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


def _by_rules(customers: DataFrame, rules: Sequence[CellRule]) -> DataFrame:
    def ruled(frame: pl.DataFrame) -> pl.DataFrame:
        return apply_cell_rules(frame, rules)

    return spark.by_partition(customers, ruled, schema=customers.schema) if rules else customers


def _without_copies(customers: DataFrame) -> DataFrame:
    """One of each row, the first; an id that no two rows share does not make them different."""
    unique = customers.count() == customers.select("customer_id").distinct().count()
    same = [name for name in customers.columns if name != "row" and not (unique and name == "customer_id")]
    first = customers.groupBy(same).agg(least("row").alias("row")).select("row")
    return customers.join(first, "row", "left_semi").select(customers.columns)


def _counted(
    accounts: Sequence[Account], before: DataFrame, after: DataFrame, rules: Sequence[Sequence[CellRule]]
) -> tuple[Account, ...]:
    """The accounts, each of what its rules do, with the cells and rows of the whole table."""
    rows, rows_after = before.count(), after.count()
    told = []
    for account, changed in zip(accounts, _changed(before, rules), strict=True):
        left = rows_after if account.finding.remedy.action is RemedyAction.DROP_DUPLICATES else rows
        told.append(replace(account, rows_before=rows, rows_after=left, cells_changed=changed))
        rows = left
    return tuple(told)


def _changed(customers: DataFrame, steps: Sequence[Sequence[CellRule]]) -> list[int]:
    """How many cells each of the steps changes, one after the other."""
    if not steps:
        return []
    names = [f"step_{number}" for number in range(len(steps))]

    def count(frame: pl.DataFrame) -> pl.DataFrame:
        counts = []
        for rules in steps:
            treated = apply_cell_rules(frame, rules)
            columns = {rule.column for rule in rules if rule.column in frame.columns}
            counts.append(sum(int(frame[name].ne_missing(treated[name]).sum()) for name in columns))
            frame = treated
        return pl.DataFrame([counts], schema=dict.fromkeys(names, pl.Int64), orient="row")

    parts = spark.by_partition(customers, count, schema=spark.schema_of(dict.fromkeys(names, "long")))
    summed = parts.agg(*(total(col(name)).alias(name) for name in names)).collect()[0]
    return [int(summed[name] or 0) for name in names]
