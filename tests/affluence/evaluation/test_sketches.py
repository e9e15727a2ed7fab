"""A sketch holds counts and no rows, and the sketches of parts add up to the whole's, however it was cut."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affluence.errors import UserError
from affluence.evaluation.sketches import MOST_NAMES, SCORE, lay_sketch, sketch_like, sum_sketches


@pytest.fixture(scope="module")
def laid(customers, contract):
    return lay_sketch(customers, contract.feature_columns).with_score(np.arange(customers.height, dtype=float))


def test_every_cell_is_counted_once(laid, customers):
    assert laid.rows == customers.height
    assert all(column.cells == customers.height for column in laid.columns.values())
    assert laid.columns["balance_usd"].missing == customers["balance_usd"].null_count()
    assert set(laid.columns) == {
        "balance_usd", "age_years", "job", "capital_gain_usd", "capital_loss_usd", SCORE,
    }  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 3_000), max_size=4))
def test_parts_add_up_to_the_whole(laid, customers, cuts):
    table = customers.with_columns(score=pl.col("age_years") * 1.0)
    bounds = [0, *sorted(cuts), table.height]
    parts = [sketch_like(laid, table[start:stop]) for start, stop in pairwise(bounds)]
    assert sum_sketches(parts) == sketch_like(laid, table)


def test_the_order_of_the_rows_does_not_matter(laid, customers):
    assert sketch_like(laid, customers.sample(fraction=1.0, shuffle=True, seed=1)) == sketch_like(laid, customers)


def test_a_column_that_is_not_there_is_missing_throughout(laid, customers):
    column = sketch_like(laid, customers.drop("job")).columns["job"]
    assert (column.missing, sum(column.counts), column.unseen) == (customers.height, 0, 0)


def test_categories_that_were_never_seen_are_counted_and_the_frequent_ones_named(laid, customers):
    odd = customers.with_columns(job=pl.format("kind {}", pl.col("row") % 500))
    column = sketch_like(laid, odd).columns["job"]
    assert column.unseen == customers.height
    assert len(column.unseen_names) == MOST_NAMES


def test_numbers_that_are_none_are_missing(laid, customers):
    odd = customers.with_columns(capital_gain_usd=pl.Series([float("inf"), float("nan")] * (customers.height // 2)))
    assert sketch_like(laid, odd).columns["capital_gain_usd"].missing == customers.height


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_next_to_nobody_has_a_sketch(customers, contract, rows):
    laid = lay_sketch(customers.head(rows), contract.feature_columns)
    assert laid.rows == rows
    assert sketch_like(laid, customers).rows == customers.height


def test_sketches_on_other_edges_do_not_add(laid, customers, contract):
    other = lay_sketch(customers.head(100), contract.feature_columns)
    with pytest.raises(UserError, match="not of the same columns"):
        laid + other
    with pytest.raises(UserError, match="other edges"):
        other + lay_sketch(customers.tail(100), contract.feature_columns)
