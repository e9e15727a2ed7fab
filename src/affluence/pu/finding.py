"""Finding: the finder's two layers fitted in every fold, and every customer scored by the fold that never saw them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import Folds
from affluence.pu.first_layer import CrossFitLayers, cross_fit_first_layers
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.effort import Effort
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.second_layer import FoldFinder, fit_second_layer
from affluence.pu.side_by_side import side_by_side


@dataclass(frozen=True)
class Found:
    """The finders of the folds, and out of fold for each customer: the log-odds of the tag, and of being hidden.

    `corrected` is what the latter would be if the correction were wholly right. Where it and the tag disagree a verdict
    tells most.
    """

    layers: CrossFitLayers
    finders: tuple[FoldFinder, ...]
    labelled: LogOdds
    hidden: LogOdds
    corrected: LogOdds


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
        begun=found,
    )


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
    begun: Found | None = None,
) -> Found:
    def fit(fold: int) -> tuple[FoldFinder, NDArray[np.float64]]:
        finder = fit_second_layer(
            layers.layers[fold],
            layers.scores[fold],
            design,
            tags,
            drivers=drivers,
            verdicts=verdicts,
            effort=effort,
            seed=seed + fold,
            begun=begun.finders[fold] if begun else None,
        )
        there = design.rows(folds == fold)
        # Verdicts do not change what the first layer says of the tag.
        labelled = begun.labelled[folds == fold] if begun else finder.log_odds(there)
        corrected = finder.corrected(there)
        return finder, np.stack([labelled, finder.hidden(there, labelled, corrected), corrected])

    scores = np.zeros((3, len(tags)))
    finders = []
    fitted = side_by_side(fit, range(len(layers.layers)), stage="Learning who is affluent without a tag")
    for fold, (finder, of_fold) in enumerate(fitted):
        scores[:, folds == fold] = of_fold
        finders.append(finder)
    return Found(layers, tuple(finders), *scores)
