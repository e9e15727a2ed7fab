import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from affluence.decision.outcomes import CampaignResult
from affluence.reporting.outcomes_page import OutcomesContent, render_outcomes_page

HOSTILE = "</p><script>alert('x')</script>\u202e"


def page_of(result: CampaignResult, **changes) -> str:
    content = OutcomesContent(result, "Spring", "abc123", date(2026, 12, 1), "Made customers", "SGD")
    return render_outcomes_page(replace(content, **changes))


def text_of(page: str) -> str:
    without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without_style))


@pytest.mark.parametrize(
    ("upgrades", "said"),
    [
        ((0.05, 0.01, 0.09), "Contacting brought more upgrades."),
        ((-0.05, -0.09, -0.01), "Contacting brought fewer upgrades."),
        ((0.05, -0.01, 0.11), "It is not proven that contacting changed how many upgrade."),
        (None, "What contacting changed is not known: nobody was held back."),
    ],
)
def test_the_answer_claims_no_more_than_the_interval(make, upgrades, said):
    told = None if upgrades is None else make.lift(*upgrades)
    assert said in text_of(page_of(make.outcomes(upgrades=told)))


def test_every_lift_has_its_interval_and_what_it_says(make):
    text = text_of(page_of(make.outcomes()))
    assert "+5.0 points beyond the control group (90\u202f%: +1.0 to +9.0)" in page_of(make.outcomes())
    assert re.search(r"Upgrades \+5\.0 \+1\.0 to \+9\.0 more", text)
    assert re.search(r"Opt-outs 0\.0 \u22122\.0 to \+2\.0 not proven", text)
    assert re.search(r"Complaints \u22123\.0 \u22125\.0 to \u22121\.0 fewer", text)
    assert re.search(r"SGD 120\.00 a customer \(90\s%: \u221230\.00 to 270\.00\)", text)


def test_revenue_without_bounds_is_not_given_any(make):
    text = text_of(page_of(make.outcomes(revenue=make.lift(5.0, float("-inf"), float("inf")))))
    assert "SGD 5.00 a customer, without an interval: too few people to tell" in text
    assert "inf " not in text


def test_take_up_has_intervals_by_group_and_small_groups_are_not_told(make):
    text = text_of(page_of(make.outcomes()))
    assert re.search(r"Savers 200 20 10\.0 7\.0\u201314\.0", text)
    assert "Few too few to be told" in text
    assert text.index("Segment") < text.index("Tenth of the list, best first")


def test_without_a_control_group_there_is_no_table_of_lifts(make):
    nobody = make.outcomes(control=0, upgrades=None, revenue=None, opt_outs=None, complaints=None)
    assert "Hold back a tenth of the next list" in text_of(page_of(nobody))


def test_what_was_learned_is_counted_and_nobody_is_named(make):
    text = text_of(page_of(make.outcomes()))
    assert "15 confirmed affluent, 10 refuted" in text
    assert "A made warning." in text
    assert "CUST-1" not in page_of(make.outcomes())


def test_hostile_words_can_only_be_read(make):
    hostile = make.outcomes(
        take_up=make.outcomes().take_up.with_columns(value=pl.lit(HOSTILE)),
        warnings=(HOSTILE,),
    )
    page = page_of(hostile, campaign=HOSTILE, title=HOSTILE, currency=HOSTILE)
    assert "<script" not in page
    assert "\u202e" not in page


def test_outcomes_that_were_made_up_say_so(make):
    assert "nothing here happened" in text_of(page_of(make.outcomes(), simulated=True))
