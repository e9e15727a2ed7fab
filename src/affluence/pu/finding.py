"""Finding: the finder's two layers fitted in every fold, and every customer scored by the fold that never saw them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import Folds
from affluence.pu.first_layer import CrossFitLayers, cross_fit_first_layers, side_by_side
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.effort import Effort
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.second_layer import FoldFinder, fit_second_layer

UNKNOWN_FOLD = -1


@dataclass(frozen=True)
class Found:
    """The finders of the folds, and out of fold for each customer: the log-odds of the tag, and of being hidden."""

    layers: CrossFitLayers
    finders: tuple[FoldFinder, ...]
    labelled: LogOdds
    hidden: LogOdds


def find(
    design: Design,
    tags: Tags,
    folds: Folds,
    *,
    drivers: Sequence[int],
    effort: Effort,
    seed: int,
    verdicts: Verdicts | None = None,
) -> Found:
    """Both layers fitted in every fold; `drivers` are positions in `design` of the tag drivers.

    A verdict, as a tag, does not reach the score of the customer whom it is about: the finder of a fold learns from the
    verdicts of the other folds alone.
    """
    layers = cross_fit_first_layers(design, tags, folds, drivers=drivers, effort=effort, seed=seed)
    return _second(layers, design, tags, folds, drivers=drivers, effort=effort, seed=seed, verdicts=verdicts)


def find_again(
    found: Found,
    design: Design,
    tags: Tags,
    folds: Folds,
    *,
    drivers: Sequence[int],
    effort: Effort,
    seed: int,
    verdicts: Verdicts,
) -> Found:
    """`found` after new verdicts: the first layers stay, the second are renewed from where they were."""
    return _second(
        found.layers,
        design,
        tags,
        folds,
        drivers=drivers,
        effort=effort,
        seed=seed,
        verdicts=verdicts,
        begun=found.finders,
    )


def score_by_folds(
    finders: Sequence[FoldFinder], design: Design, folds: NDArray[np.integer]
) -> tuple[LogOdds, LogOdds]:
    """The log-odds of the tag and of being hidden: a known customer's by the fold's own finder, an unknown's by all.

    `folds` is the fold of each customer in which they were trained on, `UNKNOWN_FOLD` for one who was not; all finders
    then score, and their mean counts.
    """
    labelled, hidden = np.zeros(len(design)), np.zeros(len(design))
    for fold, finder in enumerate(finders):
        rows = np.flatnonzero((folds == fold) | (folds == UNKNOWN_FOLD))
        if len(rows):
            weight = np.where(folds[rows] == UNKNOWN_FOLD, 1 / len(finders), 1.0)
            there = design.rows(rows)
            by_tag, by_truth = finder.score(there)
            labelled[rows] += weight * by_tag
            hidden[rows] += weight * by_truth
    return labelled, hidden


def _second(
    layers: CrossFitLayers,
    design: Design,
    tags: Tags,
    folds: Folds,
    *,
    drivers: Sequence[int],
    effort: Effort,
    seed: int,
    verdicts: Verdicts | None,
    begun: Sequence[FoldFinder] | None = None,
) -> Found:
    def fit(fold: int) -> tuple[FoldFinder, LogOdds, LogOdds]:
        finder = fit_second_layer(
            layers.layers[fold],
            layers.scores[fold],
            design,
            tags,
            drivers=drivers,
            verdicts=verdicts,
            effort=effort,
            seed=seed + fold,
            begun=begun[fold] if begun else None,
        )
        return finder, *finder.score(design.rows(folds == fold))

    labelled, hidden = np.zeros(len(tags)), np.zeros(len(tags))
    finders = []
    fitted = side_by_side(fit, range(len(layers.layers)), stage="Learning who is affluent without a tag")
    for fold, (finder, by_tag, by_truth) in enumerate(fitted):
        labelled[folds == fold], hidden[folds == fold] = by_tag, by_truth
        finders.append(finder)
    return Found(layers, tuple(finders), labelled, hidden)
