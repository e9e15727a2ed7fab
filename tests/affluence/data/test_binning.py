import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from affluence.data.binning import MOST_BINS, MOST_CATEGORIES, category_bins, number_bins


def bins_of(values, make=number_bins, smallest=10):
    series = pl.Series("x", values, strict=False)
    tagged = pl.Series([row % 3 == 0 for row in range(len(series))], dtype=pl.Boolean)
    return make(series, tagged=tagged, smallest=smallest)


numbers = st.lists(
    st.one_of(
        st.integers(-50, 50).map(float),
        st.floats(-1e12, 1e12),
        st.floats(0, 1e-3),
        st.just(0.0),
    ),
    max_size=120,
)


@given(numbers, st.integers(1, 15))
def test_numbers_stand_in_few_groups_of_enough_rows(values, smallest):
    bins = bins_of(pl.Series(values, dtype=pl.Float64), smallest=smallest)
    assert len(bins) <= MOST_BINS
    assert sum(group.rows for group in bins) == (len(values) if len(values) >= smallest else 0)
    for group in bins:
        low = -np.inf if group.low is None else group.low
        high = np.inf if group.high is None else group.high
        assert group.rows == sum(low <= value < high for value in values) >= smallest
    assert [group.high for group in bins[:-1]] == [group.low for group in bins[1:]]


@given(st.lists(st.sampled_from([*"abcdefghijklmnopqrstuvwxyz", None]), max_size=150), st.integers(1, 15))
def test_categories_stand_in_groups_of_enough_rows(values, smallest):
    bins = bins_of(pl.Series(values, dtype=pl.String), make=category_bins, smallest=smallest)
    held = sum(value is not None for value in values)
    assert len(bins) <= MOST_CATEGORIES + 1
    assert all(group.rows >= smallest for group in bins)
    assert sum(group.rows for group in bins) == (held if held >= smallest else 0)


def test_categories_come_by_size_and_the_small_ones_together():
    values = ["a"] * 30 + ["b"] * 40 + ["c"] * 9 + ["d"] * 5
    assert [(group.label, group.rows) for group in bins_of(values, make=category_bins)] == [
        ("b", 40),
        ("a", 30),
        ("others", 14),
    ]


def test_a_few_others_take_the_smallest_category_with_them():
    values = ["a"] * 40 + ["b"] * 30 + ["c"] * 2
    assert [(group.label, group.rows) for group in bins_of(values, make=category_bins)] == [("a", 40), ("others", 32)]


def test_tagged_and_unlabelled_are_counted_apart():
    (group,) = bins_of(["a"] * 30, make=category_bins)
    assert (group.tagged, group.unlabelled) == (10, 20)


def test_whole_numbers_of_a_small_range_have_a_group_each():
    bins = bins_of([value for value in range(1, 9) for _ in range(20)])
    assert [group.label for group in bins] == ["1", "2", "3", "4", "5", "6", "7", "8"]


def test_ages_stand_in_round_steps():
    bins = bins_of([18 + row % 70 for row in range(7_000)])
    assert [group.label for group in bins][:3] == ["under 20", "20 to 24", "25 to 29"]
    assert bins[-1].label == "85 and over"


def test_a_long_tail_has_growing_steps_and_zeros_stand_apart():
    draw = np.random.default_rng(5)
    bins = bins_of([0.0] * 500 + draw.lognormal(9, 2.5, 5_000).tolist())
    assert (bins[0].label, bins[0].rows) == ("0", 500)
    assert "5,000 to 10,000" in [group.label for group in bins]
    assert bins[-1].label.endswith("and over")
    assert max(group.rows for group in bins) < 1_500


def test_one_far_value_does_not_squeeze_the_rest():
    bins = bins_of([row % 100 for row in range(5_000)] + [10**9])
    assert len(bins) > 8


def test_one_value_alone():
    assert [(group.label, group.rows) for group in bins_of([7.5] * 12)] == [("7.5", 12)]
