import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import log_loss as reference_log_loss

from affluence.evaluation.calibration import log_loss, reliability, wilson


def made(rows=20_000, seed=0):
    random = np.random.default_rng(seed)
    log_odds = random.normal(-1.5, 1.5, rows)
    return log_odds, (random.random(rows) < expit(log_odds)).astype(np.int8)


@pytest.mark.parametrize("seed", range(5))
def test_true_log_odds_are_calibrated(seed):
    found = reliability(*made(seed=seed))
    assert found.calibrated
    assert found.slope == pytest.approx(1, abs=0.06)
    assert found.intercept == pytest.approx(0, abs=0.08)


@pytest.mark.parametrize("bend", [lambda x: 3 * x, lambda x: x + 1, lambda x: 0.3 * x])
def test_bent_log_odds_are_not(bend):
    log_odds, tags = made()
    assert not reliability(bend(log_odds), tags).calibrated


def test_slope_and_intercept_undo_the_bend():
    log_odds, tags = made()
    found = reliability(2 * log_odds + 1, tags)
    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.intercept == pytest.approx(-0.5, abs=0.06)


def test_bins_hold_everyone_once_in_rising_order():
    log_odds, tags = made(rows=1_003)
    bins = reliability(log_odds, tags).bins
    assert sum(b.customers for b in bins) == 1_003
    predicted = [b.predicted for b in bins]
    assert predicted == sorted(predicted)


def test_true_shares_lie_in_nine_of_ten_intervals():
    inside = [
        b.observed.low <= b.predicted <= b.observed.high
        for seed in range(20)
        for b in reliability(*made(seed=seed)).bins
    ]
    assert 0.85 <= np.mean(inside) <= 0.95


def test_wilson_gives_the_published_example():
    """Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263 at 95 % is 0.2553 to 0.3662."""
    share = wilson(81, 263, level=0.95)
    assert (share.low, share.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


@given(st.integers(1, 10_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_holds_its_share_and_stays_inside_zero_and_one(counts):
    share = wilson(*counts)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.low < share.high


def test_wilson_of_nobody_says_nothing():
    share = wilson(0, 0)
    assert np.isnan(share.value)
    assert (share.low, share.high) == (0, 1)


def test_log_loss_is_that_of_scikit_learn():
    log_odds, tags = made()
    assert log_loss(log_odds, tags) == pytest.approx(reference_log_loss(tags, expit(log_odds)))


@pytest.mark.parametrize("tag", [0, 1])
def test_one_class_alone_breaks_nothing(tag):
    found = reliability(np.zeros(50), np.full(50, tag, dtype=np.int8))
    assert np.isfinite([found.slope, found.intercept, found.expected_error]).all()
