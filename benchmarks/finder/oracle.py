"""The oracle: what could be known. It learns from the truth, cross-fitted, and knows the label propensity."""

import numpy as np
from benchmarks.finder.data import Table, design_of
from benchmarks.finder.mechanisms import Hiding
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from affluence.pu.cross_fitting import cross_fit, customer_digests, deal_folds
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.logistic import LOGISTIC

Floats = NDArray[np.float64]

BOOSTERS = 2
FOLDS = 5
# Far from the folds of the methods, which deal by the seed itself.
SEED_STRIDE = 100_000
# Two columns and thousands of rows need no shrinking.
INVERSE_PENALTY = 100.0


def affluent_probability(table: Table, *, seed: int) -> Floats:
    """P(affluent | x) of each row, from two boosters and a scorecard that learned the truth of other customers."""
    own_seed = SEED_STRIDE + seed
    design = design_of(table.columns)
    digests = customer_digests(table.groups, key=own_seed)
    folds = deal_folds(digests, table.truth, folds=FOLDS)
    boosters = [
        cross_fit(GRADIENT_BOOSTING, design, table.truth, folds, seed=own_seed + FOLDS * repeat).out_of_fold
        for repeat in range(BOOSTERS)
    ]
    scorecard = cross_fit(LOGISTIC, design, table.truth, folds, seed=own_seed).out_of_fold
    members = np.stack([np.mean(boosters, axis=0), scorecard], axis=1)
    probability = np.empty(len(table))
    for fold in range(FOLDS):
        inside = folds == fold
        meta = LogisticRegression(C=INVERSE_PENALTY).fit(members[~inside], table.truth[~inside])
        probability[inside] = expit(meta.decision_function(members[inside]))
    return probability


def hidden_probability(affluent: Floats, hiding: Hiding) -> Floats:
    """P(affluent | x, not tagged) = p (1 - e) / (p (1 - e) + (1 - p) (1 - w)), with w = 0: p (1 - e) / (1 - p e).

    e is the chance of a tag for an affluent row, w for another. Where e is unknown, p itself.
    """
    if hiding.propensity is None:
        return affluent
    wrong = 0.0 if hiding.wrong is None else hiding.wrong
    hidden = affluent * (1 - hiding.propensity)
    others = (1 - affluent) * (1 - wrong)
    return hidden / np.maximum(hidden + others, np.finfo(np.float64).tiny)
