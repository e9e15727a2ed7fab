"""A table as counts: histograms on fixed edges, categories and missing cells. Counts of parts add up to the whole's.

A sketch holds no row. What is kept of the training table is compared with later ones in a time that knows nothing of
how many rows the model learned from, and the parts of a stream or the partitions of a cluster are counted each by
itself and summed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.data.contract import Column, ColumnType
from affluence.errors import UserError

# Twenty groups of about equal size: fine enough to read deciles from, coarse enough for a few hundred rows.
GROUPS = 20
# Names of categories beyond so many are counted and not told: a column of free text has as many as rows.
MOST_NAMES = 200
SCORE = "score"

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class ColumnSketch:
    """A column's cells: `counts` by group of `edges` or by category of `known`, `missing` ones, and `unseen` others.

    `edges` are the inner bounds of the groups, and empty for categories. `unseen` are cells of a category that is not
    among `known`, `unseen_names` the most frequent of these.
    """

    edges: tuple[float, ...] = ()
    known: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    missing: int = 0
    unseen: int = 0
    unseen_names: Mapping[str, int] | None = None

    @property
    def cells(self) -> int:
        """How many cells there are, missing ones among them."""
        return sum(self.counts) + self.missing + self.unseen

    @property
    def categorical(self) -> bool:
        """Whether it counts categories."""
        return self.unseen_names is not None

    def __add__(self, other: "ColumnSketch") -> "ColumnSketch":
        if (self.edges, self.known) != (other.edges, other.known):
            raise UserError("Two sketches on other edges cannot be added. Count both after the same model's sketch.")
        names = None
        if self.unseen_names is not None:
            names = _most(Counter(self.unseen_names) + Counter(other.unseen_names or {}))
        return ColumnSketch(
            self.edges,
            self.known,
            tuple(map(add, self.counts, other.counts)),
            self.missing + other.missing,
            self.unseen + other.unseen,
            names,
        )


@dataclass(frozen=True)
class Sketch:
    """A table of `rows` as counts, by column; the score is a column called `score`."""

    rows: int
    columns: Mapping[str, ColumnSketch]

    def __add__(self, other: "Sketch") -> "Sketch":
        if self.columns.keys() != other.columns.keys():
            apart = ", ".join(sorted(self.columns.keys() ^ other.columns.keys()))
            raise UserError(f"Two sketches are not of the same columns ({apart}), so that they cannot be added.")
        return Sketch(self.rows + other.rows, {name: part + other.columns[name] for name, part in self.columns.items()})

    def with_score(self, scores: NDArray[np.float64]) -> "Sketch":
        """The sketch with the score's own groups, laid by these scores."""
        return Sketch(self.rows, {**self.columns, SCORE: _lay_numbers(pl.Series(scores))})


def lay_sketch(customers: pl.DataFrame, columns: Sequence[Column]) -> Sketch:
    """The sketch of a training table: the groups are laid by its own cells. Columns that it lacks are left out."""
    laid = {
        column.name: (_lay_categories if column.type is ColumnType.CATEGORY else _lay_numbers)(customers[column.name])
        for column in columns
        if column.name in customers.columns
    }
    return Sketch(customers.height, laid)


def sketch_like(model: Sketch, customers: pl.DataFrame) -> Sketch:
    """The sketch of `customers`, or of a part of them, in the groups of the model's; `score` may stand among them.

    A column that is not there counts as missing throughout.
    """
    absent = pl.Series([None] * customers.height, dtype=pl.Float64)
    return Sketch(
        customers.height,
        {
            name: _count(column, customers[name] if name in customers.columns else absent)
            for name, column in model.columns.items()
        },
    )


def sum_sketches(parts: Sequence[Sketch]) -> Sketch:
    """The sketch of the whole whose parts these are, one or more."""
    return reduce(add, parts)


def _lay_numbers(cells: pl.Series) -> ColumnSketch:
    numbers = _finite(cells)
    edges = np.unique(np.quantile(numbers, np.arange(1, GROUPS) / GROUPS)) if len(numbers) else np.array([])
    return _count(ColumnSketch(edges=tuple(edges.tolist())), cells)


def _lay_categories(cells: pl.Series) -> ColumnSketch:
    known = cells.cast(pl.String).drop_nulls().unique().sort().to_list()
    return _count(ColumnSketch(known=tuple(known), unseen_names={}), cells)


def _count(like: ColumnSketch, cells: pl.Series) -> ColumnSketch:
    if like.categorical:
        return _count_categories(like.known, cells)
    numbers = _finite(cells)
    groups = np.searchsorted(like.edges, numbers, side="right")
    counts = np.bincount(groups, minlength=len(like.edges) + 1)
    return ColumnSketch(like.edges, counts=tuple(counts.tolist()), missing=len(cells) - len(numbers))


def _count_categories(known: tuple[str, ...], cells: pl.Series) -> ColumnSketch:
    held = cells.cast(pl.String).drop_nulls()
    found = Counter(dict(held.value_counts().iter_rows()))
    counts = tuple(found.pop(name, 0) for name in known)
    return ColumnSketch(
        known=known,
        counts=counts,
        missing=len(cells) - len(held),
        unseen=sum(found.values()),
        unseen_names=_most(found),
    )


def _finite(cells: pl.Series) -> NDArray[np.float64]:
    numbers = cells.cast(pl.Float64).drop_nulls().to_numpy()
    finite: NDArray[np.float64] = numbers[np.isfinite(numbers)]
    return finite


def _most(names: Counter[str]) -> dict[str, int]:
    return dict(sorted(names.items(), key=lambda named: (-named[1], named[0]))[:MOST_NAMES])
