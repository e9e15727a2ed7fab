import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from affluence.data.reference_bank.shaping import (
    even_points,
    heavy_tail,
    match,
    match_counts,
    normal_scores,
    pick,
    points,
    steps,
    stream,
)
from affluence.errors import AffluenceError

TAIL = {"p25": 988.0, "p50": 2_768.0, "p75": 9_627.0, "mean": 11_460.0, "maximum": 4_206_870.0, "holders": 29_285}


def scores_and_segments(seed: int, rows: int):
    generator = np.random.default_rng(seed)
    return generator.standard_normal(rows), (generator.random(rows) < 0.2).astype(np.int64)


@given(st.integers(0, 99), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_pick_takes_exactly_the_share_of_each_segment(seed, rows, normal, affluent):
    score, segment = scores_and_segments(seed, rows)
    picked = pick(score, segment, (normal, affluent))
    for code, share in enumerate((normal, affluent)):
        assert picked[segment == code].sum() == round(share * (segment == code).sum())


@given(st.integers(0, 99), st.floats(0.1, 0.9))
def test_who_is_picked_scores_no_lower_than_who_is_not(seed, share):
    score, segment = scores_and_segments(seed, 200)
    picked = pick(score, segment, (share, share))
    for code in (0, 1):
        inside = segment == code
        if (picked & inside).any() and (~picked & inside).any():
            assert score[picked & inside].min() >= score[~picked & inside].max()


def test_pick_takes_everyone_allowed_where_too_few_are():
    score, segment = np.arange(10.0), np.zeros(10, dtype=np.int64)
    among = score < 3
    assert (pick(score, segment, (0.9, 0.0), among=among) == among).all()


def test_pick_of_nobody_is_nobody():
    score, segment = scores_and_segments(0, 50)
    assert not pick(score, segment, (0.0, 0.0)).any()


@given(st.integers(0, 50))
def test_match_never_falls_as_the_score_rises(seed):
    score, segment = scores_and_segments(seed, 300)
    values = match(score, segment, (heavy_tail(**TAIL), heavy_tail(**TAIL)), among=score > -1)
    for code in (0, 1):
        rows = np.flatnonzero((segment == code) & (score > -1))
        assert (np.diff(values[rows[np.argsort(score[rows])]]) >= 0).all()


def test_match_says_nothing_outside_among():
    score, segment = scores_and_segments(3, 100)
    values = match(score, segment, (steps((1, 1)), steps((1, 1))), among=score > 0)
    assert (np.isnan(values) == (score <= 0)).all()


def test_match_does_not_change_its_input():
    score, segment = scores_and_segments(3, 100)
    before = score.copy()
    match(score, segment, (steps((1, 1)), steps((1, 1))), among=score > 0)
    assert (score == before).all()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=9).filter(sum))
def test_match_counts_gives_the_published_counts_back(counts):
    rows = sum(counts)
    codes = match_counts(
        np.random.default_rng(0).random(rows),
        np.zeros(rows, dtype=np.int64),
        [counts, counts],
        among=np.ones(rows, dtype=bool),
    )
    assert np.bincount(codes, minlength=len(counts)).tolist() == counts


def test_match_counts_marks_the_others_with_minus_one():
    codes = match_counts(np.arange(4.0), np.zeros(4, dtype=np.int64), [[1, 1], [1, 1]], among=np.arange(4) > 1)
    assert codes.tolist() == [-1, -1, 0, 1]


def test_heavy_tail_returns_what_it_was_given():
    values = heavy_tail(**TAIL)(normal_scores(np.arange(29_285.0), 29_285))
    assert values.mean() == pytest.approx(TAIL["mean"], rel=0.01)
    assert values.max() == pytest.approx(TAIL["maximum"], rel=0.01)
    assert np.quantile(values, [0.25, 0.5, 0.75]) == pytest.approx([988, 2_768, 9_627], rel=0.01)


@settings(deadline=None, max_examples=40)
@given(st.floats(1.5, 4), st.floats(1.5, 4), st.floats(8, 400))
def test_heavy_tail_never_falls_even_beyond_the_published_maximum(first, second, top):
    quartiles = {"p25": 100.0, "p50": 100.0 * first, "p75": 100.0 * first * second}
    maximum = quartiles["p75"] * top
    try:
        quantile = heavy_tail(**quartiles, mean=quartiles["p75"] * 1.2, maximum=maximum, holders=5_000)
    except AffluenceError:
        return
    assert (np.diff(quantile(np.linspace(-6, 6, 2_000))) >= 0).all()


def test_a_steeper_fall_makes_small_values_smaller():
    z = np.array([-2.0])
    assert heavy_tail(**TAIL, fall=3.0)(z) < heavy_tail(**TAIL, fall=1.3)(z)


def test_a_mean_that_no_tail_has_is_refused_with_the_means_that_do():
    with pytest.raises(AffluenceError, match="A mean of 900,000 does not fit quartiles 988, 2,768, 9,627"):
        heavy_tail(**{**TAIL, "mean": 900_000.0})


def test_points_pass_through_their_points_and_stay_flat_beyond():
    quantile = points([0.25, 0.5, 0.75], [41, 51, 62])
    assert quantile(ndtri(np.array([0.25, 0.5, 0.75]))) == pytest.approx([41, 51, 62])
    assert quantile(np.array([-5.0, 5.0])).tolist() == [41, 62]


def test_even_points_spread_evenly_between_their_points():
    quantile = even_points([0.0, 1.0], [0, 100])
    assert quantile(ndtri(np.array([0.1, 0.4, 0.9]))) == pytest.approx([10, 40, 90])


def test_streams_of_one_seed_are_their_own_and_stay_the_same():
    assert stream(1, "C_AGE").random() == stream(1, "C_AGE").random()
    assert len({stream(seed, name).random() for seed in (1, 2) for name in ("C_AGE", "C_AG", "PC")}) == 6
