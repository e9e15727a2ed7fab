"""Gradient boosting in which no tree mixes the tag drivers with the other columns.

The score falls into two parts that add up: what the tag drivers say and what everything else says. Only the second
is free of how the bank gives its tag (as far as the columns are), so the label propensity is learned beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.learners.boosters import THREADS, booster_matrix, raw_output
from affluence.pu.learners.effort import Effort, booster_settings
from affluence.pu.learners.joined_trees import settled
from affluence.pu.learners.protocol import LogOdds, Tags


@dataclass(frozen=True)
class SplitAdditive:
    """A fitted split: the booster, where the tag drivers stand, and a typical value of each of them."""

    booster: xgb.Booster
    drivers: tuple[int, ...]
    typical: NDArray[np.float32]

    def rest(self, design: Design) -> LogOdds:
        """The log-odds of the tag with every tag driver at its typical value: what all the other columns say."""
        return raw_output(self.others, design.matrix)

    @cached_property
    def others(self) -> xgb.Booster:
        """The booster of `rest`: the trees of the tag drivers say of everyone what they say of typical ones."""
        return settled(self.booster, self.drivers, self.typical)

    def parts(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """What the tag drivers add to typical ones, and `rest`; their sum is the booster's log-odds of the tag."""
        rest = self.rest(design)
        whole = raw_output(self.booster, design.matrix)
        return whole - rest, rest


def fit_split_additive(
    design: Design, tags: Tags, *, drivers: Sequence[int], effort: Effort, seed: int
) -> SplitAdditive:
    """The split fitted to these customers; `drivers` are positions of columns of `design`."""
    names = list(design.names)
    drivers = tuple(drivers)
    others = [name for place, name in enumerate(names) if place not in drivers]
    apart = [part for part in ([names[place] for place in drivers], others) if part]
    parameters = booster_settings(effort, seed=seed) | {
        "objective": "binary:logistic",
        "base_score": float(np.clip(tags.mean(), 1e-6, 1 - 1e-6)),
        "interaction_constraints": apart,
        "nthread": THREADS,
    }
    booster = xgb.train(parameters, booster_matrix(design, tags), num_boost_round=round(effort.rounds * 1.25))
    return SplitAdditive(booster, drivers, _typical(design, drivers))


def _typical(design: Design, drivers: Sequence[int]) -> NDArray[np.float32]:
    """The median of a number (missing where most are), the most frequent code of a category."""
    values = []
    for place in drivers:
        column = design.matrix[:, place]
        known = column[~np.isnan(column)]
        if 2 * len(known) <= len(column):
            values.append(np.nan)
        elif design.categories[place]:
            values.append(float(np.bincount(known.astype(np.intp)).argmax()))
        else:
            values.append(float(np.median(known)))
    return np.array(values, dtype=np.float32)
