"""How far the chances of the untagged may be off after verdicts: draws of a recalibration of their log-odds."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.protocol import LogOdds

Floats = NDArray[np.float64]

DRAWS = 300
# Beliefs beforehand: log-odds are off by a few at most, and stretched by less than a factor of two either way.
SHIFT_SPREAD, FACTOR_SPREAD = 3.0, 0.35
FARTHEST, SHIFTS, FACTORS = 3.0, 181, 61


def recalibrations(log_odds: LogOdds, verdicts: Verdicts, *, seed: int) -> tuple[tuple[float, float], ...]:
    """Pairs (a, b), of which each is one that the verdicts allow: P(affluent | x, not tagged) = expit(a + b log-odds).

    `log_odds` are those of the reviewed, out of fold, beside `verdicts`. The pairs are drawn from the posterior of a
    logistic recalibration (Cox 1958, Biometrika 45), computed on a grid: a is normal around 0, log b around 0. Who was
    reviewed may depend on the log-odds, as it does in a review sample, and on nothing else that tells affluence.
    """
    shifts = SHIFT_SPREAD * np.linspace(-FARTHEST, FARTHEST, SHIFTS)
    logs = FACTOR_SPREAD * np.linspace(-FARTHEST, FARTHEST, FACTORS)
    prior = -((shifts[:, None] / SHIFT_SPREAD) ** 2 + (logs / FACTOR_SPREAD) ** 2) / 2
    likely = [_log_likelihood(shifts, np.exp(log) * log_odds, verdicts) for log in logs]
    posterior = prior + np.stack(likely, axis=1)
    weights = np.exp(posterior - posterior.max()).ravel()
    drawn = np.random.default_rng(seed).choice(weights.size, DRAWS, p=weights / weights.sum())
    first, second = np.unravel_index(drawn, posterior.shape)
    return tuple(zip(shifts[first].tolist(), np.exp(logs[second]).tolist(), strict=True))


def _log_likelihood(shifts: Floats, log_odds: LogOdds, verdicts: Verdicts) -> Floats:
    """By shift, how likely the verdicts are."""
    named = np.clip(verdicts.seen_probability(expit(shifts[:, None] + log_odds)), 1e-12, 1 - 1e-12)
    likelihood: Floats = np.log(np.where(verdicts.affluent == 1, named, 1 - named)).sum(axis=1)
    return likelihood
