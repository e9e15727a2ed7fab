"""How two columns go together, measured as the published figures were.

Numbers: Pearson over the rows where both have a value. A category with a number: the correlation ratio (not squared), a
missing number counted as 0 and a missing category as a category of its own. Categories: Theil's U, missing likewise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from affluence.data.reference_bank.shaping import Codes, Floats

CATEGORIES = ("C_seg", "C_EDU", "C_HSE", "INCM_TYP", "gn_occ", "NUM_PRD", "HL_tag", "AL_tag")


@dataclass(frozen=True)
class Pair:
    """A published association: of `column` with `other`; Theil's U is of `column` given `other`."""

    column: str
    other: str
    published: float


def published_pairs(columns: Mapping[str, Mapping[str, Any]]) -> Iterator[Pair]:
    """Every published association once; Theil's U, which has a direction, once in each."""
    seen = set()
    for column, facts in columns.items():
        for other, value in facts.get("associations", {}).items():
            for key, figure in _directed(column, other, value):
                if key not in seen:
                    seen.add(key)
                    yield Pair(key[0], key[1], float(figure))


def _directed(column: str, other: str, value: float | list[float]) -> list[tuple[tuple[str, str], float]]:
    if isinstance(value, list):
        return [((other, column), float(value[0])), ((column, other), float(value[1]))]
    first, second = sorted((column, other))
    return [((first, second), float(value))]


class Associations:
    """The associations of one table, each measured when it is asked for."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._table = table

    def between(self, column: str, other: str) -> float:
        """The association of two columns; where it is undefined, not a number."""
        kinds = (column in CATEGORIES) + (other in CATEGORIES)
        if kinds == 2:
            return _uncertainty_coefficient(self._codes[column], self._codes[other])
        if kinds == 0:
            return _pearson(self._numbers[column], self._numbers[other])
        category, number = (column, other) if column in CATEGORIES else (other, column)
        return _correlation_ratio(self._codes[category], np.nan_to_num(self._numbers[number]))

    def common_rows(self, column: str, other: str) -> int:
        """Rows that the association rests on: for two numbers those where both have a value, else all."""
        if column in CATEGORIES or other in CATEGORIES:
            return self._table.height
        return int(np.isfinite(self._numbers[column] + self._numbers[other]).sum())

    @cached_property
    def _codes(self) -> dict[str, Codes]:
        return {name: _codes(self._table[name]) for name in CATEGORIES}

    @cached_property
    def _numbers(self) -> dict[str, Floats]:
        others = [name for name in self._table.columns if name not in CATEGORIES]
        return {name: self._table[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in others}


def _codes(values: pl.Series) -> Codes:
    return values.cast(pl.String).fill_null("").rank("dense").cast(pl.Int64).to_numpy() - 1


def _pearson(x: Floats, y: Floats) -> float:
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3 or np.ptp(x[both]) == 0 or np.ptp(y[both]) == 0:
        return float("nan")
    return float(np.corrcoef(x[both], y[both])[0, 1])


def _correlation_ratio(codes: Codes, values: Floats) -> float:
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    total = float(((values - values.mean()) ** 2).sum())
    return float(np.sqrt((counts * (means - values.mean()) ** 2).sum() / total)) if total else float("nan")


def _uncertainty_coefficient(target: Codes, given: Codes) -> float:
    """Theil's U: the share of the target's entropy that the given column takes away."""
    joint = np.bincount(target * (given.max() + 1) + given, minlength=(target.max() + 1) * (given.max() + 1))
    entropy = _entropy(np.bincount(target))
    if entropy == 0:
        return float("nan")
    return (entropy + _entropy(np.bincount(given)) - _entropy(joint)) / entropy


def _entropy(counts: Codes) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
