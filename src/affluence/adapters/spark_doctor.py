"""The table doctor on Spark: counts of partitions, added up. All rows are examined, and no machine holds them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl
from pyspark.sql import DataFrame
from pyspark.sql.functions import col, count
from pyspark.sql.functions import min as least
from pyspark.sql.functions import sum as total
from pyspark.sql.pandas.types import from_arrow_schema

from affluence.adapters.spark import by_partition, by_rules, empty_of, schema_of
from affluence.data.contract import Contract
from affluence.data.doctor import Account, CellRule, Finding, RemedyAction, apply_cell_rules
from affluence.data.doctor.countable import ROW, Part, whole_counts
from affluence.data.doctor.examining import examine_subject
from affluence.data.doctor.plain import OUR_ROW
from affluence.data.doctor.subject import countable_subject
from affluence.data.doctor.treatment import cell_rules_of, cells_changed, excluded_by
from affluence.data.examination import Examination, chosen_remedies, forbidding

_CHANGED = "changed"


def examine(customers: DataFrame, contract: Contract) -> tuple[DataFrame, Contract, Examination]:
    """What `affluence.steps.examine` gives: treated customers, the contract that now holds, what was found and done.

    `customers` are those that the contract accepted, with `row`. All of them are examined and findings are those of
    one process, whatever the partitions. This process holds the different values of one number at a time (32 bytes
    each), up to 20,000 texts of a column, and the sample that the doctor looks at; of a column with more texts those
    that 30 rows share.

    Errors: ContractError when the contract wants a remedy applied that is a matter of the column's type.
    """
    subject = countable_subject(countable(customers), contract=contract, seed=0)
    findings = examine_subject(subject)
    chosen = chosen_remedies(findings)
    rules = [
        cell_rules_of(each, columns=each.remedy.columns, texts=lambda name: subject.word_counts[name])
        for each in chosen
    ]
    treated, accounts = _treated(customers, chosen, rules, rows=subject.rows)
    examination = Examination(findings, accounts, tuple(rule for of_one in rules for rule in of_one))
    return treated, forbidding(contract, excluded_by(chosen)), examination


def countable(customers: DataFrame) -> "CountableOnSpark":
    """The customers as a table that the doctor can ask."""
    return CountableOnSpark(customers, _with_row_number, (OUR_ROW,))


@dataclass(frozen=True)
class CountableOnSpark:
    """A table in partitions that is asked for counts; see `affluence.data.doctor.countable.Countable`.

    `reading` makes of a part of `table` what the doctor sees; for that it needs the columns `always`.
    """

    table: DataFrame
    reading: Part
    always: tuple[str, ...]

    @property
    def empty(self) -> pl.DataFrame:
        """As `Countable` says."""
        return self.reading(empty_of(self.table))

    def read_as(self, reading: Part, *, always: Sequence[str] = ()) -> "CountableOnSpark":
        """As `Countable` says."""
        both = partial(_read_twice, first=self.reading, then=reading)
        return replace(self, reading=both, always=(*self.always, *always))

    def gather(self, columns: Sequence[str], of: Part) -> pl.DataFrame:
        """As `Countable` says."""
        headers = of(self.empty.select(columns)).columns
        # Columns travel by their places: Spark does not take every header for a name.
        rows = self._asked(columns, partial(_by_places, of=of))
        return pl.DataFrame(rows.toArrow()).rename(dict(zip(rows.columns, headers, strict=True)))

    def tally(self, columns: Sequence[str], of: Part, *, by: Sequence[str], fewest: int = 0) -> pl.DataFrame:
        """As `Countable` says."""
        summed = self._summed(columns, of, by=by)
        return pl.DataFrame((summed.filter(col("rows") >= fewest) if fewest else summed).toArrow())

    def spread(
        self, columns: Sequence[str], of: Part, *, by: Sequence[str], within: Sequence[str] = ()
    ) -> pl.DataFrame:
        """As `Countable` says."""
        summed = self._summed(columns, of, by=by)
        same = [*within, *(name for name in summed.columns if name not in by)]
        return pl.DataFrame(summed.groupBy(*same).agg(count("*").alias("keys")).toArrow()).sort(same)

    def _summed(self, columns: Sequence[str], of: Part, *, by: Sequence[str]) -> DataFrame:
        counted = self._asked(columns, partial(_whole, of=of, by=tuple(by)))
        return counted.groupBy(*by).agg(*(total(name).alias(name) for name in counted.columns if name not in by))

    def _asked(self, columns: Sequence[str], of: Part) -> DataFrame:
        """What `of` gives of each part, of which no more is sent than it needs."""
        needed = [name for name in self.table.columns if name in columns or name in self.always]
        asked = partial(_read_and_asked, reading=self.reading, columns=tuple(columns), of=of)
        sent = self.table.select(*(f"`{name}`" for name in needed))
        return by_partition(sent, asked, schema=from_arrow_schema(asked(empty_of(sent)).to_arrow().schema))


def _with_row_number(part: pl.DataFrame) -> pl.DataFrame:
    # Beside its number, `row` stays a column as it is one of a frame.
    return part.with_columns(pl.col(OUR_ROW).cast(pl.Int64).alias(ROW))


def _read_twice(part: pl.DataFrame, *, first: Part, then: Part) -> pl.DataFrame:
    return then(first(part))


def _read_and_asked(part: pl.DataFrame, *, reading: Part, columns: Sequence[str], of: Part) -> pl.DataFrame:
    return of(reading(part).select(columns))


def _whole(part: pl.DataFrame, *, of: Part, by: Sequence[str]) -> pl.DataFrame:
    return whole_counts(of(part), by=by)


def _by_places(part: pl.DataFrame, *, of: Part) -> pl.DataFrame:
    left = of(part)
    return left.rename({name: str(place) for place, name in enumerate(left.columns)})


def _treated(
    customers: DataFrame, chosen: Sequence[Finding], rules: Sequence[Sequence[CellRule]], *, rows: int
) -> tuple[DataFrame, tuple[Account, ...]]:
    """The customers after one remedy after the other, and what each did. Rows in parts are in no order to shuffle."""
    accounts = []
    width = len(customers.columns)
    for finding, rules_of_it in zip(chosen, rules, strict=True):
        copies_go = finding.remedy.action is RemedyAction.DROP_DUPLICATES
        treated = _without_copies(customers) if copies_go else by_rules(customers, rules_of_it)
        left = treated.count() if copies_go else rows
        accounts.append(Account(finding, rows, left, width, width, _changed(customers, rules_of_it)))
        customers, rows = treated, left
    return customers, tuple(accounts)


def _without_copies(customers: DataFrame) -> DataFrame:
    """One of each row, the first; an id that no two rows share does not make them different."""
    unique = customers.count() == customers.select("customer_id").distinct().count()
    same = [name for name in customers.columns if name != OUR_ROW and not (unique and name == "customer_id")]
    first = customers.groupBy(same).agg(least(OUR_ROW).alias(OUR_ROW)).select(OUR_ROW)
    return customers.join(first, OUR_ROW, "left_semi").select(customers.columns)


def _changed(customers: DataFrame, rules: Sequence[CellRule]) -> int:
    """How many cells the rules change."""
    if not rules:
        return 0
    counted = by_partition(customers, partial(_count_changed, rules=rules), schema=schema_of({_CHANGED: "long"}))
    return int(counted.agg(total(_CHANGED).alias(_CHANGED)).collect()[0][_CHANGED] or 0)


def _count_changed(part: pl.DataFrame, *, rules: Sequence[CellRule]) -> pl.DataFrame:
    treated = apply_cell_rules(part, rules)
    columns = {rule.column for rule in rules}
    return pl.DataFrame({_CHANGED: [sum(cells_changed(part[name], treated[name]) for name in columns)]})
