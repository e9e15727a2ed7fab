import re
from dataclasses import replace

import polars as pl

from affluence.decision.expected_finds import Expected
from affluence.evaluation.fairness import NO_GROUPS
from affluence.pu.class_prior import HiddenCount
from affluence.reporting.deciding import Deciding, expected, share_bars, view_deciding
from affluence.reporting.run_report import render_run_report

HOSTILE = "</script><script>alert('x')</script>\u202e"


def kinds(**people: int) -> pl.DataFrame:
    return pl.DataFrame({"offer": [name for name, count in people.items() for _ in range(count)]})


def test_a_range_is_never_called_an_interval():
    assert expected(Expected(10.0, 20.0, None, "made", None)) == "10 to 20, a range"
    assert expected(Expected(10.0, 20.0, 15.0, "made", 0.9)) == "15 (90\u202f%: 10\u201320)"


def test_shares_are_told_of_large_kinds_alone():
    told = share_bars(kinds(savings=80, funds=20, card=0), "offer")
    assert [(bar.name, bar.people, bar.width) for bar in told] == [("savings", "80", 80.0), ("funds", "20", 20.0)]


def test_one_small_kind_hides_the_next_so_that_it_is_no_difference():
    told = share_bars(kinds(savings=80, funds=15, card=5), "offer")
    assert [(bar.people, bar.width) for bar in told] == [("80", 80.0), ("not told", 0.0), ("under 10", 0.0)]


def test_nothing_is_said_of_nobody():
    assert share_bars(None, "offer") == ()
    assert share_bars(kinds(), "offer") == ()


def test_a_report_without_deciding_has_none_of_its_sections(make):
    assert 'id="cut"' not in render_run_report(make.content())
    assert 'id="cut"' not in render_run_report(make.content(deciding=Deciding()))


def test_the_answer_of_the_cut_comes_first_with_its_range_and_the_advice(make, deciding):
    page = render_run_report(make.content(deciding=deciding))
    assert "Contact <b>100</b> customers and expect between" in page
    assert "Check 50 people by hand" in page
    order = [page.index(f'id="{name}"') for name in ("cut", "segments", "types", "reasons", "offers", "candidates")]
    assert order == sorted(order)
    assert page.count('href="#cut"') == 1


def test_ids_of_examples_are_masked_and_internal_reasons_are_not_said(make, deciding):
    view = view_deciding(deciding, contract=make.contract())
    (example,) = [each for each in view["examples"] if each.rank == "1"]
    assert example.customer == "CU\u2022\u20220"
    assert example.sentences == ("Balance of USD 5,000; others 20.",)
    assert [step.internal for step in example.waterfall.steps] == [False, True]
    assert len(view["examples"]) == 3
    assert "CUST-00000" not in render_run_report(make.content(deciding=deciding))


def test_reasons_that_do_not_hold_are_not_shown(make, deciding):
    quiet = replace(deciding, explanation=make.explanation(said=False))
    page = render_run_report(make.content(deciding=quiet))
    assert "No reasons are shown" in page
    assert "others 20" not in page


def test_a_reason_said_of_few_is_not_counted(make, deciding):
    shares = view_deciding(deciding, contract=make.contract())["reason_shares"]
    assert [bar.name for bar in shares] == ["Balance high"]


def test_after_a_review_the_cut_is_a_figure_with_its_interval_and_no_range(make, deciding):
    counted = HiddenCount(40.0, 80.0, 60.0, "the checked were drawn as written", 0.9)
    cut, gains = make.cut(counted, (-1.0, 1.0), (-1.1, 0.9), (-0.9, 1.1))
    page = render_run_report(make.content(deciding=replace(deciding, cut=cut, gains=gains)))
    section = page[page.index('<h2 id="cut">') : page.index('<h2 id="segments">')]
    value, low, high = (round(end) for end in (cut.finds.value, cut.finds.low, cut.finds.high))
    assert f"expect <b>{value}</b> of them to be affluent" in section
    assert f"(90\u202f%: {low}\u2013{high})" in section
    assert "range" not in section[: section.index("plotly-chart")]
    assert "Check 50" not in section
    rows = dict(view_deciding(replace(deciding, cut=cut, gains=gains), contract=make.contract())["cut_rows"])
    assert rows["Affluent among them"] == f"{value} (90\u202f%: {low}\u2013{high})"
    assert rows["Lowest chance"].endswith("%")


