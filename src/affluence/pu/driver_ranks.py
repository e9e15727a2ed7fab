"""Tag drivers as ranks: where a customer stands in the training table, turned so that more means more likely tagged.

The distribution is stored at fit, so a rank is a property of the customer's own row and not of the table scored with
it. A missing number ranks lowest: whoever does not hold a product holds least of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]

# Points at which a distribution is stored: a rank is right to a two-thousandth.
STORED_POINTS = 2_000
# A category's share of tagged is drawn towards that of all, as if by so many customers.
SMOOTHING = 10.0


@dataclass(frozen=True)
class DriverRank:
    """One tag driver: its place in the design, its distribution, and which way it points.

    `values` ascend and `ranks` are the shares of customers below, ties at their middle. For a category `shares` gives
    each code its smoothed share of tagged, whose rank then counts; the last is that of the missing.
    """

    column: int
    shares: tuple[float, ...] | None
    values: tuple[float, ...]
    ranks: tuple[float, ...]
    missing: float
    reversed: bool

    def of(self, design: Design) -> Floats:
        """The rank of each customer, 0 to 1."""
        numbers = _numbers(design.matrix[:, self.column], self.shares)
        rank = np.interp(numbers, *self._points) if self.values else np.full(len(numbers), self.missing)
        rank = np.where(np.isnan(numbers), self.missing, rank)
        return 1 - rank if self.reversed else rank

    @cached_property
    def _points(self) -> tuple[Floats, Floats]:
        """The distribution as arrays: thousands of points, made into arrays once and not for every customer."""
        return np.asarray(self.values), np.asarray(self.ranks)


def fit_driver_ranks(design: Design, tags: Tags, *, drivers: Sequence[int]) -> tuple[DriverRank, ...]:
    """The ranks of each of `drivers` (positions in `design`) among these customers."""
    return tuple(_fit(design, tags, column) for column in drivers)


def rank_matrix(ranks: Sequence[DriverRank], design: Design) -> Floats:
    """Customers x tag drivers, the rank of each."""
    return np.stack([rank.of(design) for rank in ranks], axis=1)


def tag_correlation(values: Floats, tags: Tags) -> float:
    """The correlation of ranks with the tag; 0 where either does not vary."""
    spread = float(values.std() * tags.std())
    return float(((values - values.mean()) * (tags - tags.mean())).mean() / spread) if spread > 0 else 0.0


def _fit(design: Design, tags: Tags, column: int) -> DriverRank:
    cells = design.matrix[:, column]
    shares = _tagged_shares(cells, tags, design.categories[column]) if design.categories[column] else None
    numbers = _numbers(cells, shares)
    missing = np.isnan(numbers)
    values, ranks = _distribution(numbers[~missing], below=float(missing.mean()))
    rank = DriverRank(column, shares, values, ranks, missing=float(missing.mean()) / 2, reversed=False)
    points_down = tag_correlation(rank.of(design), tags) < 0
    return DriverRank(column, shares, values, ranks, rank.missing, reversed=points_down)


def _distribution(known: Floats, *, below: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Ascending values and their ranks in (`below`, 1), thinned to the stored points."""
    values, counts = np.unique(known, return_counts=True)
    if not len(values):
        return (), ()
    middle = (np.cumsum(counts) - counts / 2) / len(known)
    if len(values) > STORED_POINTS:
        kept = np.unique(np.searchsorted(middle, np.linspace(0, 1, STORED_POINTS)).clip(max=len(values) - 1))
        values, middle = values[kept], middle[kept]
    return tuple(values.tolist()), tuple((below + (1 - below) * middle).tolist())


def _numbers(cells: NDArray[np.float32], shares: tuple[float, ...] | None) -> Floats:
    if shares is None:
        return cells.astype(np.float64)
    codes = np.where(np.isnan(cells), len(shares) - 1, cells).astype(np.intp)
    return np.asarray(shares)[codes]


def _tagged_shares(cells: NDArray[np.float32], tags: Tags, categories: int) -> tuple[float, ...]:
    codes = np.where(np.isnan(cells), categories, cells).astype(np.intp)
    counts = np.bincount(codes, minlength=categories + 1)
    tagged = np.bincount(codes, weights=tags, minlength=categories + 1)
    shares = (tagged + SMOOTHING * tags.mean()) / (counts + SMOOTHING)
    return tuple(shares.tolist())
