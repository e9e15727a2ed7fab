"""The ways that others use, with settings that are frozen here. All but the first are out of fold by customer.

Nobody's settings were searched, ours or theirs; where a choice was to be made it was the one that does better by them.
None is told of tag drivers, for none has a use for them. PU bagging is Mordelet & Vert's (2014, Pattern Recognition
Letters 37), nnPU Kiryo et al.'s (2017, NeurIPS).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import xgboost as xgb
from benchmarks.finder.data import design_of
from benchmarks.finder.ways import Answer, Floats, Groups, Method, Review, folds_of
from numpy.typing import NDArray
from scipy.special import expit, logit

from affluence.features.preprocessing import Design
from affluence.pu.class_prior import top_purity
from affluence.pu.cross_fitting import cross_fit
from affluence.pu.in_sample import in_sample_log_odds
from affluence.pu.learners.boosters import THREADS, BoosterLearner, booster_matrix
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.protocol import Tags
from affluence.pu.side_by_side import side_by_side

# Scores of `scored` from what was learned of other customers.
Score = Callable[[Design, Tags, Design, int], Floats]

# XGBoost's own defaults: 100 trees of depth 6 at a rate of 0.3.
DEFAULT = BoosterLearner("default", "XGBoost, default settings", 100, {"objective": "binary:logistic"})
BAGS = 20
# Half of the customers learn the tag and the others are looked at: two fits, as cheap as one.
PRIOR_FOLDS = 2
# Tags that say nothing suggest a share beyond all, which has no log-odds.
MOST_AFFLUENT = 0.99
SEED_STRIDE = 1_000


@dataclass(frozen=True)
class OutOfFold:
    """Each fold scored by what was learned of the other folds, the folds side by side."""

    score: Score

    def __call__(
        self,
        columns: pl.DataFrame,
        tags: Tags,
        groups: Groups,
        *,
        drivers: Sequence[str] | None,  # noqa: ARG002
        review: Review | None,  # noqa: ARG002
        seed: int,
    ) -> Answer:
        """The scores, and the seconds that they took."""
        started = time.perf_counter()
        design, folds = design_of(columns), folds_of(groups, tags, seed=seed)

        def score_fold(fold: int) -> Floats:
            inside = folds == fold
            return self.score(design.rows(~inside), tags[~inside], design.rows(inside), SEED_STRIDE * seed + fold)

        scores = np.empty(len(tags))
        for fold, found in enumerate(side_by_side(score_fold, range(int(folds.max()) + 1), stage=None)):
            scores[folds == fold] = found
        return Answer(scores, count=None, seconds={"fit": time.perf_counter() - started})


@dataclass(frozen=True)
class Boosted:
    """A booster of the tag."""

    learner: BoosterLearner

    def __call__(self, design: Design, tags: Tags, scored: Design, seed: int) -> Floats:
        """Its log-odds."""
        return self.learner.fit(design, tags, seed=seed).log_odds(scored)


@dataclass(frozen=True)
class Bagged:
    """PU bagging: boosters of all the tagged beside `ratio` times as many untagged, drawn anew for each, averaged.

    The boosters are those of the finder's fast mode, whose sixty rounds are enough for one bag of many.
    """

    ratio: int

    def __call__(self, design: Design, tags: Tags, scored: Design, seed: int) -> Floats:
        """The mean of their log-odds."""
        random = np.random.default_rng(seed)
        tagged, untagged = np.flatnonzero(tags == 1), np.flatnonzero(tags == 0)
        drawn = min(len(untagged), self.ratio * len(tagged))
        total = np.zeros(len(scored))
        for bag in range(BAGS):
            rows = np.concatenate([tagged, random.choice(untagged, drawn, replace=False)])
            total += _quick_booster().fit(design.rows(rows), tags[rows], seed=seed + bag).log_odds(scored)
        return total / BAGS


def in_sample(
    columns: pl.DataFrame,
    tags: Tags,
    groups: Groups,  # noqa: ARG001
    *,
    drivers: Sequence[str] | None,  # noqa: ARG001
    review: Review | None,  # noqa: ARG001
    seed: int,
) -> Answer:
    """The usual mistake: rows repeated, a booster of deep trees, asked about the rows that it learned from."""
    started = time.perf_counter()
    scores = in_sample_log_odds(design_of(columns), tags, seed=seed)
    return Answer(scores, count=None, seconds={"fit": time.perf_counter() - started})


def nnpu_boosted(design: Design, tags: Tags, scored: Design, seed: int) -> Floats:
    """The regularised booster under the non-negative PU risk, with the prior that the tags suggest."""
    prior = estimated_prior(design, tags, seed=seed)
    parameters = {key: value for key, value in GRADIENT_BOOSTING.parameters.items() if key != "objective"}
    parameters |= {"tree_method": "hist", "seed": seed, "nthread": THREADS, "verbosity": 0}
    booster = xgb.train(
        parameters | {"base_score": float(logit(prior))},
        booster_matrix(design, tags),
        num_boost_round=GRADIENT_BOOSTING.rounds,
        obj=lambda margins, _: nnpu_gradients(margins.astype(np.float64), tags == 1, prior),
    )
    scores: Floats = booster.predict(booster_matrix(scored), output_margin=True).astype(np.float64)
    return scores


def nnpu_gradients(margins: Floats, tagged: NDArray[np.bool_], prior: float) -> tuple[Floats, Floats]:
    """Gradient and curvature of the non-negative risk under logistic loss, an untagged row weighing one.

    The risk is prior E+[l(f)] + max(0, E[l(-f)] - prior E+[l(-f)]), E+ over the tagged, E over the untagged. Where the
    second term is negative, its gradient alone is climbed (Kiryo et al. 2017, algorithm 1, with beta 0 and gamma 1).
    """
    weight = prior * (~tagged).sum() / tagged.sum()
    share = expit(margins)
    # l(f) - l(-f) = -f for logistic loss: its gradient is constant and its curvature none, so that of l(f) stands in.
    curvature = np.where(tagged, weight, 1.0) * np.maximum(share * (1 - share), np.finfo(np.float32).eps)
    loss_if_not = np.logaddexp(0, margins)
    if loss_if_not[~tagged].sum() < weight * loss_if_not[tagged].sum():
        return np.where(tagged, weight * share, -share), curvature
    return np.where(tagged, -weight, share), curvature


def estimated_prior(design: Design, tags: Tags, *, seed: int) -> float:
    """The share affluent among the untagged that the surest customers suggest (`top_purity`), out of fold.

    Assumes that tagging picks among the affluent at random, as these ways do throughout.
    """
    halves = np.random.default_rng(seed).permutation(len(tags)) % PRIOR_FOLDS
    scores = cross_fit(_quick_booster(), design, tags, halves.astype(np.int8), seed=seed).out_of_fold
    frequency = top_purity(expit(scores), tags)
    tagged = float(tags.sum())
    return min(MOST_AFFLUENT, tagged * (1 - frequency) / frequency / (len(tags) - tagged))


def _quick_booster() -> BoosterLearner:
    effort = EFFORTS["fast"]
    return effort.booster.with_settings({"rounds": effort.rounds, "learning_rate": effort.learning_rate})


BASELINES = (
    Method("In-sample way", in_sample),
    Method("XGBoost, default settings", OutOfFold(Boosted(DEFAULT))),
    Method("XGBoost, out of fold", OutOfFold(Boosted(GRADIENT_BOOSTING))),
    Method("PU bagging 1:1, XGBoost", OutOfFold(Bagged(1))),
    Method("PU bagging 1:3, XGBoost", OutOfFold(Bagged(3))),
    Method("nnPU boosting, estimated prior", OutOfFold(nnpu_boosted)),
)
