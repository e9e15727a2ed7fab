import pytest

from affluence.data.contract import Use
from affluence.data.profiling import Bin, Spread
from affluence.reporting.column_views import USE_WORDS, difference, view_columns


def view(make, contract, name, **changes):
    ((_, (shown,)),) = view_columns([make.profile(contract, name, **changes)], contract=contract)
    return shown


def test_columns_stand_under_the_heading_of_their_use(make, contract):
    groups = view_columns([make.profile(contract, column.name) for column in contract.columns], contract=contract)
    assert [heading for heading, _ in groups] == [USE_WORDS[use][0] for use in Use]
    assert [[shown.name for shown in views] for _, views in groups] == [
        ["balance_usd", "occupation"],
        ["age_years"],
        ["origin"],
    ]


def test_the_columns_that_differ_most_come_first(make, contract):
    alike = (Bin("all", None, None, 2_000, 8_000),)
    profiles = [make.profile(contract, "balance_usd", bins=alike), make.profile(contract, "occupation")]
    ((_, views),) = view_columns(profiles, contract=contract)
    assert [shown.name for shown in views] == ["occupation", "balance_usd"]


def test_every_column_has_a_place_of_its_own(make, contract):
    groups = view_columns([make.profile(contract, column.name) for column in contract.columns], contract=contract)
    anchors = [shown.anchor for _, views in groups for shown in views]
    assert len(anchors) == len(set(anchors)) == 4


def test_groups_that_are_alike_do_not_differ(make, contract):
    bins = (Bin("a", None, None, 20, 80), Bin("b", None, None, 30, 120))
    assert difference(make.profile(contract, "origin", bins=bins)) == pytest.approx(0)


def test_groups_without_a_common_value_differ_wholly(make, contract):
    bins = (Bin("a", None, None, 50, 0), Bin("b", None, None, 0, 80))
    assert difference(make.profile(contract, "origin", bins=bins)) == 1


def test_a_group_without_values_has_no_difference(make, contract):
    assert difference(make.profile(contract, "origin", bins=(Bin("a", None, None, 0, 80),))) == 0


def test_what_is_missing_is_told_by_group_with_its_meaning(make, contract):
    shown = view(make, contract, "occupation")
    assert (shown.missing_tagged, shown.missing_unlabelled) == ("4.7\u202f%", "5.1\u202f%")
    assert shown.missing_meaning == "does not hold"


def test_a_few_missing_are_told_by_their_bound(make, contract):
    shown = view(make, contract, "occupation", missing_tagged=3, missing_unlabelled=0)
    assert (shown.missing_tagged, shown.missing_unlabelled) == ("under 0.5\u202f%", "0.0\u202f%")


def test_a_group_under_ten_has_no_share_missing(make, contract):
    shown = view(make, contract, "occupation", rows_tagged=9, missing_tagged=4)
    assert shown.missing_tagged == "\u2013"


def test_a_number_is_summed_up_by_its_medians(make, contract):
    assert view(make, contract, "age_years").fact == "Median 150 among the tagged affluent, 80 among the others."


def test_equal_medians_give_way_to_the_rates(make, contract):
    same = Spread(0, 0, 0, 0, 0, 0)
    fact = view(make, contract, "age_years", tagged=same, unlabelled=same).fact
    assert fact.startswith("The same median, 0, in both groups. Tagged rate from 4.8\u202f% (0 to 99)")


def test_a_category_is_summed_up_by_its_rates(make, contract):
    fact = view(make, contract, "occupation").fact
    assert fact == "Tagged rate from 4.8\u202f% (clerk) to 32.7\u202f% (doctor)."


def test_a_column_of_one_value_says_so(make, contract):
    bins = (Bin("only", None, None, 2_000, 8_000),)
    assert view(make, contract, "origin", bins=bins).fact == "One value holds nearly all customers."


def test_a_column_without_values_says_so_and_draws_nothing(make, contract):
    shown = view(
        make,
        contract,
        "age_years",
        bins=(),
        tagged=None,
        unlabelled=None,
        missing_tagged=2_000,
        missing_unlabelled=8_000,
    )
    assert shown.fact == "No value is recorded."
    assert (shown.bars, shown.ticks, shown.quantiles) == ((), (), ())
    assert shown.missing_tagged == "100.0\u202f%"


def test_quantiles_are_those_given(make, contract):
    (affluent, normal) = view(make, contract, "age_years").quantiles
    assert affluent == ("affluent", ("90", "120", "150", "180", "220", "151.5"))
    assert normal == ("normal", ("5", "40", "80", "120", "190", "88.2"))


def test_quantiles_of_a_group_under_ten_are_left_out(make, contract):
    shown = view(make, contract, "age_years", rows_tagged=9)
    assert [mark for mark, _ in shown.quantiles] == ["normal"]


def test_ticks_stand_at_lower_edges_and_keep_off_the_right_end(make, contract):
    bins = tuple(Bin(f"{low}", low, low + 5.0, 20, 80) for low in range(0, 100, 5))
    ticks = view(make, contract, "age_years", bins=bins).ticks
    assert [text for _, text in ticks] == ["0", "20", "40", "60", "80"]
    assert all(place <= 88 for place, _ in ticks)


def test_a_single_number_is_labelled_in_the_middle_of_its_bar(make, contract):
    bins = (Bin("1", 1.0, 1.0, 20, 80), Bin("2", 2.0, 2.0, 20, 80))
    assert view(make, contract, "age_years", bins=bins).ticks == ((25.0, "1"), (75.0, "2"))


def test_the_kind_carries_the_unit(make, contract):
    assert view(make, contract, "age_years").kind == "Whole number, years"
    assert view(make, contract, "occupation").kind == "Category"
