import polars as pl
import pytest

CASA = ["MTHCASA", "MAXCASA", "MINCASA"]


def test_the_sum_is_above_the_largest_for_several_accounts_alone(bank):
    above = bank.table.filter(pl.col("MTHCASA") > pl.col("MAXCASA"))
    assert 500 < above.height < 10_000
    assert above["CASATD_CNT"].min() >= 2


def test_the_smallest_is_never_above_the_largest(bank):
    assert (bank.table["MINCASA"] <= bank.table["MAXCASA"]).drop_nulls().all()


def test_three_accounts_are_overdrawn_and_two_of_them_as_published(bank):
    below = bank.table.filter(pl.col("MTHCASA") < 0).sort("MTHCASA")
    assert below.height == 3
    assert below.select("C_seg", "MTHCASA").row(0) == ("NORMAL", -209_405.07)
    assert below.select("C_seg", "MTHCASA").row(1) == ("AFFLUENT", -36_254.65)
    assert below.select((pl.col("MTHCASA") == pl.col("MINCASA")).all()).item()


def test_all_deposits_are_worth_the_largest_or_more(bank):
    assert (bank.table["MTHTD"] >= bank.table["MAXTD"]).drop_nulls().all()


def test_one_deposit_alone_is_also_the_sum(bank):
    single = bank.table.filter(pl.col("MTHCASA").is_null() & (pl.col("CASATD_CNT") == 1))
    assert single.height > 500
    assert (single["MTHTD"] == single["MAXTD"]).all()


def test_assets_hold_their_parts(bank):
    parts = bank.table.select(pl.sum_horizontal("MTHCASA", "MTHTD", "MAXUT")).to_series()
    over = bank.table["Asset value"] - parts
    assert over.min() > -0.02
    assert 0.02 < (over > 0.02).mean() < 0.1


def test_assets_are_never_negative_and_zero_where_nothing_is_held(bank):
    assert bank.table["Asset value"].min() == 0
    nothing = bank.table.filter(pl.all_horizontal(pl.col(*CASA, "MTHTD", "UT_AVE").is_null()))
    assert (nothing["Asset value"] == 0).mean() > 0.9


def test_ratios_are_amounts_for_most_holders_of_time_deposits(bank):
    flows = bank.table.filter(pl.col("DRvCR") > 0)
    deposits = flows.filter(pl.col("MTHTD").is_not_null())
    assert (deposits["DRvCR"] > 100).mean() == pytest.approx(0.72, abs=0.03)
    assert flows["DRvCR"].min() == 3e-5


def test_unit_trusts_stand_together_and_the_largest_is_not_below_the_average(bank):
    funds = bank.table.filter(pl.col("UT_AVE").is_not_null())
    assert (funds["MAXUT"] >= funds["UT_AVE"] - 0.01).all()
    assert funds["N_FUNDS"].min() == 1
    assert funds["N_FUNDS"].max() == 14
