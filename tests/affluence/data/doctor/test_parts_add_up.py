"""What is counted in two parts of a table adds up to what is counted in the whole."""

import numpy as np
import polars as pl
import pytest

from affluence.data.doctor.gaps import count_gaps
from affluence.data.doctor.identities import agreements
from affluence.data.doctor.leaks import tag_counts
from affluence.data.doctor.ordering import order_counts
from affluence.data.doctor.shapes import decade_rows
from affluence.data.doctor.subject import subject_of


@pytest.fixture
def parts(kinds, random) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    table = kinds["with_gaps"](random, 1_000).with_columns(income_again=pl.col("income"))
    return table, table[:370], table[370:]


def test_gaps_that_go_together(parts):
    whole, one, other = (count_gaps(subject_of(part)) for part in parts)
    assert whole.together == {pair: one.together[pair] + other.together[pair] for pair in whole.together}
    assert (whole.total, len(whole.together)) == (one.total + other.total, 36)


def test_orders(parts):
    whole, one, other = (order_counts(part, "spending", "income") for part in parts)
    assert (whole.below, whole.equal, whole.above) == (
        one.below + other.below,
        one.equal + other.equal,
        one.above + other.above,
    )
    assert whole.rows == one.rows + other.rows


def test_agreements(parts):
    whole, one, other = (next(iter(agreements(subject_of(part)))) for part in parts)
    assert (whole.equal, whole.rows) == (one.equal + other.equal, one.rows + other.rows)


def test_values_and_decades(parts):
    whole, one, other = (subject_of(part).counts("savings") for part in parts)
    assert whole.total == one.total + other.total
    both = [decade_rows(one), decade_rows(other)]
    assert decade_rows(whole) == {level: sum(each.get(level, 0) for each in both) for level in decade_rows(whole)}


def test_tags_of_parts_of_the_order(parts):
    whole, one, other = (subject_of(part) for part in parts)
    assert tag_counts(whole, parts=1).tagged == tag_counts(one, parts=1).tagged + tag_counts(other, parts=1).tagged
    assert int(tag_counts(whole).rows.sum()) == 1_000
    assert np.all(tag_counts(whole).tagged <= tag_counts(whole).rows)
