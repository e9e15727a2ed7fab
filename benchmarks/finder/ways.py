"""What a method is: a way to score every row, which tag drivers it is told, and who reviews for it.

A way sees columns, tags, customers and declared tag drivers. What it learns of the truth, reviewers tell it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import polars as pl
from benchmarks.finder.reviewers import Care
from numpy.typing import NDArray

from affluence.pu.class_prior import HiddenCount
from affluence.pu.cross_fitting import Folds, customer_digests, deal_folds
from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]
Groups = NDArray[np.int64]
Review = Callable[[pl.DataFrame], pl.DataFrame]
Declared = Literal["none", "all", "all but the first"]

FOLDS = 5


@dataclass(frozen=True)
class Answer:
    """What a method says: a score for each row, how many are hidden if it counts, and the seconds of each step."""

    scores: Floats
    count: HiddenCount | None
    seconds: Mapping[str, float]


class Way(Protocol):
    """Scores every row of a table from its columns, its tags and its customers."""

    def __call__(
        self,
        columns: pl.DataFrame,
        tags: Tags,
        groups: Groups,
        *,
        drivers: Sequence[str] | None,
        review: Review | None,
        seed: int,
    ) -> Answer:
        """The answer; equal arguments give equal answers."""
        ...


@dataclass(frozen=True)
class Method:
    """A way, its row's title, which tag drivers it is told, and who reviews for it (None: nobody)."""

    title: str
    way: Way
    drivers: Declared = "none"
    care: Care | None = None

    def told(self, drivers: tuple[str, ...]) -> tuple[str, ...] | None:
        """The tag drivers that this method is told of."""
        return {"none": None, "all": drivers, "all but the first": drivers[1:]}[self.drivers]


def folds_of(groups: Groups, tags: Tags, *, seed: int) -> Folds:
    """The folds in which the other ways are cross-fitted, dealt by customer as the finder deals its own."""
    return deal_folds(customer_digests(groups, key=seed), tags, folds=FOLDS)
