"""Row-wise features: one table of definitions, each with its unit, its inputs and the reason why it is there.

A feature is a function of one customer's row alone, so the same definitions run on a frame, on a stream of batches
and on partitions, and a customer's features never depend on who else is in the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from affluence.data.contract import Column, ColumnType, Contract, Missing


class FeatureKind(StrEnum):
    """How a learner reads a feature."""

    NUMBER = "number"
    CATEGORY = "category"


@dataclass(frozen=True)
class Feature:
    """One feature: what it is called, what it is made of, and why a learner should see it.

    Without a `formula` it is its one input as it is.
    """

    name: str
    kind: FeatureKind
    unit: str | None
    inputs: tuple[str, ...]
    reason: str
    formula: pl.Expr | None = field(default=None, compare=False, repr=False)


# Every derived feature. It is computed for each table whose contract has all of its inputs.
DERIVED: tuple[Feature, ...] = (
    Feature(
        name="capital_result_usd",
        kind=FeatureKind.NUMBER,
        unit="USD a year",
        inputs=("capital_gain_usd", "capital_loss_usd"),
        reason="Gains less losses: what investments brought in the year, whichever way it went.",
        formula=pl.col("capital_gain_usd") - pl.col("capital_loss_usd"),
    ),
)


def features_of(contract: Contract) -> tuple[Feature, ...]:
    """The features of a contract's tables, in a fixed order: its columns as they are, then the derived ones.

    Columns that the contract forbids, and whatever is made of them, are not among them.
    """
    allowed = {column.name for column in contract.feature_columns}
    as_they_are = tuple(_column_feature(column) for column in contract.feature_columns)
    return as_they_are + tuple(feature for feature in DERIVED if allowed.issuperset(feature.inputs))


def compute_features(customers: pl.DataFrame, *, features: Sequence[Feature]) -> pl.DataFrame:
    """The features of `customers`, one row each in the same order, one column a feature.

    Numbers are 64-bit floats, categories strings; what is missing is null and stays so.
    """
    # Series by series: the query engine takes longer to plan a column that is as it is than a learner takes over a row.
    return pl.DataFrame([_values(customers, feature) for feature in features])


def _values(customers: pl.DataFrame, feature: Feature) -> pl.Series:
    values = customers[feature.inputs[0]] if feature.formula is None else customers.select(feature.formula).to_series()
    return values.cast(pl.String if feature.kind is FeatureKind.CATEGORY else pl.Float64).alias(feature.name)


def _column_feature(column: Column) -> Feature:
    missing = {
        Missing.DOES_NOT_HOLD: "missing says that the customer does not hold it",
        Missing.NOT_RECORDED: "missing says that nobody recorded it",
        Missing.REFUSED: "never missing",
    }[column.missing]
    return Feature(
        name=column.name,
        kind=FeatureKind.CATEGORY if column.type is ColumnType.CATEGORY else FeatureKind.NUMBER,
        unit=column.unit,
        inputs=(column.name,),
        reason=f"{column.meaning} As recorded; {missing}.",
    )
