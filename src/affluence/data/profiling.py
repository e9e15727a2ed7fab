"""What the columns of a table look like, tagged customers beside unlabelled ones; no drawing."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from affluence.data.binning import Bin, category_bins, number_bins
from affluence.data.contract import Column, ColumnType, Contract, Missing, Use

__all__ = ["Bin", "ColumnProfile", "Spread", "profile_columns"]

_SMALLEST_GROUP = 10
"""Fewer people than this are never shown as a group of their own."""


@dataclass(frozen=True)
class Spread:
    """The mean and the percentiles of a number, in the column's unit."""

    mean: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True)
class ColumnProfile:
    """One column: what the contract says of it, and its values among the tagged and the unlabelled.

    Counts are rows. A spread is None for a category and for fewer than ten values.
    """

    name: str
    source: str
    type: ColumnType
    unit: str | None
    use: Use
    tag_driver: bool
    meaning: str
    missing_meaning: Missing
    rows_tagged: int
    rows_unlabelled: int
    missing_tagged: int
    missing_unlabelled: int
    distinct: int
    tagged: Spread | None
    unlabelled: Spread | None
    bins: tuple[Bin, ...]


def profile_columns(customers: pl.DataFrame, *, contract: Contract) -> tuple[ColumnProfile, ...]:
    """The profile of each of the contract's columns; without a tag, everyone counts as unlabelled."""
    tags = customers["tag"] if "tag" in customers.columns else pl.zeros(customers.height, eager=True)
    tagged = tags == 1
    return tuple(_profile(customers[column.name], tagged=tagged, column=column) for column in contract.columns)


def _profile(values: pl.Series, *, tagged: pl.Series, column: Column) -> ColumnProfile:
    of_tagged, of_unlabelled = values.filter(tagged), values.filter(~tagged)
    bins = category_bins if column.type is ColumnType.CATEGORY else number_bins
    return ColumnProfile(
        name=column.name,
        source=column.source,
        type=column.type,
        unit=column.unit,
        use=column.use,
        tag_driver=column.tag_driver,
        meaning=column.meaning,
        missing_meaning=column.missing,
        rows_tagged=len(of_tagged),
        rows_unlabelled=len(of_unlabelled),
        missing_tagged=of_tagged.null_count(),
        missing_unlabelled=of_unlabelled.null_count(),
        distinct=values.drop_nulls().n_unique(),
        tagged=_spread(of_tagged),
        unlabelled=_spread(of_unlabelled),
        bins=bins(values, tagged=tagged, smallest=_SMALLEST_GROUP),
    )


def _spread(values: pl.Series) -> Spread | None:
    known = values.drop_nulls()
    if not known.dtype.is_numeric() or len(known) < _SMALLEST_GROUP:
        return None
    numbers = known.cast(pl.Float64).to_numpy()
    return Spread(float(numbers.mean()), *map(float, np.quantile(numbers, [0.05, 0.25, 0.5, 0.75, 0.95])))
