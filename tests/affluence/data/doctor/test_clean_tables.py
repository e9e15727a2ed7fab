"""Nothing is reported on a clean table, whatever its kind, its seed or its size."""

from datetime import time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affluence.data.doctor import examine
from affluence.data.doctor.leaks import group_auc


def test_nothing_is_reported_on_a_clean_table(kind, random):
    assert examine(kind(random)) == ()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 900), kind=st.integers(0, 100))
def test_nothing_is_reported_whatever_the_seed_and_the_size(kinds, seed, rows, kind):
    make = list(kinds.values())[kind % len(kinds)]
    table = make(np.random.default_rng(seed), 900).head(rows)
    # So few rows are left at times that a column with gaps is nothing but a gap, and the doctor is right to say so.
    empty = {name for name in table.columns if table.height and table[name].null_count() == table.height}
    assert {(each.kind.value, name) for each in examine(table) for name in each.columns} == {
        ("empty_column", name) for name in empty
    }


def test_nothing_is_reported_on_a_clean_table_larger_than_the_sample(kinds):
    assert examine(kinds["correlated"](np.random.default_rng(5), 25_000)) == ()


def test_the_strong_predictor_of_the_clean_table_is_as_strong_as_said(kinds, random):
    table = kinds["well_told"](random, 20_000)
    groups = (table["wealth_index"].rank() / 100).cast(pl.Int64).to_numpy()
    assert 0.88 < group_auc(groups, (table["segment"] == "AFFLUENT").to_numpy()) < 0.92


def test_several_rows_of_a_customer_one_below_the_other_are_no_order_that_tells_the_tag(clean):
    assert {each.kind.value for each in examine(pl.concat([clean, clean]).sort("customer_id"))} == {
        "repeated_customers",
        "duplicate_rows",
    }


def test_columns_of_odd_types_are_no_error_and_no_fault(clean, random):
    rows = clean.height
    odd = clean.with_columns(
        pl.Series("spans", [timedelta(minutes=int(each)) for each in random.integers(0, 9_000, rows)]),
        pl.Series("times", [time(int(each)) for each in random.integers(0, 24, rows)]),
        pl.Series("lists", [[1]] * rows),
        pl.Series("bytes", [b"x"] * rows),
        pl.Series("decimals", [Decimal(int(each)) / 100 for each in random.integers(0, 9_000, rows)]),
        pl.Series("sides", random.choice(["left", "right"], rows), dtype=pl.Categorical),
        pl.Series("yes", random.random(rows) < 0.4),
        pl.Series("ends", random.choice([np.inf, -np.inf, 1.5, 2.5, 3.5], rows)),
    )
    assert examine(odd) == ()


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame(),
        pl.DataFrame({"a": []}),
        pl.DataFrame({"a": [1]}),
        pl.DataFrame({"a": [None], "b": ["x"]}).head(0),
    ],
)
def test_a_table_of_nothing_is_no_error(table):
    assert all(finding.rows <= 1 for finding in examine(table))
