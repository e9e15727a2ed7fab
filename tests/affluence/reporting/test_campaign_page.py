import re
from dataclasses import replace

import pytest

from affluence.decision.campaign import CampaignSettings
from affluence.decision.capacity import Economics
from affluence.decision.expected_finds import Expected
from affluence.reporting.campaign_page import CampaignContent, render_campaign_page

HOSTILE = "</p><script>alert('x')</script>\u202e"
RANGE = Expected(20.0, 60.0, None, "holds only if tags are random", None)
COUNT = Expected(30.0, 50.0, 40.0, "verdicts are right", 0.9)


def text_of(page: str) -> str:
    without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without_style))


@pytest.fixture
def content(make) -> CampaignContent:
    campaign = make.campaign(excluded={"complaint": 12, "complaint; consent": 3, "consent": 20})
    return CampaignContent(campaign, make.provenance(), RANGE, Economics(), "Made customers", "made")


def said(content: CampaignContent, **changes) -> str:
    return text_of(render_campaign_page(replace(content, **changes)))


def test_the_answer_comes_first_as_a_range_with_the_advice_to_check_fifty(content):
    page = said(content)
    assert "Contact 360 customers and expect between 20 and 60 of them to be affluent." in page
    assert "It is a range, not an interval, and holds only if tags are random. Check 50 people by hand" in page


def test_after_a_review_the_answer_is_a_figure_with_its_interval(content):
    page = said(content, finds=COUNT)
    assert re.search(r"expect 40 of them to be affluent \(90\s%: 30\u201350\)", page)
    assert "a range" not in page


def test_value_and_cost_are_those_of_the_contacted_and_only_where_the_bank_said_them(content):
    assert "Expected value" not in said(content)
    page = said(content, finds=COUNT, economics=Economics(cost_per_contact=2.0, value_per_find=100.0, currency="SGD"))
    assert re.search(r"Expected value SGD 4,000 \(90\s%: 3,000\u20135,000\)", page)
    assert "Cost SGD 720" in page
    assert re.search(r"Value less cost SGD 3,280 \(90\s%: 2,280\u20134,280\)", page)


def test_what_the_list_can_prove_is_said_in_words(content):
    page = said(content)
    assert "It is too small to prove a lift of 2.0 points." in page
    assert "with 360 contacted and 40 held back" in page
    assert "Contacts needed 4,7" in page


def test_without_a_control_group_it_says_that_nothing_will_be_known(content, make):
    page = said(content, campaign=make.campaign(held=0))
    assert "Nothing: nobody is held back." in page
    assert "what contacting changes will not be known" in page


def test_whoever_has_several_reasons_counts_for_each_and_few_are_not_counted(content, make):
    assert re.search(r"consent 23 65\.7\s% complaint 15 42\.9\s%", said(content))
    assert "sanction under 10" in said(content, campaign=make.campaign(excluded={"sanction": 4}))


def test_that_no_exclusion_list_was_given_is_said(content, make):
    assert "no exclusion list was given" in said(content, campaign=make.campaign())


def test_segments_and_offers_of_the_contacted_are_counted(content):
    page = said(content)
    assert re.search(r"Savers 300 83\.3\s%", page)
    assert re.search(r"Investment talk 360 100\.0\s%", page)


def test_how_to_make_it_again_is_told_with_model_data_and_cut(content):
    page = said(content)
    assert "affluence campaign replay FOLDER --contract made" in page
    assert "contacts 400" in page
    assert "budget" not in page
    assert "ab" * 32 in page


def test_equal_campaigns_give_equal_pages(content, make):
    again = make.campaign(excluded={"complaint": 12, "complaint; consent": 3, "consent": 20})
    assert render_campaign_page(replace(content, campaign=again)) == render_campaign_page(content)


def test_nobody_is_named_and_hostile_words_can_only_be_read(content):
    settings = CampaignSettings(name=HOSTILE, day=content.campaign.settings.day, channel=HOSTILE)
    page = render_campaign_page(replace(content, campaign=replace(content.campaign, settings=settings), title=HOSTILE))
    assert "CUST-" not in page
    assert "GONE-" not in page
    assert "<script" not in page
    assert "\u202e" not in page


def test_a_campaign_of_made_customers_says_that_nobody_may_be_contacted(content):
    assert "SIMULATED" not in said(content)
    assert "nobody may be contacted from this list" in said(content, simulated=True)
