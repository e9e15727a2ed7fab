"""Who enters and leaves a list, and by what: worked out by hand."""

import polars as pl
import pytest

from affluence.evaluation.list_moves import Listing, list_moves


def listing(candidates: str, listed: str) -> Listing:
    """Candidates by rank, a letter each, and those of them who are on the list."""
    ranked = pl.DataFrame(
        {"customer_id": list(candidates), "rank": range(1, len(candidates) + 1)},
        schema={"customer_id": str, "rank": int},
    )
    return Listing(ranked.filter(pl.col("customer_id").is_in(list(listed))), ranked)


def causes(before: Listing, now: Listing, *, same_model: bool = True, same_table: bool = False) -> dict[str, str]:
    moves = list_moves(before, now, same_model=same_model, same_table=same_table)
    return {f"{'+' if enters else '-'}{who}": cause for who, enters, _, cause in moves.iter_rows()}


def test_nobody_moves_where_nothing_changed():
    same = listing("abcd", "ab")
    assert causes(same, same) == {}


def test_a_longer_list_lets_the_next_ones_in_and_a_shorter_one_lets_them_go():
    short, long = listing("abcd", "ab"), listing("abcd", "abc")
    assert causes(short, long) == {"+c": "cut"}
    assert causes(long, short) == {"-c": "cut"}


@pytest.mark.parametrize(
    ("same_model", "same_table", "cause"),
    [(True, False, "data"), (False, True, "model"), (False, False, "model and data")],
)
def test_ranks_that_changed_are_the_work_of_what_changed(same_model, same_table, cause):
    before, now = listing("abcd", "ab"), listing("adbc", "ad")
    assert causes(before, now, same_model=same_model, same_table=same_table) == {"+d": cause, "-b": cause}


@pytest.mark.parametrize(("between", "entering", "leaving"), [("adbc", "data", "data"), ("abdc", "model", "model")])
def test_the_old_model_on_the_new_table_parts_the_data_from_the_model(between, entering, leaving):
    before, now = listing("abcd", "ab"), listing("adbc", "ad")
    moves = list_moves(before, now, same_model=False, same_table=False, between=listing(between, "").candidates)
    assert dict(moves.select("customer_id", "cause").iter_rows()) == {"d": entering, "b": leaving}


def test_one_who_moves_by_the_data_and_one_by_the_model():
    before, now = listing("abcd", "ab"), listing("dcab", "dc")
    moves = list_moves(before, now, same_model=False, same_table=False, between=listing("adbc", "").candidates)
    found = {("d", "data"), ("b", "data"), ("c", "model"), ("a", "model")}
    assert set(moves.select("customer_id", "cause").iter_rows()) == found


def test_who_came_into_the_table_or_left_it_moves_by_the_data_whatever_the_model():
    before, now = listing("abcd", "ab"), listing("axcd", "ax")
    assert causes(before, now, same_model=False) == {"+x": "data", "-b": "data"}


def test_who_was_kept_away_by_an_exclusion():
    before, now = listing("abcd", "ac"), listing("abcd", "ab")
    assert causes(before, now) == {"+b": "exclusion", "-c": "cut"}
    assert causes(now, before) == {"-b": "exclusion", "+c": "cut"}


def test_a_customer_with_several_rows_counts_by_the_best():
    before = listing("abcd", "ab")
    twice = Listing(
        pl.DataFrame({"customer_id": ["a", "c"], "rank": [1, 2]}),
        pl.DataFrame({"customer_id": ["a", "c", "b", "c"], "rank": [1, 2, 3, 4]}),
    )
    assert causes(before, twice) == {"+c": "data", "-b": "data"}


def test_an_empty_list_lets_everybody_go():
    assert causes(listing("ab", "ab"), listing("ab", "")) == {"-a": "cut", "-b": "cut"}
    assert causes(listing("", ""), listing("ab", "a")) == {"+a": "data"}
