"""A tag driver as a rank: one row's own, stored at fit, and turned so that more means more likely tagged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import rankdata

from affluence.features.preprocessing import Design
from affluence.pu.driver_ranks import STORED_POINTS, fit_driver_ranks, rank_matrix, tag_correlation


def design_of(*columns, categories=None) -> Design:
    matrix = np.column_stack(columns).astype(np.float32)
    width = matrix.shape[1]
    return Design(matrix, tuple(f"x{place}" for place in range(width)), categories or (0,) * width, {})


def following(values, *, seed=0) -> np.ndarray:
    """Tags that grow likelier with the values."""
    return (np.random.default_rng(seed).random(len(values)) < expit(2 * values)).astype(np.int8)


def ranks_of(column, tags, **kinds) -> np.ndarray:
    design = design_of(column, **kinds)
    (rank,) = fit_driver_ranks(design, tags, drivers=[0])
    return rank.of(design)


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6, width=32)), min_size=2, max_size=60),
    gaps=st.lists(st.booleans(), min_size=60, max_size=60),
    seed=st.integers(0, 99),
)
def test_ranks_follow_the_values_either_way_and_stay_between_0_and_1(values, gaps, seed):
    values = np.where(gaps[: len(values)], np.nan, np.array(values, dtype=np.float32))
    design = design_of(values)
    tags = np.random.default_rng(seed).integers(0, 2, len(values)).astype(np.int8)
    (rank,) = fit_driver_ranks(design, tags, drivers=[0])
    ranks = rank.of(design)
    assert ((ranks >= 0) & (ranks <= 1)).all()
    # To be missing is to hold least of it.
    filled = np.where(np.isnan(values), -np.inf, values)
    steps = np.diff(ranks[np.argsort(filled, kind="stable")])
    assert ((steps <= 0) if rank.reversed else (steps >= 0)).all()


def test_ties_share_the_middle_of_their_ranks():
    assert ranks_of([1, 2, 2, 3], np.array([0, 0, 1, 1], dtype=np.int8)).tolist() == [0.125, 0.5, 0.5, 0.875]


def test_missing_ranks_below_every_number():
    values = np.array([np.nan, np.nan, 0.0, 1.0])
    assert ranks_of(values, np.array([0, 0, 0, 1], dtype=np.int8)).tolist() == [0.25, 0.25, 0.625, 0.875]


def test_a_driver_that_points_down_is_turned():
    values = np.random.default_rng(0).normal(size=500)
    up, down = ranks_of(values, following(values)), ranks_of(-values, following(values))
    assert up == pytest.approx(down, abs=1e-12)
    assert tag_correlation(down, following(values)) > 0.3


def test_where_missing_customers_are_the_tagged_ones_missing_ranks_highest():
    values = np.where(np.arange(100) < 30, np.nan, np.arange(100))
    ranks = ranks_of(values, (np.arange(100) < 30).astype(np.int8))
    assert ranks[:30].min() > ranks[30:].max()


def test_a_category_is_ranked_by_its_share_of_tagged():
    codes = np.repeat([0.0, 1.0, 2.0, np.nan], 50)
    tags = (np.arange(200) % 50 < np.repeat([10, 40, 2, 25], 50)).astype(np.int8)
    ranks = ranks_of(codes, tags, categories=(3,))
    by_kind = ranks[[100, 0, 150, 50]]
    assert (np.diff(by_kind) > 0).all()
    assert ((ranks >= 0) & (ranks <= 1)).all()


def test_a_rare_category_is_drawn_towards_all():
    codes, tags = np.repeat([0.0, 1.0, 2.0], [100, 2, 100]), np.zeros(202, dtype=np.int8)
    tags[:60], tags[100:102] = 1, 1
    (rank,) = fit_driver_ranks(design_of(codes, categories=(3,)), tags, drivers=[0])
    assert rank.shares[1] < rank.shares[0]


@pytest.mark.parametrize("values", [np.full(50, 3.0), np.full(50, np.nan)], ids=["constant", "all missing"])
def test_a_driver_that_tells_nothing_ranks_everybody_in_the_middle(values):
    assert ranks_of(values, np.tile([0, 1], 25).astype(np.int8)).tolist() == [0.5] * 50


@pytest.mark.parametrize("rows", [STORED_POINTS, 10_000, 60_000])
def test_thinning_costs_next_to_nothing(rows):
    values = np.random.default_rng(1).lognormal(8, 2, rows).astype(np.float32)
    tags = following(np.log(values) - 8)
    (rank,) = fit_driver_ranks(design_of(values), tags, drivers=[0])
    assert len(rank.values) <= STORED_POINTS
    exact = (rankdata(values) - 0.5) / rows
    assert np.abs(rank.of(design_of(values)) - exact).max() < 0.002


def test_a_rank_is_a_property_of_the_row_and_not_of_the_table_it_stands_in():
    random = np.random.default_rng(2)
    columns = random.normal(size=(2_500, 2))
    columns[random.random(2_500) < 0.2, 1] = np.nan
    design = design_of(columns)
    ranks = fit_driver_ranks(design, following(columns[:, 0]), drivers=[1, 0])
    whole = rank_matrix(ranks, design)
    order = random.permutation(2_500)
    assert (rank_matrix(ranks, design.rows(order)) == whole[order]).all()
    for height in (1, 7, 800):
        parts = [
            rank_matrix(ranks, design.rows(np.arange(start, min(start + height, 2_500))))
            for start in range(0, 2_500, height)
        ]
        assert (np.concatenate(parts) == whole).all()


def test_numbers_beyond_the_table_rank_at_its_ends():
    values = np.arange(10.0)
    (rank,) = fit_driver_ranks(design_of(values), (values > 5).astype(np.int8), drivers=[0])
    assert rank.of(design_of([-1e9, 1e9])).tolist() == [0.05, 0.95]


def test_ranks_are_in_the_order_of_the_drivers_named():
    columns = np.random.default_rng(3).normal(size=(100, 3))
    ranks = fit_driver_ranks(design_of(columns), following(columns[:, 0]), drivers=[2, 0])
    assert [rank.column for rank in ranks] == [2, 0]


def test_the_correlation_of_what_does_not_vary_is_none():
    assert tag_correlation(np.full(4, 0.5), np.array([0, 1, 0, 1])) == 0
    assert tag_correlation(np.arange(4.0), np.zeros(4)) == 0
