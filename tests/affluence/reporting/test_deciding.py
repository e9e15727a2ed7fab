from dataclasses import replace

import polars as pl

from affluence.decision.expected_finds import Expected
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


def test_every_section_of_a_made_bank_says_so(make, deciding):
    page = render_run_report(make.content(deciding=deciding, simulated=True))
    for name in ("cut", "segments", "types", "reasons", "offers"):
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
