"""The shift by which probabilities sum to a count, and what is counted of another table."""

import numpy as np
import pytest
from scipy.special import expit

from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery, shift_to_sum


@pytest.mark.parametrize("wanted", [1.0, 40.0, 500.0, 960.0])
@pytest.mark.parametrize("level", [-8.0, 0.0, 8.0])
def test_the_shifted_probabilities_sum_to_what_is_wanted(wanted, level):
    log_odds = np.random.default_rng(0).normal(level, 2, 1_000)
    shift = shift_to_sum(log_odds, wanted=wanted)
    assert expit(log_odds + shift).sum() == pytest.approx(wanted, abs=1e-6)


def test_what_sums_already_stays_where_it_is():
    log_odds = np.random.default_rng(0).normal(size=100)
    assert shift_to_sum(log_odds, wanted=float(expit(log_odds).sum())) == pytest.approx(0, abs=1e-9)


def test_nobody_is_not_shifted():
    assert shift_to_sum(np.array([]), wanted=5.0) == 0


@pytest.mark.parametrize(("wanted", "share"), [(0.0, 0.001), (-3.0, 0.001), (100.0, 0.999), (1e9, 0.999)])
def test_a_count_that_cannot_be_is_brought_inside(wanted, share):
    log_odds = np.random.default_rng(0).normal(size=100)
    assert expit(log_odds + shift_to_sum(log_odds, wanted=wanted)).mean() == pytest.approx(share)


def test_one_row_can_be_shifted():
    assert shift_to_sum(np.array([3.0]), wanted=0.5) == pytest.approx(-3)


def test_the_count_of_another_table_is_as_large_a_part_of_it():
    count = HiddenCount(100.0, 300.0, 200.0, "made", 0.9)
    discovery = Discovery("fast", (), 50, count, None, (), counted_among=1_000)
    half = discovery.count_among(500)
    assert (half.low, half.value, half.high, half.level) == (50.0, 100.0, 150.0, 0.9)
    assert half.assumption.startswith("made, and if as large a part")
    assert discovery.count_among(1_000) == count
    assert Discovery("fast", (), 50, count, None, ()).count_among(500) == count
