import numpy as np
import polars as pl
import pytest


@pytest.fixture(scope="module")
def spending(bank):
    return bank.table.filter(pl.col("ANN_TRN_AMT").is_not_null())


def test_a_year_is_twelve_months(spending):
    assert np.allclose(spending["ANN_TRN_AMT"], 12 * spending["AVG_TRN_AMT"])


def test_months_stand_in_their_order(spending):
    assert (spending["MIN_MTH_TRN_AMT"] <= spending["MAX_MTH_TRN_AMT"]).all()
    assert (spending["MAX_MTH_TRN_AMT"] <= spending["ANN_TRN_AMT"] + 0.01).all()
    assert (spending["MAX_MTH_TRN_AMT"] >= spending["AVG_TRN_AMT"] - 0.01).all()


def test_a_single_purchase_is_largest_smallest_and_total(spending):
    single = spending.filter(pl.col("ANN_N_TRX") == 1)
    assert single.height > 300
    assert (single["MAX_MTH_TRN_AMT"] == single["ANN_TRN_AMT"]).all()
    assert (single["MIN_MTH_TRN_AMT"] == single["ANN_TRN_AMT"]).all()


def test_nobody_spends_a_fortune_in_one_purchase(spending):
    assert (spending["ANN_TRN_AMT"] / spending["ANN_N_TRX"]).max() <= 10_000.01


def test_transactions_are_whole_and_one_or_more(spending):
    assert spending["ANN_N_TRX"].dtype == pl.Int64
    assert spending["ANN_N_TRX"].min() == 1


def test_limits_are_zero_exactly_without_a_card(bank):
    assert (bank.table["CC_LMT"] == 0).sum() == 29_742
    assert (bank.table["CC_LMT"] > 0).sum() == 18_002


def test_the_price_stands_with_the_car_loan_but_for_two(bank):
    priced = bank.table.filter(pl.col("pur_price_avg").is_not_null())
    assert priced["AL_tag"].null_count() == 0
    assert bank.table["AL_tag"].count() - priced.height == 2


def test_prices_love_nine_hundred_and_ninety_nine(bank):
    prices = bank.table["pur_price_avg"].drop_nulls()
    assert (prices % 1_000 == 999).mean() > 0.15
