"""Learners of the true class where tags are given with a known label propensity.

A customer is tagged with probability e(x) * p(x): affluent, and tagged given that. With e known, p is learned by the
likelihood of the tags themselves, P(s = 1 | x) = e(x) sigmoid(F(x)): what is hard to tag is asked for less. Unlike
weighting by 1 / e it stays calm where e is small, and unlike a correction afterwards it lets F be fitted where the
tags say something. A constant e is the case of Elkan & Noto (2008), section 2, with the constant inside the likelihood.

Customers whose true class is known from a verdict enter with the ordinary likelihood of that class.
"""

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from affluence.features.preprocessing import Design
from affluence.pu.learners.boosters import THREADS, booster_matrix, raw_output
from affluence.pu.learners.effort import Effort, booster_settings
from affluence.pu.learners.logistic import Scorecard
from affluence.pu.learners.protocol import LogOdds, Tags

Floats = NDArray[np.float64]

# The curvature of this likelihood is smaller than that of a plain one, so a leaf needs half as much of it.
LEAF_CURVATURE = 0.5
LEAST_CURVATURE = 1e-6
# New verdicts move a fitted booster a little way, so a few larger steps do, and come in seconds.
RENEWAL_RATE = 0.16
# The scorecard is good enough when a step gains less than this share of the loss: hundredths of a nat in a whole table.
ENOUGH = 1e-6


@dataclass(frozen=True)
class Evidence:
    """What is known of each customer: tag, label propensity, and the true class where a verdict told it (else NaN)."""

    tags: Tags
    propensity: Floats
    known: Floats

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Evidence":
        """The evidence on some customers, by position or by mask."""
        return Evidence(self.tags[index], self.propensity[index], self.known[index])

    @property
    def start(self) -> float:
        """The log-odds of the share affluent that tags and propensity suggest, to start from."""
        share = self.tags.mean() / self.propensity.mean() if len(self.tags) else 0.5
        return float(logit(np.clip(share, 1e-3, 0.9)))

    def slopes(self, log_odds: Floats) -> tuple[Floats, Floats]:
        """The first derivative of the negative log-likelihood by the log-odds, and its expected second one."""
        affluent = expit(log_odds)
        others = 1 - affluent
        tagged = self.propensity * affluent
        untagged = np.maximum(1 - tagged, 1e-3)
        first = np.where(self.tags == 1, -others, tagged * others / untagged)
        second = tagged * others**2 / untagged
        told = ~np.isnan(self.known)
        first[told] = affluent[told] - self.known[told]
        second[told] = (affluent * others)[told]
        return first, np.maximum(second, LEAST_CURVATURE)

    def loss(self, log_odds: Floats) -> float:
        """The negative log-likelihood."""
        tagged = np.clip(self.propensity * expit(log_odds), 1e-12, 1 - 1e-9)
        each = np.where(self.tags == 1, -np.log(tagged), -np.log1p(-tagged))
        told = ~np.isnan(self.known)
        each[told] = np.logaddexp(0, log_odds[told]) - self.known[told] * log_odds[told]
        return float(each.sum())


@dataclass(frozen=True)
class AffluentBooster:
    """A booster of the true class: its trees add to `intercept`."""

    booster: xgb.Booster
    intercept: float

    def log_odds(self, design: Design) -> LogOdds:
        """The log-odds of being affluent for each customer of `design`."""
        return self.intercept + raw_output(self.booster, design.matrix)


def fit_booster(design: Design, evidence: Evidence, *, effort: Effort, seed: int) -> AffluentBooster:
    """The booster of the true class fitted to these customers."""
    return _boost(design, evidence, intercept=evidence.start, rounds=effort.rounds, effort=effort, seed=seed)


def renew_booster(
    fitted: AffluentBooster, design: Design, evidence: Evidence, *, effort: Effort, seed: int
) -> AffluentBooster:
    """`fitted` with some more trees, after the evidence on the same customers changed."""
    return _boost(
        design,
        evidence,
        intercept=fitted.intercept,
        rounds=effort.renewed,
        effort=effort,
        seed=seed,
        begun=fitted.booster,
    )


def fit_scorecard(design: Design, evidence: Evidence, *, of_tag: Scorecard, effort: Effort) -> Scorecard:
    """The scorecard of the true class fitted to these customers, in the bins of the tag's, penalised as that one is.

    The search begins at the tag's points, which are most of the way.
    """
    bins = effort.scorecard.bins_like(of_tag)
    one_hot = bins.one_hot(design)

    def objective(weights: Floats) -> tuple[float, Floats]:
        log_odds = weights[0] + one_hot @ weights[1:]
        first, _ = evidence.slopes(log_odds)
        strength = bins.inverse_penalty
        loss = strength * evidence.loss(log_odds) + 0.5 * float(weights[1:] @ weights[1:])
        return loss, np.concatenate([[strength * first.sum()], strength * (one_hot.T @ first) + weights[1:]])

    start = np.concatenate([[of_tag.intercept], *of_tag.points])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": ENOUGH})
    return bins.scorecard(float(found.x[0]), found.x[1:])


def _boost(
    design: Design,
    evidence: Evidence,
    *,
    intercept: float,
    rounds: int,
    effort: Effort,
    seed: int,
    begun: xgb.Booster | None = None,
) -> AffluentBooster:
    matrix = booster_matrix(design, evidence.tags)
    matrix.set_base_margin(np.full(len(design), intercept))
    settings = booster_settings(effort, seed=seed) | ({"learning_rate": RENEWAL_RATE} if begun is not None else {})
    parameters = settings | {
        "base_score": 0.0,
        "min_child_weight": LEAF_CURVATURE * settings["min_child_weight"],
        "nthread": THREADS,
        # XGBoost seeds its random numbers when it begins anew. When it goes on from a booster they would follow from
        # whatever the thread did before, unless every round is seeded by itself.
        "seed_per_iteration": begun is not None,
    }

    def slopes(log_odds: NDArray[np.float32], _: xgb.DMatrix) -> tuple[Floats, Floats]:
        return evidence.slopes(log_odds.astype(np.float64))

    booster = xgb.train(parameters, matrix, num_boost_round=rounds, obj=slopes, xgb_model=begun)
    return AffluentBooster(booster, intercept)
