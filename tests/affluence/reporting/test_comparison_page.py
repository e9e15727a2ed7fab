import re
from dataclasses import replace
from datetime import date

import pytest

from affluence.evaluation.calibration import wilson
from affluence.evaluation.comparison import Finds, Reviewed
from affluence.reporting.comparison_page import ComparisonContent, render_comparison_page

HOSTILE = "</p><script>alert('x')</script>\u202e"


@pytest.fixture
def content(make) -> ComparisonContent:
    return ComparisonContent(make.comparison(), "affluence-made", "Made customers", "ab" * 32, date(2026, 12, 1))


def said(content: ComparisonContent, **changes) -> str:
    page = render_comparison_page(replace(content, comparison=replace(content.comparison, **changes)))
    without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without_style))


def test_what_a_change_of_model_does_to_the_list_comes_first_and_then_the_verdict(content):
    text = said(content)
    assert "Of 800 on the list 100 would leave for as many who enter." in text
    assert text.index("would leave") < text.index(content.comparison.verdict) < text.index("Against the tag")
    assert "Nothing was promoted" in text


def test_a_difference_carries_its_sign_its_interval_and_its_assumption(content):
    text = said(content)
    assert re.search(
        r"Recall of the tagged who score as high.*? 69\.0 67\.0 \u22122\.00 \u22123\.00 to \u22121\.00", text
    )
    assert "Intervals: a made bootstrap." in text


def test_without_verdicts_and_chances_it_says_that_the_hidden_are_not_known(content):
    assert "Which of the two finds more of the hidden is not known" in said(content)


def test_expected_finds_are_told_to_settle_nothing(content, make):
    text = said(content, finds=Finds(make.beside(60.0, 66.0, half=9.0), by_champion=-3.0, by_challenger=5.0))
    assert "Each model believes its own chances, so these settle nothing." in text
    assert re.search(r"60 and 66, difference 6\.0 \(90\s%: \u22123\.0 to 15\.0\)", text)
    assert "The exchange, by version 1 \u22123.0 finds" in text


def test_verdicts_are_told_of_both_lists(content, make):
    reviewed = Reviewed(30, 20, make.beside(0.5, 0.6), wilson(15, 20), None)
    text = said(content, reviewed=reviewed)
    assert "30 confirmed and 20 refuted" in text
    assert re.search(r"Confirmed of version 1's checked 75\.0\s%", text)
    assert "Confirmed of version 2's checked" not in text


def test_equal_lists_and_a_table_without_tags_are_said_in_words(content):
    text = said(content, staying=800, exchanged=0, recall_of_tagged=None, average_precision=None, roc_auc=None)
    assert "both make the same list" in text
    assert "Nobody in the table is tagged" in text


def test_made_customers_are_marked_and_hostile_words_can_only_be_read(content):
    hostile = replace(content.comparison, champion=HOSTILE, challenger=HOSTILE, verdict=HOSTILE)
    page = render_comparison_page(
        replace(content, comparison=hostile, model=HOSTILE, title=HOSTILE, data_hash=HOSTILE, simulated=True)
    )
    assert "<script" not in page
    assert "\u202e" not in page
    assert "no list from either model may be used" in page


def test_lists_that_hold_the_same_confirmed_are_not_given_an_interval_of_nothing(content, make):
    text = said(content, reviewed=Reviewed(30, 20, make.beside(0.5, 0.5, half=0.0), wilson(15, 20), wilson(15, 20)))
    assert re.search(r"50\.0\s% and 50\.0\s%, the same customers", text)
    assert "0.0 to 0.0" not in text
