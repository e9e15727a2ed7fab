import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from affluence.evaluation.fairness import NO_GROUPS
from affluence.pu.class_prior import HiddenCount
from affluence.pu.cross_fitting import FoldMap, customer_digests
from affluence.pu.discovery import Discovery
from affluence.pu.left_out import NOBODY_LEFT_OUT, LeftOut
from affluence.pu.release import ModelLabel
from affluence.reporting.model_card import CardContent, LeftOutCount, card_content, render_model_card

HOSTILE = "</p><script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>\u202e"
RANGE = HiddenCount(90.0, 119.0, None, "holds only if tagging is random", None)
COUNT = HiddenCount(60.0, 140.0, 95.0, "the checked were drawn as written", 0.9)


class Page(HTMLParser):
    """The elements, and the text outside of styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements, self.words, self._hidden = [], [], False
        self.feed(html)
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        self.words.append("" if self._hidden else data)


def found(count=RANGE, **changes) -> Discovery:
    return replace(Discovery("fast", (), 0, count, None, ("A made warning.",)), **changes)


@pytest.fixture
def content(make) -> CardContent:
    run = make.content()
    return CardContent(
        run.contract, run.intake, run.evaluation, found(), run.model, None, "18 Nov 2026", "0.1.0", simulated=False
    )


def card(content, **changes) -> Page:
    return Page(render_model_card(replace(content, **changes)))


def test_it_says_the_figures_with_their_intervals_and_that_they_are_against_the_tag(content):
    text = re.sub(r"\s+", " ", card(content).text)
    assert "How good it is against the tag" in text
    assert re.search(r"38\.9\s%\s\(90\s%:\s38\.4\u201339\.4\)", text)
    assert re.search(r"0\.927\s\(90\s%:\s0\.925\u20130\.929\)", text)


def test_without_a_review_it_gives_a_range_and_its_assumption_and_never_an_interval(content):
    text = card(content).text
    assert "Between 90 and 119 affluent customers are not tagged" in text
    assert "a range, not an interval, and holds only if tagging is random" in text
    assert "is not given: no review has counted the hidden" in text


def test_after_a_review_it_gives_a_count_and_an_interval(content):
    text = card(content, discovery=found(COUNT, reviewed=50, shift=0.3)).text
    assert re.search(r"About 95 affluent customers are not tagged \(90\s%: 60 to 140\)", text)
    assert "By 50 customers checked by hand" in text
    assert "rests on the verdicts" in text


def test_it_says_who_assumed_what_of_the_tagging(content):
    assert "(SCAR)" in card(content).text
    declared = card(content, discovery=found(drivers=("balance_usd",))).text
    assert "declares that the tag was given by Balance." in declared
    assert "(SAR)" in declared
    assert "A made warning." in declared


def test_it_names_the_versions_and_the_hashes(content):
    text = card(content).text
    assert "affluence-made, version 3" in text
    assert content.intake.data_hash in text
    assert content.contract.fingerprint() in text


def test_a_list_that_was_not_kept_to_is_said_loudly(content):
    kept = card(content, left_out=LeftOutCount(5, 3, 4, "cd" * 32, 0)).text
    assert "5 customers on the do-not-train list, 3 of them in the table (4 rows)" in kept
    assert "None of them is among the customers learned from" in kept
    assert "do not use this model" in card(content, left_out=LeftOutCount(5, 3, 4, "cd" * 32, 2)).text
    assert "no do-not-train list was given" in card(content).text


def test_the_counts_of_the_list_are_taken_from_the_model_itself(content):
    digests = np.unique(customer_digests(["A", "B", "C"], key=7))
    model = SimpleNamespace(
        contract=content.contract, discovery=found(), fold_map=FoldMap(7, digests, np.zeros(3, dtype=np.int8))
    )
    listed = tuple(int(digest) for digest in np.unique(customer_digests(["C", "D"], key=7)))
    release = SimpleNamespace(
        model=model,
        evaluation=content.evaluation,
        intake=content.intake,
        left_out=LeftOut(2, 1, 1, listed),
        reach=NO_GROUPS,
    )
    said = card_content(release, content.label, made_at="now", affluence_version="0.1.0")
    assert (said.left_out.listed, said.left_out.learned_from) == (2, 1)
    release.left_out = NOBODY_LEFT_OUT
    assert card_content(release, content.label, made_at="now", affluence_version="0.1.0").left_out is None


def test_whom_its_list_reaches_is_told_by_the_groups_that_the_contract_names(content, make):
    text = card(content, reach=make.reach()).text
    assert "Measured on the first 10\u202f% of the candidates" in text.replace(" %", "\u202f%")
    assert "Reached least: Age, under 30." in text
    assert "2 exchanges would bring every group within" in text
    assert "is not measured on this card" not in text


def test_without_named_groups_it_says_that_reach_was_not_measured_and_how_to(content):
    text = card(content).text
    assert "Not measured: the contract names no groups. Say fair_reach of a column" in text
    assert "Whom the list reaches by age or other groups is not measured on this card." in text


def test_made_customers_are_marked(content):
    assert "SIMULATED" not in card(content).text
    made = card(content, simulated=True).text
    assert made.count("SIMULATED") == 2


def test_hostile_words_can_only_be_read_and_nothing_is_loaded(content):
    label = ModelLabel(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})
    page = card(content, label=label, discovery=found(warnings=(HOSTILE,), drivers=(HOSTILE,)))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object"}
    assert "\u202e" not in page.text
    assert not [address for _, names in page.elements for address in (names.get("src"),) if address]


def test_no_candidate_is_named(content):
    assert "CUST-" not in card(content).text


def test_every_section_is_named_by_a_heading_that_stands_once(content):
    elements = card(content).elements
    ids = [names["id"] for _, names in elements if "id" in names]
    assert len(ids) == len(set(ids))
    assert {names["aria-labelledby"] for tag, names in elements if tag == "section"} <= set(ids)
