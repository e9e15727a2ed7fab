"""How far the correction for selective tagging is to be trusted beside the plain answer.

The correction stands on what the columns other than the tag drivers say. Where they say next to nothing of the tag,
there is nothing to hold the drivers' part in tagging against, and a correction can turn the ranking upside down. So it
counts as far as the other columns can carry it, and verdicts, where there are any, decide between the two.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.verdict_correction import most_likely

Floats = NDArray[np.float64]

# The other columns carry the correction wholly from this Gini coefficient of the tag on: an ROC AUC of 0.75.
ENOUGH_GINI = 0.5
LEAST_TRUST, MOST_TRUST = 0.05, 0.99
# A correction that was fitted to these verdicts explains them better than others by about so many nats.
OPTIMISM = 1.0
# Log-odds beyond this are no more certain on a few dozen verdicts.
FARTHEST = 6.0


def trust_from_tags(rest: LogOdds, tags: Tags) -> float:
    """The trust before any verdict, 0 to 1: by how well the other columns' out-of-fold score ranks the tag."""
    if tags.min() == tags.max():
        return LEAST_TRUST
    gini = 2 * float(roc_auc_score(tags, rest)) - 1
    return float(np.clip(gini / ENOUGH_GINI, 0.0, 1.0))


def trust_after_verdicts(
    before: float,
    *,
    plain: LogOdds,
    corrected: Sequence[Floats],
    fitted_to_verdicts: Sequence[bool],
    verdicts: Verdicts,
) -> float:
    """The trust after verdicts: each ranking, shifted and stretched to fit them, is weighed by its evidence.

    `plain` and `corrected` are on the reviewed alone; of several corrections the best speaks for all.
    """
    for_plain = _evidence(plain, verdicts)
    for_corrected = max(
        _evidence(log_odds, verdicts) - (OPTIMISM if fitted else 0.0)
        for log_odds, fitted in zip(corrected, fitted_to_verdicts, strict=True)
    )
    prior = logit(np.clip(before, LEAST_TRUST, MOST_TRUST))
    return float(expit(prior + for_corrected - for_plain))


def _evidence(log_odds: Floats, verdicts: Verdicts) -> float:
    bounded = np.clip(log_odds - np.median(log_odds), -FARTHEST, FARTHEST)
    inputs = np.stack([np.ones(len(bounded)), bounded], axis=1)
    return most_likely(inputs, verdicts, centre=np.array([0.0, 0.7]), precision=np.array([3.0, 0.5]) ** -2.0)[1]
