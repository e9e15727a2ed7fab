"""What verdicts say about a ranking whose tag drivers nobody named: a few-parameter correction of its log-odds.

logit P(affluent | x, not tagged) = intercept + slope * score - sum of weights * ranks: where the reviewed with a high
rank in a column turn out affluent less often than the score says, the tagging has already reached them. The beliefs
keep it close to the score, so that under random tagging little is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from affluence.features.preprocessing import Design
from affluence.pu.driver_ranks import DriverRank, fit_driver_ranks, rank_matrix, tag_correlation
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.row_wise import weighted_sum

Floats = NDArray[np.float64]

# The columns that go with the tag most closely are those by which it can have been given.
MOST_COLUMNS = 8
SLOPE_SPREAD, WEIGHT_SPREAD, INTERCEPT_SPREAD = 0.25, 0.5, 3.0


@dataclass(frozen=True)
class VerdictCorrection:
    """The fitted correction: the ranks that it looks at, and its parameters."""

    ranks: tuple[DriverRank, ...]
    intercept: float
    slope: float
    weights: tuple[float, ...]

    def apply(self, design: Design, log_odds: LogOdds) -> LogOdds:
        """The corrected log-odds of being affluent without a tag."""
        away = weighted_sum(_standard(self.ranks, design), self.weights)
        corrected: LogOdds = self.intercept + self.slope * log_odds - away
        return corrected


def fit_verdict_correction(design: Design, log_odds: LogOdds, tags: Tags, verdicts: Verdicts) -> VerdictCorrection:
    """The correction of these customers' `log_odds` (out of fold) by the verdicts on some of them.

    It counts as far as the verdicts speak for it: against it stands a shift of all log-odds alike, which leaves the
    ranking as it is, and the two are weighted by their evidence (MacKay, 1992, Neural Computation 4, section 2).
    """
    ranks = _closest_to_the_tag(design, tags)
    reviewed = design.rows(verdicts.rows)
    inputs = np.hstack([np.ones((len(reviewed), 1)), log_odds[verdicts.rows][:, None], -_standard(ranks, reviewed)])
    centre = np.array([0.0, 1.0, *[0.0] * len(ranks)])
    precision = np.array([INTERCEPT_SPREAD, SLOPE_SPREAD, *[WEIGHT_SPREAD] * len(ranks)]) ** -2.0
    full, evidence = most_likely(inputs, verdicts, centre=centre, precision=precision)
    shift_alone, evidence_of_none = most_likely(
        inputs[:, :1], verdicts, centre=centre[:1], precision=precision[:1], offset=inputs[:, 1]
    )
    believed = float(expit(evidence - evidence_of_none))
    mixed = believed * full + (1 - believed) * np.array([shift_alone[0], *centre[1:]])
    return VerdictCorrection(ranks, float(mixed[0]), float(mixed[1]), tuple(mixed[2:].tolist()))


def most_likely(
    inputs: Floats, verdicts: Verdicts, *, centre: Floats, precision: Floats, offset: Floats | None = None
) -> tuple[Floats, float]:
    """The most likely parameters, and the logarithm of the evidence for their form (Laplace's approximation)."""
    contrast = 1 - verdicts.missed - verdicts.wrongly_named
    said, fixed = verdicts.affluent, np.zeros(len(inputs)) if offset is None else offset

    def objective(parameters: Floats) -> tuple[float, Floats]:
        affluent = expit(fixed + inputs @ parameters)
        named = verdicts.seen_probability(affluent)
        away = parameters - centre
        loss = -(said * np.log(named) + (1 - said) * np.log1p(-named)).sum() + (precision * away**2).sum() / 2
        pull = -(said / named - (1 - said) / (1 - named)) * contrast * affluent * (1 - affluent)
        return float(loss), inputs.T @ pull + precision * away

    found = minimize(objective, centre, jac=True, method="L-BFGS-B")
    affluent = expit(fixed + inputs @ found.x)
    curvature = inputs.T @ (inputs * (affluent * (1 - affluent))[:, None]) + np.diag(precision)
    evidence = -found.fun + (np.log(precision).sum() - np.linalg.slogdet(curvature)[1]) / 2
    return found.x, float(evidence)


def _closest_to_the_tag(design: Design, tags: Tags) -> tuple[DriverRank, ...]:
    ranks = fit_driver_ranks(design, tags, drivers=range(len(design.names)))
    strength = [abs(tag_correlation(rank.of(design), tags)) for rank in ranks]
    order = np.argsort(strength, kind="stable")[::-1][:MOST_COLUMNS]
    return tuple(ranks[place] for place in sorted(order.tolist()))


def _standard(ranks: Sequence[DriverRank], design: Design) -> Floats:
    """Ranks with mean 0 and spread 1 where they are spread evenly."""
    standard: Floats = (rank_matrix(ranks, design) - 0.5) * np.sqrt(12)
    return standard
