from dataclasses import replace

import pytest

from affluence.evaluation.calibration import wilson
from affluence.evaluation.fairness import NO_GROUPS, GroupReach, Swaps
from affluence.evaluation.results import Estimate
from affluence.reporting.reach_views import PERHAPS_BELOW, SURELY_BELOW, exchange_in_words, view_reach


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_the_group_that_is_reached_least_is_said_first_by_the_title_of_its_column(make):
    view = view_reach(make.reach(), contract=make.contract())
    assert plain(view.answer) == (
        "Reached least: Age, under 30. Listed 0.17 times (90 %: 0.10\u20130.30) as often as the others."
    )


def test_a_group_is_surely_below_the_line_only_where_its_whole_interval_is(make):
    groups = tuple(
        GroupReach("age_years", name, 100, 5, wilson(5, 100), Estimate(0.5, 0.3, high, "Katz", 0.9), None)
        for name, high in (("young", 0.7), ("old", 1.1))
    )
    view = view_reach(make.reach(groups=groups), contract=make.contract())
    assert [row.below for row in view.columns[0].rows] == [SURELY_BELOW, PERHAPS_BELOW]
    assert "2 of 2 groups are below four fifths of the others' share, 1 of them by the whole interval." in view.line


def test_a_group_that_is_too_small_has_no_figure_and_no_mark(make):
    *_, small = view_reach(make.reach(), contract=make.contract()).columns[0].rows
    assert (small.group, small.candidates, small.share, small.mark, small.ratio) == (
        "not recorded",
        "",
        None,
        None,
        None,
    )


def test_shares_and_the_share_of_all_stand_on_one_axis(make):
    view = view_reach(make.reach(), contract=make.contract())
    young, old, _ = view.columns[0].rows
    assert young.mark.at < view.at < old.mark.at


def test_without_groups_there_is_nothing_to_show(make):
    assert view_reach(NO_GROUPS, contract=make.contract()) is None


@pytest.mark.parametrize(
    ("swaps", "said"),
    [
        (
            Swaps("sex", 0.2, (), (), 0.0, in_finds=True),
            "Every group is within 20 % of the share of all already.",
        ),
        (
            Swaps("sex", 0.2, (1,), (2,), 3.25, in_finds=True),
            "1 exchange would bring every group within 20 % of the share of all and cost 3.2 expected finds.",
        ),
        (
            Swaps("sex", 0.2, (1, 2), (3, 4), 1.5, in_finds=False),
            (
                "2 exchanges would bring every group within 20 % of the share of all. Those who enter score 0.75 lower "
                "on average than those who leave; what that costs in finds only a review can tell."
            ),
        ),
    ],
)
def test_an_exchange_says_how_many_and_what_it_costs_and_a_score_is_never_called_finds(swaps, said):
    assert plain(exchange_in_words(swaps)) == said


def test_after_a_review_the_share_of_the_expected_affluent_is_shown(make):
    assert not view_reach(make.reach(), contract=make.contract()).counted
    groups = tuple(replace(group, reached=0.4) for group in make.reach().groups)
    view = view_reach(make.reach(groups=groups), contract=make.contract())
    assert view.counted
    assert plain(view.columns[0].rows[0].reached) == "40.0 %"
