import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affluence.data.contract import Missing
from affluence.evaluation.results import Estimate
from affluence.reporting import wording

THIN, MINUS = "\u202f", "\u2212"
SHARE = Estimate(0.389, 0.3842, 0.3938, "none")


def test_counts_have_commas_and_are_never_rounded():
    assert wording.count(48_842) == "48,842"
    assert wording.count(-3) == f"{MINUS}3"


@pytest.mark.parametrize(("members", "shown"), [(0, "0"), (1, "under 10"), (9, "under 10"), (10, "10")])
def test_a_group_under_ten_is_not_counted_out(members, shown):
    assert wording.guarded(members) == shown


def test_a_share_is_per_cent_with_a_narrow_space():
    assert wording.percent(0.389) == f"38.9{THIN}%"
    assert wording.percent(1, decimals=0) == f"100{THIN}%"


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_what_is_not_a_number_is_a_dash(nothing):
    assert wording.percent(nothing) == wording.number(nothing) == wording.points(nothing) == "\u2013"


def test_a_difference_carries_its_sign_and_a_real_minus():
    assert wording.points(0.0342) == "+3.4"
    assert wording.points(-0.0141) == f"{MINUS}1.4"


@pytest.mark.parametrize("nearly", [0.0, 0.0001, -0.0001])
def test_a_difference_of_nothing_has_no_sign(nearly):
    assert wording.points(nearly) == "0.0"


@given(st.floats(-1e6, 1e6))
def test_a_number_reads_back_as_it_was_written(value):
    written = wording.number(value, decimals=3)
    assert float(written.replace(",", "").replace(MINUS, "-")) == pytest.approx(value, abs=0.0006)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (40.0, "40"), (9.604, "9.60"), (11.61, "11.6"), (4042.24, "4,042"), (1_240_000, f"1.24{THIN}m")],
)
def test_a_number_in_little_room_is_short(value, shown):
    assert wording.short(value) == shown


def test_an_interval_stands_with_its_confidence():
    assert wording.in_words(SHARE) == f"38.9{THIN}% (90{THIN}%: 38.4\u201339.4)"
    assert wording.times(Estimate(3.89, 3.84, 3.94, "none")) == f"3.89 times (90{THIN}%: 3.84\u20133.94)"
    assert wording.points_range(Estimate(0.0, -0.035, 0.007, "none")) == f"{MINUS}3.5 to +0.7"


def test_a_confidence_of_its_own_is_said():
    assert wording.level(Estimate(0.5, 0.4, 0.6, "none", level=0.95)) == f"95{THIN}%"


@pytest.mark.parametrize(("seconds", "said"), [(48.2, "48 s"), (59.9, "1 min 0 s"), (125, "2 min 5 s")])
def test_a_time_span_is_in_words(seconds, said):
    assert wording.duration(seconds) == said


def test_a_long_list_says_how_many_more():
    assert wording.listed(["1", "2"]) == "1, 2"
    assert wording.listed([str(place) for place in range(1_500)], most=2) == "0, 1 and 1,498 more"


@pytest.mark.parametrize("mark", ["\u202e", "\u200f", "\u2066", "\x00", "\u200b", "\ufeff"])
def test_marks_that_hide_or_turn_text_become_visible(mark):
    assert wording.visible(f"txt{mark}exe") == "txt\ufffdexe"


def test_line_breaks_become_spaces():
    assert wording.visible("two\r\nlines\there") == "two  lines here"


@given(st.text(), st.integers(2, 80))
def test_a_shortened_text_is_never_longer(text, longest):
    assert len(wording.shortened(text, longest=longest)) <= longest


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_a_missing_cell_says_what_missing_means(nothing):
    assert wording.cell(nothing, missing=Missing.DOES_NOT_HOLD) == "does not hold"
    assert wording.cell(nothing, missing=Missing.NOT_RECORDED) == "not recorded"


def test_a_cell_is_written_by_its_kind():
    assert wording.cell(12_345, missing=Missing.REFUSED) == "12,345"
    assert wording.cell(12_345.5, missing=Missing.REFUSED) == "12,346"
    assert wording.cell("=1+1", missing=Missing.REFUSED) == "=1+1"
    assert wording.cell(True, missing=Missing.REFUSED) == "True"


def test_every_meaning_of_missing_has_words():
    assert set(wording.MISSING_WORDS) == set(Missing)


def test_a_title_leaves_the_unit_to_the_unit():
    assert wording.title("capital_gain_usd", unit="USD") == "Capital gain"
    assert wording.title("hours_per_week", unit="hours") == "Hours per week"
    assert wording.title("years", unit="years") == "Years"


def test_columns_that_would_share_a_title_keep_their_unit(make):
    contract = make.contract(
        make.column("education", "category"), make.column("education_years", "integer", unit="years")
    )
    assert wording.titles(contract.columns) == {"education": "Education", "education_years": "Education years"}
