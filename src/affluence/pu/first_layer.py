"""The first layer of the finder: learners whose scores the second layer learns from.

The second layer of a fold must learn from scores of customers whose models saw neither those customers nor that fold.
So learners are fitted once without each fold, to score that fold, and once without each pair of folds: a customer of
fold i gets, for the second layer of fold k, the score of the models without i and k. Nothing that a customer's tag
touched is then in that customer's own score, to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import Folds
from affluence.pu.learners.boosters import BoosterLearner, FittedBooster
from affluence.pu.learners.effort import Effort
from affluence.pu.learners.logistic import Scorecard
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.learners.split_additive import SplitAdditive, fit_split_additive
from affluence.pu.side_by_side import side_by_side

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FirstLayer:
    """The learners of one training set: boosters of the tag, a scorecard, and a split where tag drivers are known."""

    boosters: tuple[FittedBooster, ...]
    scorecard: Scorecard
    split: SplitAdditive | None

    @property
    def trees(self) -> tuple[xgb.Booster, ...]:
        """The boosters of the tag, whose mean is a member, and that of the rest where tag drivers are known."""
        rest = (self.split.others,) if self.split else ()
        return (*(fitted.booster for fitted in self.boosters), *rest)

    def read(self, design: Design, said: Floats) -> tuple[Floats, LogOdds]:
        """The `members`, and what the other columns say; `said` are the margins of `trees`, a row for each."""
        rest = said[-1] if self.split else np.zeros(len(design))
        return self._members(design, said[: len(self.boosters)]), rest

    def members(self, design: Design) -> Floats:
        """Customers x 2: the log-odds of the boosters (their mean) and of the scorecard."""
        return self._members(design, [booster.log_odds(design) for booster in self.boosters])

    def parts(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """What the tag drivers say, and what the other columns say (the rest); zeros where no tag drivers are known."""
        return self.split.parts(design) if self.split else (np.zeros(len(design)), np.zeros(len(design)))

    def _members(self, design: Design, boosted: Floats | Sequence[LogOdds]) -> Floats:
        return np.stack([np.mean(boosted, axis=0), self.scorecard.log_odds(design)], axis=1)


@dataclass(frozen=True)
class FirstScores:
    """First-layer scores for the second layer of one fold: of customers outside of it, by position."""

    rows: NDArray[np.intp]
    members: Floats
    rest: Floats
    by_drivers: Floats


@dataclass(frozen=True)
class CrossFitLayers:
    """The first layers, one for each fold, and what the second layers learn from."""

    layers: tuple[FirstLayer, ...]
    scores: tuple[FirstScores, ...]


def fit_first_layer(
    design: Design, tags: Tags, *, drivers: Sequence[int], effort: Effort, repeats: int, seed: int
) -> FirstLayer:
    """The learners fitted to these customers, `repeats` boosters with seeds of their own."""
    learner = tag_booster(effort)
    return FirstLayer(
        boosters=tuple(learner.fit(design, tags, seed=seed + 1_000 * repeat) for repeat in range(repeats)),
        scorecard=effort.scorecard.fit(design, tags, seed=seed),
        split=fit_split_additive(design, tags, drivers=drivers, effort=effort, seed=seed) if drivers else None,
    )


def cross_fit_first_layers(
    design: Design, tags: Tags, folds: Folds, *, drivers: Sequence[int], effort: Effort, seed: int
) -> CrossFitLayers:
    """First layers without each fold, and scores from layers without each pair of folds."""
    count = int(folds.max()) + 1
    left_out = [(fold,) for fold in range(count)] + list(combinations(range(count), 2))

    def fit_without(out: tuple[int, ...]) -> FirstLayer | dict[int, FirstScores]:
        inside = ~np.isin(folds, out)
        alone = len(out) == 1
        layer = fit_first_layer(
            design.rows(inside),
            tags[inside],
            drivers=drivers,
            effort=effort,
            repeats=effort.repeats if alone else 1,
            seed=seed + 10 * out[0] + out[-1],
        )
        return layer if alone else _scores_for(layer, design, folds, first=out[0], second=out[1])

    fitted = list(side_by_side(fit_without, left_out, stage="Learning the tag without each pair of folds"))
    layers = tuple(layer for layer in fitted if isinstance(layer, FirstLayer))
    pairs = [scores for scores in fitted if isinstance(scores, dict)]
    return CrossFitLayers(layers, tuple(_gather(pairs, fold) for fold in range(count)))


def tag_booster(effort: Effort) -> BoosterLearner:
    """The single booster's method at another effort."""
    return effort.booster.with_settings({"rounds": effort.rounds, "learning_rate": effort.learning_rate})


def _scores_for(layer: FirstLayer, design: Design, folds: Folds, *, first: int, second: int) -> dict[int, FirstScores]:
    """By the fold whose second layer may learn from them: the scores of the other fold's customers."""
    scores = {}
    for learns, scored in ((first, second), (second, first)):
        rows = np.flatnonzero(folds == scored)
        there = design.rows(rows)
        by_drivers, rest = layer.parts(there)
        scores[learns] = FirstScores(rows, layer.members(there), rest, by_drivers)
    return scores


def _gather(pairs: Sequence[dict[int, FirstScores]], fold: int) -> FirstScores:
    parts = [scores[fold] for scores in pairs if fold in scores]
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows)
    return FirstScores(
        rows=rows[order],
        members=np.concatenate([part.members for part in parts])[order],
        rest=np.concatenate([part.rest for part in parts])[order],
        by_drivers=np.concatenate([part.by_drivers for part in parts])[order],
    )
