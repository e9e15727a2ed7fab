"""What contacting changed: the contacted against those held back, within strata, with 90 % intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from affluence.evaluation.results import Estimate

LEVEL = 0.9
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Arms:
    """The contacted and the control stratum by stratum, as weighted means of a figure, with effective sizes.

    A stratum weighs n1 n0 / (n1 + n0), as in Mantel and Haenszel (1959); one with nobody on one side weighs nothing.
    """

    contacted: float
    control: float
    contacted_size: float
    control_size: float
    contacted_variance: float
    control_variance: float


def arms_of(values: Floats, contacted: NDArray[np.bool_], strata: NDArray[np.intp]) -> Arms | None:
    """The arms of `values` (one a person) in `strata` (numbered from 0); nothing when no stratum has both sides."""
    count = int(strata.max(initial=-1)) + 1
    n1 = np.bincount(strata[contacted], minlength=count).astype(np.float64)
    n0 = np.bincount(strata[~contacted], minlength=count).astype(np.float64)
    both = (n1 > 0) & (n0 > 0)
    if not both.any():
        return None
    weights = n1[both] * n0[both] / (n1 + n0)[both]
    weights /= weights.sum()

    def side(mask: NDArray[np.bool_], sizes: Floats) -> tuple[float, float, float]:
        means = np.bincount(strata[mask], values[mask], minlength=count)[both] / sizes[both]
        variance = float(values[mask].var(ddof=1)) if mask.sum() > 1 else float("nan")
        return float(weights @ means), float(1 / np.sum(weights**2 / sizes[both])), variance

    first, second = side(contacted, n1), side(~contacted, n0)
    return Arms(first[0], second[0], first[1], second[1], first[2], second[2])


def difference_of_shares(arms: Arms) -> Estimate:
    """The share of the contacted less that of the control, by Newcombe's hybrid of two Wilson intervals.

    Each stratified share counts as one of its effective size, which neglects what the strata gain: a little wide.
    Source: Newcombe (1998), method 10; Yan and Su (2010) for strata.
    """
    low1, high1 = _wilson(arms.contacted, arms.contacted_size)
    low0, high0 = _wilson(arms.control, arms.control_size)
    gap = arms.contacted - arms.control
    below = np.hypot(arms.contacted - low1, high0 - arms.control)
    above = np.hypot(high1 - arms.contacted, arms.control - low0)
    return Estimate(
        gap, float(gap - below), float(gap + above), "Newcombe interval, held back at random in strata", LEVEL
    )


def difference_of_means(arms: Arms) -> Estimate:
    """The mean of the contacted less that of the control, with an interval by Welch (1947).

    With fewer than two people on a side it has no bounds.
    """
    gap, assumption = arms.contacted - arms.control, "Welch interval, held back at random in strata"
    one, two = arms.contacted_variance / arms.contacted_size, arms.control_variance / arms.control_size
    if np.isnan(one + two) or min(arms.contacted_size, arms.control_size) <= 1:
        return Estimate(gap, float("-inf"), float("inf"), assumption, LEVEL)
    if not one + two:
        return Estimate(gap, gap, gap, assumption, LEVEL)
    freedom = (one + two) ** 2 / (one**2 / (arms.contacted_size - 1) + two**2 / (arms.control_size - 1))
    reach = float(t.ppf(0.5 + LEVEL / 2, freedom) * np.sqrt(one + two))
    return Estimate(gap, gap - reach, gap + reach, assumption, LEVEL)


def _wilson(share: float, size: float) -> tuple[float, float]:
    z = float(norm.ppf(0.5 + LEVEL / 2))
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z / (1 + z**2 / size) * np.sqrt(max(0.0, share * (1 - share)) / size + z**2 / (4 * size**2))
    return max(0.0, float(centre - reach)), min(1.0, float(centre + reach))
