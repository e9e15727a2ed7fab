"""Which column is taken for the id and which for the tag, and how values are counted."""

import polars as pl
import pytest

from affluence.data.doctor import subject_of


@pytest.mark.parametrize("header", ["C_ID", "CustomerId", "cif", "client number"])
def test_an_id_is_told_by_its_header_even_when_it_repeats(header):
    ids = [number % 300 for number in range(500)]
    assert subject_of(pl.DataFrame({"x": [0.5] * 500, header: ids})).customer_id == header


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("number_of_children", [0, 1, 2, 3] * 25),
        ("account_balance", list(range(100))),
        ("id", [None, *range(99)]),
        ("id", [number + 0.5 for number in range(100)]),
    ],
)
def test_what_is_no_id_is_not_taken_for_one(header, values):
    assert subject_of(pl.DataFrame({header: values})).customer_id is None


@pytest.mark.parametrize(
    ("header", "values", "tagged"),
    [
        ("C_seg", ["AFFLUENT", "NORMAL"], 3),
        ("income", [">50K", "<=50K"], 3),
        ("label", [1, 0], 3),
        ("tag", [True, False], 3),
    ],
)
def test_a_tag_is_told_by_its_values(header, values, tagged):
    subject = subject_of(pl.DataFrame({header: [values[0]] * 3 + [values[1]] * 7}))
    assert subject.tag_column == header
    assert subject.cells.tagged == tagged


def test_a_tag_that_says_it_plainly_comes_before_a_flag():
    table = pl.DataFrame({"HL_tag": [1, 0, 1], "C_seg": ["AFFLUENT", "NORMAL", "NORMAL"]})
    assert subject_of(table).tag_column == "C_seg"


def test_long_numbers_of_accounts_stay_apart():
    numbers = pl.Series([2**62 + number for number in range(400)])
    subject = subject_of(pl.DataFrame({"account_no": numbers, "other": numbers}))
    assert subject.customer_id == "account_no"
    assert subject.distinct("other") == 400


def test_the_row_number_that_read_customers_carry_is_not_examined(contract):
    read = pl.DataFrame({"row": [1, 2], "customer_id": ["a", "b"], "tag": [1, 0], "age_years": [30, 40]})
    assert subject_of(read, contract=contract).columns == ("age_years",)
    assert subject_of(read).columns == ("row", "age_years")


def test_a_table_without_a_tag_has_none():
    subject = subject_of(pl.DataFrame({"owner": [1, 0, 1]}))
    assert subject.tag_column is None
    assert subject.cells == (3, 0, 0)


def test_values_are_counted_and_missing_marks_are_no_values():
    subject = subject_of(pl.DataFrame({"n": [3.0, 1.0, float("nan"), 3.0, None], "w": ["a", " ? ", "b", "a", ""]}))
    assert subject.counts("n").values.tolist() == [1, 3]
    assert subject.counts("n").rows.tolist() == [1, 2]
    assert subject.word_counts["w"].select("value", "rows").rows() == [("a", 2), ("b", 1)]
    assert (subject.filled("n"), subject.filled("w")) == (3, 3)
    assert subject.counts("n").quantile(0.5) == 3
