import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affluence.data.contract import ColumnType, Locale
from affluence.data.parsing import parse_column

ENGLISH = Locale()
GERMAN = Locale(name="de_DE", decimal=",", thousands=".")
SWISS = Locale(name="de_CH", decimal=".", thousands="'")
FRENCH = Locale(name="fr_FR", decimal=",", thousands=" ")


def parsed(cells, kind=ColumnType.NUMBER, locale=ENGLISH, marks=("",), mixed=False, dtype=pl.String):
    values, wrong = parse_column(
        pl.Series("x", cells, dtype=dtype), kind=kind, locale=locale, missing_marks=marks, mixed=mixed
    )
    return values.to_list(), wrong.to_list()


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("12", ENGLISH, 12),
        (" -1,234.5 ", ENGLISH, -1234.5),
        ("+1e3", ENGLISH, 1000),
        (".5", ENGLISH, 0.5),
        ("1,234,567", ENGLISH, 1234567),
        ("1.234,5", GERMAN, 1234.5),
        ("1234,5", GERMAN, 1234.5),
        ("1.234", GERMAN, 1234),
        ("1'234.5", SWISS, 1234.5),
        ("1\u2019234.5", SWISS, 1234.5),
        ("1 234,5", FRENCH, 1234.5),
        ("1\u202f234,5", FRENCH, 1234.5),
        ("1\u00a0234", FRENCH, 1234),
    ],
)
def test_numbers_are_read_by_the_locale(text, locale, number):
    assert parsed([text], locale=locale) == ([number], [False])


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("1,5", ENGLISH),
        ("1,23,456", ENGLISH),
        ("0,123", ENGLISH),
        ("1.5", GERMAN),
        ("0.123", GERMAN),
        ("1,234.5", GERMAN),
        ("forty", ENGLISH),
        ("12 USD", ENGLISH),
        ("$12", ENGLISH),
        ("(12)", ENGLISH),
        ("1_000", ENGLISH),
        ("0x10", ENGLISH),
        ("inf", ENGLISH),
        ("NaN", ENGLISH),
        ("1e999", ENGLISH),
        ("-", ENGLISH),
        (".", ENGLISH),
        ("1.2.3", ENGLISH),
        ("--1", ENGLISH),
        ("\uff11\uff12", ENGLISH),
    ],
)
def test_what_is_no_number_in_the_locale_is_of_the_wrong_type(text, locale):
    assert parsed([text, "7"], locale=locale) == ([None, 7.0], [True, False])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_float_is_read_to_the_bit(number):
    assert parsed([repr(number)]) == ([number], [False])


@given(st.integers(-(10**12), 10**12), st.sampled_from([ENGLISH, GERMAN, SWISS, FRENCH]), st.booleans())
def test_grouped_whole_numbers_are_read_in_every_locale(number, locale, grouped):
    text = f"{number:,}".replace(",", locale.thousands) if grouped else str(number)
    assert parsed([text], kind=ColumnType.INTEGER, locale=locale) == ([number], [False])


# Python calls these four blank; Unicode, and so the reader, does not.
NO_SEPARATORS = st.characters(codec="utf-8", exclude_characters="\x1c\x1d\x1e\x1f")


@given(st.text(NO_SEPARATORS, max_size=12))
def test_text_is_a_number_or_missing_or_of_the_wrong_type(text):
    (value,), (wrong,) = parsed([text])
    assert wrong == (value is None and text.strip() != "")
    assert value is None or math.isfinite(value)


def test_whole_numbers():
    cells = ["39", "39.0", "39.5", "1e3", "9007199254740993", "-9223372036854775808", "9223372036854775808", "x"]
    values, wrong = parsed(cells, kind=ColumnType.INTEGER)
    assert values == [39, 39, None, 1000, 9007199254740993, -9223372036854775808, None, None]
    assert wrong == [False, False, True, False, False, False, True, True]


def test_missing_marks_are_missing_and_not_wrong():
    assert parsed(["", "  ", "NA", " NA ", "n/a", None, "1"], marks=("NA",)) == (
        [None, None, None, None, None, None, 1.0],
        [False, False, False, False, True, False, False],
    )
    assert parsed([-999, 5], marks=("-999",), dtype=pl.Int32) == ([None, 5.0], [False, False])
    assert parsed([float("nan"), 2.0], dtype=pl.Float32) == ([None, 2.0], [False, False])


def test_categories_are_text_without_outer_blanks():
    category = ColumnType.CATEGORY
    assert parsed([" a b ", "\tc\u00a0", ""], kind=category)[0] == ["a b", "c", None]
    assert parsed([3.0, None], kind=category, dtype=pl.Float64)[0] == ["3", None]
    assert parsed([3.5, 2.0], kind=category, dtype=pl.Float64)[0] == ["3.5", "2.0"]
    assert parsed([True], kind=category, dtype=pl.Boolean)[0] == ["true"]


@pytest.mark.parametrize("kind", list(ColumnType))
def test_lists_and_bytes_are_of_the_wrong_type(kind):
    assert parsed([[1], None], kind=kind, dtype=pl.List(pl.Int64)) == ([None, None], [True, False])
    assert parsed([b"x", None], kind=kind, dtype=pl.Binary) == ([None, None], [True, False])


def test_dates_and_truth_values_are_no_numbers():
    assert parsed([True, None], dtype=pl.Boolean) == ([None, None], [True, False])
    assert parsed([1, None], dtype=pl.Date) == ([None, None], [True, False])


def test_a_mixed_column_is_read_only_where_both_readings_agree():
    cells = ["1.5", "1.234", "1.234,5", "12", "x"]
    values, wrong = parsed(cells, locale=GERMAN, mixed=True)
    assert values == [1.5, None, 1234.5, 12.0, None]
    assert wrong == [False, True, False, False, True]


def test_the_cells_given_are_left_alone():
    cells = pl.Series("x", [" 1 ", "NA"])
    parse_column(cells, kind=ColumnType.NUMBER, locale=ENGLISH, missing_marks=("NA",))
    assert cells.to_list() == [" 1 ", "NA"]
