import polars as pl
import pytest

from affluence.data.reference_bank import Comparison, ReferenceBank, compare, simulate


@pytest.fixture(scope="module")
def comparison(banks) -> Comparison:
    return compare(*banks)


def within(comparison: Comparison) -> dict[str, tuple[int, int]]:
    return {group: (inside, figures) for group, figures, inside in comparison.summary().rows()}


@pytest.mark.parametrize(
    "group", ["rows with a value", "category rows", "category affluent rate", "by segment", "pooled", "trap"]
)
def test_every_figure_is_within_its_tolerance(comparison, group):
    inside, figures = within(comparison)[group]
    assert inside == figures, comparison.outside().filter(pl.col("group") == group)


def test_at_least_82_of_the_94_strong_associations_are_within(comparison):
    inside, figures = within(comparison)["association"]
    assert figures == 94
    assert inside >= 82


def test_nine_in_ten_of_the_small_associations_are_within(comparison):
    inside, figures = within(comparison)["small association"]
    assert inside >= 0.9 * figures


@pytest.mark.slow
def test_each_seed_alone_keeps_every_figure_by_segment_within(banks):
    for bank in banks:
        assert compare(bank).outside().filter(pl.col("group") == "by segment").is_empty()


def test_tolerances_are_the_agreed_ones(comparison):
    figures = comparison.figures
    assert figures.filter(pl.col("group") == "rows with a value")["tolerance"].unique().to_list() == [0.02]
    assert figures.filter(pl.col("group") == "association")["tolerance"].unique().to_list() == [0.1]
    means = figures.filter((pl.col("group") == "by segment") & (pl.col("figure") != "std"))
    assert means.select((pl.col("tolerance") / pl.col("published")).round(6).unique()).to_series().to_list() == [0.15]


def test_a_bank_that_is_off_is_found_out(bank):
    doubled = ReferenceBank(bank.table.with_columns(pl.col("MTHCASA") * 2), bank.truth)
    outside = compare(doubled).outside()
    assert outside.filter(pl.col("group") == "by segment")["column"].to_list().count("MTHCASA") >= 6


def test_several_banks_are_compared_by_their_mean(small):
    other = simulate(customers=3_000, seed=2)
    one, two, both = (compare(*chosen).figures["generated"] for chosen in ([small], [other], [small, other]))
    assert ((one + two) / 2 - both).drop_nans().abs().max() < 1e-6


def test_a_small_bank_is_compared_without_error(small):
    assert within(compare(small))["rows with a value"] == (42, 42)
