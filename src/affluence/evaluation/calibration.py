"""Whether a number may be called a probability: predicted shares of the tag beside observed ones."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from affluence.evaluation.results import Estimate, Reliability, ReliabilityBin

MOST_BINS, FEWEST_BINS = 20, 4
# Fewer customers than this in a bin and the gap would measure chance: with 500 at a share of 0.2 it is 1.4 points.
CUSTOMERS_A_BIN = 500
LEVEL = 0.9
# Mean gap between predicted and observed shares up to which a number is called a probability: two points.
TOLERANCE = 0.02


def reliability(log_odds: NDArray[np.float64], tags: NDArray[np.int8]) -> Reliability:
    """Predicted against observed share of the tag in bins of equally many customers, with Wilson intervals.

    `expected_error` is the weighted mean absolute gap; the slope and intercept are a logistic regression of the tag
    on the log-odds (Cox 1958). Assumes that the log-odds are out of fold.
    """
    predicted = expit(log_odds)
    order = np.argsort(predicted, kind="stable")
    count = min(MOST_BINS, max(FEWEST_BINS, len(order) // CUSTOMERS_A_BIN))
    parts = [part for part in np.array_split(order, count) if len(part)]
    bins = tuple(_bin(predicted[part], tags[part]) for part in parts)
    gaps = [abs(b.predicted - b.observed.value) * b.customers for b in bins]
    slope, intercept = _cox(log_odds, tags)
    return Reliability(
        bins=bins,
        expected_error=float(sum(gaps) / max(1, len(tags))),
        tolerance=TOLERANCE,
        slope=slope,
        intercept=intercept,
    )


def wilson(successes: int, trials: int, *, level: float = LEVEL) -> Estimate:
    """A share with its interval by Wilson (1927); assumes independent trials."""
    assumption = "Wilson interval, independent customers"
    if not trials:
        return Estimate(float("nan"), 0.0, 1.0, assumption, level)
    z = float(norm.ppf(0.5 + level / 2))
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    reach = z / (1 + z**2 / trials) * float(np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)))
    low, high = max(0.0, centre - reach), min(1.0, centre + reach)
    return Estimate(share, min(low, share), max(high, share), assumption, level)


def log_loss(log_odds: NDArray[np.float64], tags: NDArray[np.int8]) -> float:
    """The mean negative log-likelihood of the tags, in nats."""
    signed = np.where(tags == 1, -log_odds, log_odds)
    return float(np.logaddexp(0, signed).mean())


def _bin(predicted: NDArray[np.float64], tags: NDArray[np.int8]) -> ReliabilityBin:
    return ReliabilityBin(
        customers=len(tags), predicted=float(predicted.mean()), observed=wilson(int(tags.sum()), len(tags))
    )


def _cox(log_odds: NDArray[np.float64], tags: NDArray[np.int8]) -> tuple[float, float]:
    """Slope and intercept; those of the share alone when the log-odds or the tags do not vary."""
    if tags.min() == tags.max() or np.ptp(log_odds) == 0:
        share = (float(tags.sum()) + 0.5) / (len(tags) + 1)
        return 1.0, float(logit(share) - log_odds.mean())
    fitted = LogisticRegression(C=np.inf).fit(log_odds.reshape(-1, 1), tags)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
