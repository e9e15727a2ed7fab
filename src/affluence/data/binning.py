"""Groups of a column's values for a chart: readable edges, and no group of a few people."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_BINS = 20
MOST_CATEGORIES = 15
OTHERS = "others"

_LONG_TAIL = 10.0
"""A 99th percentile of so many medians makes equal steps useless: they then grow (1, 2, 5, 10, ...)."""

_MANY_ZEROS = 0.05
_ABOVE_ZERO = float(np.nextafter(0.0, 1.0))

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """A group of rows: those with low <= value < high, None for an open end; a category has neither bound."""

    label: str
    low: float | None
    high: float | None
    tagged: int
    unlabelled: int

    @property
    def rows(self) -> int:
        """The rows of the group, tagged or not."""
        return self.tagged + self.unlabelled


def category_bins(values: pl.Series, *, tagged: pl.Series, smallest: int) -> tuple[Bin, ...]:
    """The largest categories, largest first, and the rest together; each group has `smallest` rows at least.

    Others that are fewer take the smallest shown category with them.
    """
    frame = pl.DataFrame({"value": values, "tagged": tagged}).drop_nulls("value")
    counts = frame.group_by("value").agg(pl.len().alias("rows"), pl.col("tagged").sum())
    ordered = counts.sort("rows", "value", descending=[True, False]).rows()
    bins = [Bin(value, None, None, with_tag, rows - with_tag) for value, rows, with_tag in ordered]
    shown = min(MOST_CATEGORIES, sum(group.rows >= smallest for group in bins))
    while shown and 0 < sum(group.rows for group in bins[shown:]) < smallest:
        shown -= 1
    others = bins[shown:]
    together = Bin(OTHERS, None, None, sum(group.tagged for group in others), sum(group.unlabelled for group in others))
    return (*bins[:shown], *([together] if together.rows >= smallest else []))


def number_bins(values: pl.Series, *, tagged: pl.Series, smallest: int) -> tuple[Bin, ...]:
    """Groups of neighbouring numbers, at most 20, each of `smallest` rows at least; none for fewer rows.

    The outermost groups are open, so that a long tail does not squeeze the rest.
    """
    frame = pl.DataFrame({"value": values.cast(pl.Float64), "tagged": tagged}).drop_nulls("value")
    if frame.height < smallest:
        return ()
    numbers = frame["value"].to_numpy()
    edges = list(_crowded(_edges(numbers), ordered=np.sort(numbers), smallest=smallest))
    whole = bool(np.all(numbers == np.round(numbers)))
    bounds = list(pairwise([None, *edges, None]))
    counts = (
        frame.with_columns(group=pl.Series(np.searchsorted(edges, numbers, side="right")))
        .group_by("group")
        .agg(pl.len(), pl.col("tagged").sum(), least=pl.col("value").min(), most=pl.col("value").max())
        .sort("group")
    )
    bins = []
    for group, rows, with_tag, least, most in counts.rows():
        low, high = bounds[group]
        label = _written(least) if least == most else _label(low, high, whole=whole)
        bins.append(Bin(label, low, high, with_tag, rows - with_tag))
    return tuple(bins)


def _edges(numbers: Numbers) -> Numbers:
    """Readable bounds between groups; zeros, when many among positive numbers, are a group of their own."""
    if numbers.min() == 0 < numbers.max() and np.mean(numbers == 0) > _MANY_ZEROS:
        return np.concatenate([[_ABOVE_ZERO], _readable_edges(numbers[numbers > 0])])
    return _readable_edges(numbers)


def _readable_edges(numbers: Numbers) -> Numbers:
    """Round numbers from about the first to about the 99th percentile, in equal or in growing steps."""
    low, middle, high = (float(edge) for edge in np.quantile(numbers, [0.01, 0.5, 0.99]))
    if low > 0 and high > _LONG_TAIL * middle:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        edges = np.array([digit * 10.0**decade for decade in decades for digit in (1, 2, 5)])
        edges = edges[edges <= high][-(MOST_BINS - 2) :]
    else:
        step = _readable((high - low) / (MOST_BINS - 4))
        step = max(step, 1.0) if np.all(numbers == np.round(numbers)) else step
        edges = step * np.arange(math.ceil(low / step), math.floor(high / step) + 1, dtype=np.float64)
    inside: Numbers = edges[(edges > numbers.min()) & (edges <= numbers.max())]
    return inside


def _readable(step: float) -> float:
    """The next larger of 1, 2, 5 times a power of ten."""
    if step <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(digit * power for digit in (1, 2, 5, 10) if digit * power >= step))


def _crowded(edges: Numbers, *, ordered: Numbers, smallest: int) -> Iterator[float]:
    """The edges that leave `smallest` of the ordered numbers at least in every group."""
    start = 0
    for edge in edges:
        stop = int(np.searchsorted(ordered, edge, side="left"))
        if stop - start >= smallest and len(ordered) - stop >= smallest:
            yield float(edge)
            start = stop


def _label(low: float | None, high: float | None, *, whole: bool) -> str:
    if low is None:
        return "all" if high is None else "0 and below" if high == _ABOVE_ZERO else f"under {_written(high)}"
    start = "above 0" if low == _ABOVE_ZERO else _written(low)
    if high is None:
        return start if low == _ABOVE_ZERO else f"{start} and over"
    return f"{start} to {_written(high - 1 if whole else high)}"


def _written(number: float) -> str:
    return f"{number:,.10g}"
