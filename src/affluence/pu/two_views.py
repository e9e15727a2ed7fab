"""Two views of a customer: what the balances here say of the tag, and what everything else says.

Where the bank has said which columns its tagging looked at, each fold's finder holds a booster in which no tree mixes
these with the others, so its log-odds of the tag fall exactly into the two. Nothing new is learned for it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.pu.cross_fitting import UNKNOWN_FOLD
from affluence.pu.fold_models import TrainedModel, placed
from affluence.pu.learners.split_additive import SplitAdditive
from affluence.pu.second_layer import FoldFinder


@dataclass(frozen=True)
class TwoViews:
    """Log-odds of the tag in two parts, row by row, each from models that never saw the customer.

    `here` is what the tag drivers (balances and products held here) add to a customer with typical ones, `elsewhere`
    what all the other columns say of a customer with typical ones here. Their sum is the split booster's whole score.
    """

    here: NDArray[np.float64]
    elsewhere: NDArray[np.float64]


def has_two_views(model: TrainedModel) -> bool:
    """Whether the model's log-odds fall into two: a finder that was told the tag drivers, and no other learner."""
    return bool(_splits(model))


def two_views(model: TrainedModel, customers: pl.DataFrame) -> TwoViews:
    """The two views of `customers`, row by row; the tag is not looked at.

    A customer that was trained on is seen by the fold model without them, a new one by all, whose mean counts.

    Errors: ValueError where the model has no two views (`has_two_views`).
    """
    splits = _splits(model)
    if not splits:
        raise ValueError("This model's log-odds do not fall into two parts; ask has_two_views first.")
    design, folds = placed(model, customers)
    here, elsewhere = np.zeros(len(design)), np.zeros(len(design))
    for fold, split in enumerate(splits):
        rows = np.flatnonzero((folds == fold) | (folds == UNKNOWN_FOLD))
        if len(rows):
            weight = np.where(folds[rows] == UNKNOWN_FOLD, 1 / len(splits), 1.0)
            by_drivers, by_rest = split.parts(design.rows(rows))
            here[rows] += weight * by_drivers
            elsewhere[rows] += weight * by_rest
    return TwoViews(here, elsewhere)


def _splits(model: TrainedModel) -> tuple[SplitAdditive, ...]:
    """The split boosters by fold, or none unless every fold has one."""
    firsts = [fitted.first.split for fitted in model.models if isinstance(fitted, FoldFinder)]
    splits = tuple(split for split in firsts if split is not None)
    return splits if len(splits) == len(model.models) else ()
