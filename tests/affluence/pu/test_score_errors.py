"""The jackknife's curve: nothing moves where all trainings agree, and it grows with their disagreement."""

import numpy as np

from affluence.pu.first_layer import FirstScores
from affluence.pu.score_errors import KNOTS, score_errors
from affluence.pu.second_layer import Blend

FOLDS, ROWS = 5, 1_000
BLENDS = [Blend(0.0, (1.0, 0.0))] * FOLDS


def curve_of(noise: float, *, folds: int = FOLDS, rows: int = ROWS):
    random = np.random.default_rng(0)
    of_row, hidden = np.arange(rows) % folds, random.normal(0, 1, rows)
    scores = []
    for fold in range(folds):
        there = np.flatnonzero(of_row != fold)
        members = np.stack([hidden[there] + random.normal(0, noise, len(there)), np.zeros(len(there))], axis=1)
        scores.append(FirstScores(there, members, rest=np.zeros(len(there)), by_drivers=np.zeros(len(there))))
    return score_errors(scores, BLENDS[:folds], of_row, hidden)


def test_trainings_that_agree_leave_no_error():
    assert max(error for _, error in curve_of(0.0)) < 1e-7


def test_the_error_grows_with_the_disagreement_and_follows_the_factor_of_the_jackknife():
    errors = [error for _, error in curve_of(0.1)]
    # Three quarters of the sum of squares of four views: at the median 0.1 * sqrt(0.75 * 2.37) = 0.133.
    assert np.allclose(errors, 0.133, atol=0.02)
    assert np.allclose([error for _, error in curve_of(0.2)], 2 * np.array(errors))


def test_the_curve_has_its_knots_in_the_order_of_the_scores():
    scores = [score for score, _ in curve_of(0.1)]
    assert len(scores) == KNOTS
    assert scores == sorted(scores)


def test_too_few_customers_have_no_curve():
    assert curve_of(0.1, rows=10) == ()
