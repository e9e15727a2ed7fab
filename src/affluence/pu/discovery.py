"""What was learned beside a ranking: how many are hidden, under which assumption, and what the table cannot tell."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from affluence.evaluation.results import ReliabilityBin
from affluence.pu.class_prior import HiddenCount
from affluence.pu.learners.protocol import LogOdds

# Beyond this the log-odds would move further than a lifetime of tables could tell.
FARTHEST_SHIFT = 30.0
AS_LARGE_A_PART = "and if as large a part of these customers is hidden as of those learned from"


@dataclass(frozen=True)
class Discovery:
    """`shift` moves the hidden log-odds so that they sum to the count; None where no review told the count.

    `drivers` are the tag drivers that were used, `reviewed` how many verdicts, `warnings` what the data cannot tell,
    `reliability` what was believed of the reviewed without a tag against what was found, in bins. `recalibrations` are
    draws (a, b) of what the verdicts allow the chance of an untagged customer to be, expit(a + b score); none without a
    counting review. `score_errors` is a curve of (score, standard error) of a score over trainings; empty where nobody
    measured it. `hidden_count` is of the `counted_among` unlabelled of the table learned from; 0 where that is not on
    record.
    """

    mode: str
    drivers: tuple[str, ...]
    reviewed: int
    hidden_count: HiddenCount
    shift: float | None
    warnings: tuple[str, ...]
    reliability: tuple[ReliabilityBin, ...] = ()
    recalibrations: tuple[tuple[float, float], ...] = ()
    score_errors: tuple[tuple[float, float], ...] = ()
    counted_among: int = 0

    def count_among(self, unlabelled: int) -> HiddenCount:
        """How many are hidden among so many unlabelled of another table: as large a part of them as was counted.

        Of the table learned from it is `hidden_count` as it stands.
        """
        count = self.hidden_count
        if self.counted_among in {0, unlabelled}:
            return count
        part = unlabelled / self.counted_among
        return replace(
            count,
            low=count.low * part,
            high=count.high * part,
            value=None if count.value is None else count.value * part,
            assumption=f"{count.assumption}, {AS_LARGE_A_PART}",
        )


def shift_to_sum(log_odds: LogOdds, *, wanted: float) -> float:
    """By how much `log_odds` move, all alike, so that their probabilities sum to `wanted` (kept inside what can be)."""
    if not len(log_odds):
        return 0.0
    wanted = float(np.clip(wanted, 1e-3 * len(log_odds), 0.999 * len(log_odds)))
    return float(brentq(lambda shift: expit(log_odds + shift).sum() - wanted, -FARTHEST_SHIFT, FARTHEST_SHIFT))
