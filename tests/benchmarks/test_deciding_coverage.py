"""The coverage benchmark on a small bank: its arithmetic, and that what it keeps comes back."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.deciding import coverage
from benchmarks.deciding.draws import Draw, draws_of_bank, load_draw, save_draw
from scipy.special import expit

from affluence.pu.review import Review


def made_draw(seed: int, *, purpose: str = "find") -> Draw:
    """A ranking whose log-odds are those of the truth, with a hundred of the untagged reviewed in one stratum."""
    random = np.random.default_rng(seed)
    hidden = random.normal(-2.5, 1.5, 4_000)
    tags = (random.random(4_000) < 0.1).astype(np.int8)
    truth = (random.random(4_000) < expit(hidden)).astype(np.int8)
    open_rows = np.flatnonzero(tags == 0)
    rows = np.sort(
        random.choice(open_rows, 100, replace=False, p=expit(hidden[open_rows]) / expit(hidden[open_rows]).sum())
    )
    review = Review(rows, truth[rows], np.zeros(100, dtype=np.int64), np.full(100, len(open_rows) / 100))
    return Draw(seed, purpose, seed, hidden, expit(hidden), tags, truth, review)


def test_a_draw_comes_back_as_it_was_kept(tmp_path):
    draw = made_draw(0)
    save_draw(draw, tmp_path / "draw.npz")
    back = load_draw(tmp_path / "draw.npz")
    assert np.array_equal(back.hidden, draw.hidden)
    assert np.array_equal(back.review.verdicts, draw.review.verdicts)
    assert (back.bank, back.purpose) == (draw.bank, draw.purpose)


def test_where_the_log_odds_are_right_the_interval_holds_the_truth_nine_times_in_ten():
    lines = [row for row in coverage.summary(made_draw(seed) for seed in range(60)) if row["purpose"] == "both"]
    assert len(lines) == len(coverage.SHARES)
    # Three standard errors of sixty draws below 0.9.
    assert min(line["covered"] for line in lines) >= 0.78
    assert all(0.85 <= line["expected_to_true"] <= 1.15 for line in lines)


def test_the_kept_results_are_within_the_bounds_that_the_page_states():
    kept = json.loads((Path(coverage.__file__).parent / "coverage.json").read_text(encoding="utf-8"))
    both = [row for row in kept if row["purpose"] == "both"]
    assert [row["share"] for row in both] == list(coverage.SHARES)
    assert all(0.86 <= row["covered"] <= 0.94 for row in both)


@pytest.mark.slow
def test_a_bank_is_reviewed_anew_on_one_fit_and_the_curve_of_errors_is_kept():
    draws = list(draws_of_bank(7, sheets=1, rows=3_000))
    assert [draw.purpose for draw in draws] == ["none", "find", "count"]
    assert draws[0].review is None
    assert not np.array_equal(draws[0].hidden, draws[1].hidden)
    for draw in draws[1:]:
        expected, true = coverage.finds_of(draw)
        assert all(e.low < e.value < e.high for e in expected)
        assert (np.diff(true) >= 0).all()
