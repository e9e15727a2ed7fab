"""Draws of how far the chances are off: they hold the truth, follow the verdicts, and do not trust them too far."""

import numpy as np
from scipy.special import expit

from affluence.pu.label_propensity import Verdicts
from affluence.pu.recalibration import DRAWS, recalibrations


def draws_of(count: int, *, shift=0.0, factor=1.0, missed=0.0, seed=0):
    random = np.random.default_rng(seed)
    log_odds = random.normal(0, 1.5, count)
    found = (random.random(count) < (1 - missed) * expit(shift + factor * log_odds)).astype(float)
    return np.array(recalibrations(log_odds, Verdicts(np.arange(count), found, missed, 0.0), seed=0))


def test_many_verdicts_tell_shift_and_factor():
    drawn = draws_of(20_000, shift=-1.0, factor=0.7)
    assert drawn.shape == (DRAWS, 2)
    assert np.allclose(drawn.mean(axis=0), (-1.0, 0.7), atol=0.1)


def test_reviewers_who_miss_some_are_corrected_for():
    assert abs(draws_of(20_000, missed=0.3)[:, 0].mean()) < 0.15


def test_few_verdicts_leave_it_open_and_never_turn_the_ranking_over():
    few, many = draws_of(10), draws_of(1_000)
    assert few[:, 0].std() > 3 * many[:, 0].std()
    assert (few[:, 1] > 0).all()


def test_one_verdict_all_alike_or_none_are_no_error():
    one = recalibrations(np.array([0.0]), Verdicts(np.array([0]), np.array([1.0]), 0.0, 0.0), seed=0)
    alike = recalibrations(np.zeros(50), Verdicts(np.arange(50), np.zeros(50), 0.0, 0.0), seed=0)
    nothing = recalibrations(np.array([]), Verdicts(np.array([], int), np.array([]), 0.0, 0.0), seed=0)
    assert np.isfinite([one, alike, nothing]).all()
    assert np.mean(alike, axis=0)[0] < -1


def test_equal_seeds_give_equal_draws():
    assert np.array_equal(draws_of(50), draws_of(50))
