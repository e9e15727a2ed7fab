"""How far the correction for selective tagging is to be trusted beside the split score and the plain answer.

The correction stands on what the columns other than the tag drivers say. Where they say next to nothing of the tag,
there is nothing to hold the drivers' part in tagging against, and a correction can turn the ranking upside down: then
the plain answer counts. The correction also stands on families of label propensity. Where they explain the tag much
worse than learners that know no family, the tagging follows another rule: then the split score counts, which asks for
no family, and plays the drivers down whatever they do. Verdicts, where there are any, decide among the three.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import log_loss, roc_auc_score

from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.verdict_correction import most_likely

Floats = NDArray[np.float64]

# The other columns carry the correction wholly from this Gini coefficient of the tag on: an ROC AUC of 0.75.
ENOUGH_GINI = 0.5
# Of what the tag's learners explain the families may miss this share, and the correction is believed wholly; at twice
# the share it is not believed at all. Families of other forms than the rule's own miss up to 0.06.
TOLERABLE_MISFIT = 0.075
# What an answer keeps of the belief before verdicts, so that they can speak for it: the corrected, split, plain one.
LEAST_TRUST = (0.05, 0.01, 0.01)
# The split score counts what the tag drivers say by this: part of it is how the bank gives its tag.
DRIVERS_COUNT = 0.25
# A correction that was fitted to these verdicts explains them better than others by about so many nats.
OPTIMISM = 1.0
# Log-odds beyond this are no more certain on a few dozen verdicts.
FARTHEST = 6.0


@dataclass(frozen=True)
class Trust:
    """How much the corrected answer and the split score count; the plain answer has what is left of one."""

    corrected: float
    split: float

    @property
    def plain(self) -> float:
        """How much the plain answer counts."""
        return 1 - self.corrected - self.split


def split_score(by_drivers: LogOdds, rest: LogOdds) -> LogOdds:
    """What the other columns say of the tag (`rest`), and a quarter of what the tag drivers say."""
    score: LogOdds = rest + DRIVERS_COUNT * by_drivers
    return score


def trust_from_tags(rest: LogOdds, tags: Tags, *, labelled: LogOdds, by_families: Floats) -> Trust:
    """The trust before any verdict.

    The other columns carry the correction and the split score as far as their out-of-fold score `rest` ranks the tag;
    which of the two they carry is decided by how well the families' P(tagged | x) explains the tag beside `labelled`.
    """
    if tags.min() == tags.max():
        return Trust(corrected=LEAST_TRUST[0], split=0.0)
    gini = 2 * float(roc_auc_score(tags, rest)) - 1
    carried = float(np.clip(gini / ENOUGH_GINI, 0.0, 1.0))
    doubt = float(np.clip(_misfit(by_families, expit(labelled), tags) / TOLERABLE_MISFIT - 1, 0.0, 1.0))
    return Trust(corrected=carried * (1 - doubt), split=carried * doubt)


def trust_after_verdicts(
    before: Trust,
    *,
    plain: LogOdds,
    split: LogOdds,
    corrected: Sequence[Floats],
    fitted_to_verdicts: Sequence[bool],
    verdicts: Verdicts,
) -> Trust:
    """The trust after verdicts: each ranking, shifted and stretched to fit them, is weighed by its evidence.

    All rankings are on the reviewed alone; of several corrections the best speaks for all.
    """
    for_corrected = max(
        _evidence(log_odds, verdicts) - (OPTIMISM if fitted else 0.0)
        for log_odds, fitted in zip(corrected, fitted_to_verdicts, strict=True)
    )
    evidence = np.array([for_corrected, _evidence(split, verdicts), _evidence(plain, verdicts)])
    prior = np.maximum([before.corrected, before.split, before.plain], LEAST_TRUST)
    weights = softmax(np.log(prior) + evidence)
    return Trust(corrected=float(weights[0]), split=float(weights[1]))


def _misfit(of_families: Floats, of_learners: Floats, tags: Tags) -> float:
    """The share of what the learners explain of the tag, in log loss, that the families do not."""
    unexplained = log_loss(tags, np.full(len(tags), tags.mean()))
    by_families, by_learners = log_loss(tags, of_families), log_loss(tags, of_learners)
    return float((by_families - by_learners) / max(unexplained - by_learners, 1e-9))


def _evidence(log_odds: Floats, verdicts: Verdicts) -> float:
    bounded = np.clip(log_odds - np.median(log_odds), -FARTHEST, FARTHEST)
    inputs = np.stack([np.ones(len(bounded)), bounded], axis=1)
    return most_likely(inputs, verdicts, centre=np.array([0.0, 0.7]), precision=np.array([3.0, 0.5]) ** -2.0)[1]
