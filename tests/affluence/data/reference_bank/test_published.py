import pytest

from affluence.data.reference_bank import published
from affluence.data.reference_bank.shaping import SEGMENTS

BASES = {"published", "derived", "chosen"}


def test_the_profile_keeps_its_provenance():
    assert "published exploratory reports" in published.profile()["source"]
    assert "no customer's row" in published.profile()["source"]


def test_every_margin_is_marked_and_stands_once():
    keys = [(m.column, m.segment, m.figure) for m in published.margins()]
    assert len(keys) == len(set(keys))
    assert {m.basis for m in published.margins()} == BASES
    assert {m.segment for m in published.margins()} == {*SEGMENTS, "BOTH"}


def test_whatever_is_not_published_says_where_it_comes_from():
    silent = [m for m in published.margins() if m.basis == "derived" and not m.note]
    assert not silent


def test_margins_marked_published_are_those_of_the_profile():
    by_segment = published.profile()["by_segment"]
    checked = 0
    for margin in published.margins():
        figures = by_segment.get(margin.column, {}).get(margin.segment, {})
        if margin.basis == "published" and margin.figure in figures:
            assert margin.value == figures[margin.figure], margin
            checked += 1
    assert checked >= 14


@pytest.mark.parametrize("column", ["C_EDU", "C_HSE", "gn_occ", "INCM_TYP", "HL_tag", "AL_tag"])
def test_holders_of_a_category_are_the_sum_of_its_categories(column):
    assert sum(published.holders(column)) == published.profile()["columns"][column]["rows_with_value"]


@pytest.mark.parametrize("column", ["MTHCASA", "MTHTD", "CC_LMT", "DRvCR", "UT_AVE"])
def test_holders_from_percentages_add_up_and_round_to_them(column):
    normal, affluent = published.holders(column)
    missing = published.profile()["by_segment"]["missing_percent"][column]
    assert normal + affluent == published.profile()["columns"][column]["rows_with_value"]
    assert 100 * (1 - normal / 55_157) == pytest.approx(missing["NORMAL"], abs=0.01)
    assert 100 * (1 - affluent / 10_926) == pytest.approx(missing["AFFLUENT"], abs=0.01)


def test_account_counts_add_up_to_the_published_ones():
    counts = [published.figures("CASATD_CNT", segment) for segment in SEGMENTS]
    assert tuple(sum(c.values()) for c in counts) == published.holders("CASATD_CNT")
    for value, rows in published.heaps("CASATD_CNT"):
        assert sum(c[f"n{value:g}"] for c in counts) == rows


def test_account_counts_have_the_published_means():
    for segment in SEGMENTS:
        counts = published.figures("CASATD_CNT", segment)
        mean = sum(int(name[1:]) * rows for name, rows in counts.items()) / sum(counts.values())
        assert mean == pytest.approx(published.profile()["by_segment"]["CASATD_CNT"][segment]["mean"], abs=0.02)


def test_no_score_looks_at_the_truth_or_at_the_tag():
    forbidden = {"affluent", "hidden", "truth", "tag", "segment", "share_kept"}
    for name, row in published.weights().items():
        assert not forbidden & set(row), name
