"""How far a score may be off because it was learned from these customers and no others: a delete-a-group jackknife.

It costs nothing: the second layers learn from scores that first layers without another fold gave, so each customer
has been scored by models that lack one more group of customers, in as many ways as there are other folds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from affluence.pu.cross_fitting import Folds
from affluence.pu.first_layer import FirstScores
from affluence.pu.learners.protocol import LogOdds
from affluence.pu.second_layer import Blend

Floats = NDArray[np.float64]

KNOTS = 20


def score_errors(
    scores: Sequence[FirstScores], blends: Sequence[Blend], folds: Folds, hidden: LogOdds
) -> tuple[tuple[float, float], ...]:
    """A small curve, (score, standard error) at about 20 knots: the medians of customers with neighbouring scores.

    `scores[k]` are those for the second layer of fold k, of customers outside of it. The standard error is that of the
    blended log-odds of the tag: (g - 1) / g times the squares around the mean over the g folds left out besides the
    customer's own (Kott 2001, Journal of Official Statistics 17). It says how the score would move with other
    customers of the same bank; not how far it is from the truth. Empty where there are too few customers.
    """
    views = np.full((len(scores), len(folds)), np.nan)
    for out, of_fold in enumerate(scores):
        own = folds[of_fold.rows]
        for fold in np.unique(own):
            there = own == fold
            views[out, of_fold.rows[there]] = blends[fold].log_odds(of_fold.members[there])
    groups = len(scores) - 1
    if groups < 2 or len(folds) < KNOTS:
        return ()
    errors = np.sqrt((groups - 1) * np.nanvar(views, axis=0))
    parts = np.array_split(np.argsort(hidden, kind="stable"), KNOTS)
    return tuple((float(np.median(hidden[part])), float(np.median(errors[part]))) for part in parts)
