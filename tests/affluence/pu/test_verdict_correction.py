"""What verdicts say about a ranking whose tag drivers nobody named."""

import numpy as np
import pytest
from scipy.special import expit

from affluence.features.preprocessing import Design
from affluence.pu.label_propensity import Verdicts
from affluence.pu.verdict_correction import MOST_COLUMNS, fit_verdict_correction

ROWS = 3_000


def made(*, blame: float, seed: int = 0):
    """A design, log-odds that overrate by `blame` whoever is high in the first column, tags, and the truth."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(ROWS, 3)).astype(np.float32)
    log_odds = matrix[:, 1] * 1.5 + matrix[:, 0]
    truth = (random.random(ROWS) < expit(log_odds - blame * matrix[:, 0])).astype(float)
    tags = (random.random(ROWS) < expit(2 * matrix[:, 0] + matrix[:, 1])).astype(np.int8)
    return Design(matrix, ("seen", "rest", "noise"), (0, 0, 0), {}), log_odds.astype(float), tags, truth


def reviewed(truth, *, count=300, **careless) -> Verdicts:
    rows = np.sort(np.random.default_rng(9).choice(ROWS, count, replace=False))
    return Verdicts(rows, truth[rows], **careless)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_tagging_reached_already_is_taken_down(seed):
    design, log_odds, tags, truth = made(blame=2.0, seed=seed)
    correction = fit_verdict_correction(design, log_odds, tags, reviewed(truth))
    corrected = correction.apply(design, log_odds)
    wanted = log_odds - 2.0 * design.matrix[:, 0]
    assert np.corrcoef(corrected, wanted)[0, 1] > np.corrcoef(log_odds, wanted)[0, 1] + 0.2
    assert correction.weights[0] > 0.5


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_the_score_is_right_it_stays(seed):
    design, log_odds, tags, truth = made(blame=0.0, seed=seed)
    correction = fit_verdict_correction(design, log_odds, tags, reviewed(truth))
    assert np.corrcoef(correction.apply(design, log_odds), log_odds)[0, 1] > 0.99
    assert correction.slope == pytest.approx(1, abs=0.15)


def test_a_shift_of_all_alike_moves_the_intercept_and_leaves_the_ranking():
    design, log_odds, tags, truth = made(blame=0.0)
    correction = fit_verdict_correction(design, log_odds + 2, tags, reviewed(truth))
    assert correction.intercept == pytest.approx(-2, abs=0.6)
    assert np.corrcoef(correction.apply(design, log_odds), log_odds)[0, 1] > 0.98


def test_careless_reviewers_are_allowed_for():
    design, log_odds, tags, truth = made(blame=0.0)
    random = np.random.default_rng(1)
    said = np.where(truth == 1, random.random(ROWS) >= 0.3, random.random(ROWS) < 0.1).astype(float)
    aware = fit_verdict_correction(design, log_odds, tags, reviewed(said, count=800, missed=0.3, wrongly_named=0.1))
    unaware = fit_verdict_correction(design, log_odds, tags, reviewed(said, count=800))
    share, by_aware, by_unaware = (
        truth.mean(),
        *(expit(correction.apply(design, log_odds)).mean() for correction in (aware, unaware)),
    )
    assert abs(by_aware - share) < abs(by_unaware - share)
    assert by_aware == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("verdict", [0.0, 1.0])
@pytest.mark.parametrize("count", [1, 200])
def test_verdicts_that_all_say_the_same_are_borne(verdict, count):
    design, log_odds, tags, _ = made(blame=0.0)
    verdicts = reviewed(np.full(ROWS, verdict), count=count)
    corrected = fit_verdict_correction(design, log_odds, tags, verdicts).apply(design, log_odds)
    assert np.isfinite(corrected).all()
    assert (corrected.mean() > log_odds.mean()) == bool(verdict)


def test_it_looks_at_the_columns_closest_to_the_tag():
    design, log_odds, tags, truth = made(blame=0.0)
    random = np.random.default_rng(2)
    wide = np.column_stack([random.normal(size=(ROWS, 10)), design.matrix])
    wide = Design(wide.astype(np.float32), tuple(f"x{place}" for place in range(13)), (0,) * 13, {})
    correction = fit_verdict_correction(wide, log_odds, tags, reviewed(truth))
    places = [rank.column for rank in correction.ranks]
    assert len(places) == MOST_COLUMNS
    assert {10, 11} <= set(places)
    assert places == sorted(places)


def test_a_row_is_corrected_alone_to_the_bit():
    design, log_odds, tags, truth = made(blame=1.0)
    correction = fit_verdict_correction(design, log_odds, tags, reviewed(truth))
    whole = correction.apply(design, log_odds)
    order = np.random.default_rng(0).permutation(ROWS)
    assert (correction.apply(design.rows(order), log_odds[order]) == whole[order]).all()
    alone = [correction.apply(design.rows(np.array([row])), log_odds[[row]])[0] for row in range(40)]
    assert alone == whole[:40].tolist()