def test_without_a_review_every_expected_number_is_called_a_range(make, deciding):
    rows = dict(view_deciding(deciding, contract=make.contract())["cut_rows"])
    uncertain = ("Affluent among them", "Share affluent", "Expected value", "Value less cost")
    assert all(rows[name].endswith(", a range") for name in uncertain)
    assert "Lowest chance" not in rows


def test_a_card_of_strategy_says_who_what_they_lack_and_how_to_begin(make, deciding):
    page = render_run_report(make.content(deciding=replace(deciding, strategies=(make.strategy(),))))
    (card,) = [part for part in page.split("<article")[1:] if 'aria-label="Savers"' in part[:60]]
    for words in (
        "rule of Savers",
        "median 5,000 of those with one",
        "held by 22 points fewer",
        "A second pillar",
        "by phone",
        "Investment talk, to 90\u202f% of them",
        "You keep deposits with us.",
        "Unknown until some of the listed are checked by hand",
        "No campaign yet",
    ):
        assert words in card


def test_a_segment_too_small_to_be_counted_has_no_page_of_strategy(make, deciding):
    few = make.segmentation()
    frame = few.frame.with_columns(segment=pl.when(pl.col("row") < 5).then(pl.lit("Few")).otherwise(pl.lit("Savers")))
    told = replace(deciding, segmentation=replace(few, frame=frame), strategies=(make.strategy("Few"),))
    cards = view_deciding(told, contract=make.contract())["segment_cards"]
    assert {bar.name: page for _, bar, _, page in cards}["Few"] is None


def test_types_said_are_held_against_the_truth_where_it_is_known_and_small_cells_are_not_counted(make, deciding):
    confusion = pl.DataFrame(
        {"hidden_type": ["mis-tagged", "mis-tagged"], "truth": ["mis-tagged", "look-alike"], "people": [31, 4]}
    )
    told = replace(deciding, type_confusion=confusion)
    assert view_deciding(told, contract=make.contract())["type_confusion"] == (
        ("mis-tagged", "look-alike", "under 10"),
        ("mis-tagged", "mis-tagged", "31"),
    )
    assert "Said, and true" in render_run_report(make.content(deciding=told))
    assert "Said, and true" not in render_run_report(make.content(deciding=deciding))


def test_whom_the_list_reaches_is_told_by_group_with_what_evening_out_would_take(make, deciding):
    page = render_run_report(make.content(deciding=deciding))
    section = page[page.index('<h2 id="reach">') : page.index('<h2 id="candidates">')]
    for words in (
        "Reached least: Age, under 30.",
        "below 4/5",
        "too few to be told",
        "2 exchanges",
        "Nothing was exch",
    ):
        assert words in section
    assert page.count('href="#reach"') == 1


def test_a_contract_that_names_no_groups_is_told_how_to(make, deciding):
    page = render_run_report(make.content(deciding=replace(deciding, reach=NO_GROUPS)))
    assert "the contract names no groups. Say fair_reach of a column" in page


def test_a_campaign_says_who_is_contacted_who_is_left_alone_and_who_is_left_out(make, deciding):
    made = make.campaign(excluded={"complaint": 15, "consent": 3}, warnings=("Only 400 may be contacted.",))
    page = render_run_report(make.content(deciding=replace(deciding, campaign=made)))
    section = page[page.index('<h2 id="campaign">') : page.index('<h2 id="candidates">')]
    assert "<b>360</b> are contacted, <b>40</b> are left alone" in section
    assert "too small to prove a lift of 2.0 points" in section
    assert "Only 400 may be contacted." in section
    assert re.search(r"complaint</bdi></th><td class=\"n\">15</td>", section)
    assert re.search(r"consent</bdi></th><td class=\"n\">under 10</td>", section)


def test_every_section_of_a_made_bank_says_so(make, deciding):
    page = render_run_report(make.content(deciding=deciding, simulated=True))
    for name in ("cut", "segments", "types", "reasons", "offers", "reach"):
        heading = page[page.index(f'<h2 id="{name}">') :]
        assert "SIMULATED" in heading[: heading.index("</h2>")]


def test_hostile_words_can_only_be_read(make, deciding):
    hostile = replace(
        deciding,
        segmentation=make.segmentation(HOSTILE),
        explanation=make.explanation(sentence=HOSTILE),
        offers=pl.DataFrame({"offer": [HOSTILE] * 40}),
        type_note=HOSTILE,
    )
    page = render_run_report(make.content(deciding=hostile))
    assert "<script>alert" not in page
    assert "\u202e" not in page
