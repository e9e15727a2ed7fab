import numpy as np
import polars as pl
import pytest

from affluence.data.reference_bank import published
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.holdings import draw_holdings
from affluence.data.reference_bank.latents import draw_positions
from affluence.data.reference_bank.scenario import Scenario

PUBLISHED = sorted(published.profile()["by_segment"]["missing_percent"])


@pytest.mark.parametrize("column", PUBLISHED)
def test_every_product_is_held_by_exactly_the_published_rows(bank, column):
    tagged = bank.table["C_seg"] == "AFFLUENT"
    held = bank.table[column].is_not_null()
    if column == "pur_price_avg":
        assert held.sum() == 5_585
    else:
        assert ((held & ~tagged).sum(), (held & tagged).sum()) == published.holders(column)


def test_holders_of_both_kinds_have_two_accounts_or_more(bank):
    both = bank.table.filter(pl.col("MTHCASA").is_not_null() & pl.col("MTHTD").is_not_null())
    assert both["CASATD_CNT"].min() == 2


def test_spending_and_balances_stand_on_cards_with_a_limit(bank):
    card = bank.table.filter(pl.col("CC_AVE").is_not_null() | pl.col("ANN_TRN_AMT").is_not_null())
    assert (card["CC_LMT"] > 0).all()


def test_flows_stand_on_deposit_accounts(bank):
    assert bank.table.filter(pl.col("DRvCR").is_not_null())["CASATD_CNT"].null_count() == 0


def test_every_loan_has_an_income_level(bank):
    loans = bank.table.filter(pl.col("HL_tag").is_not_null() | pl.col("AL_tag").is_not_null())
    assert loans["INCM_TYP"].null_count() < 0.01 * loans.height


def test_scores_and_holdings_come_back_for_later_columns():
    positions = draw_positions(customers=1_000, seed=0, scenario=Scenario())
    drawing = Drawing(seed=0, segment=(np.arange(1_000) < 165).astype(np.int64), common=0.48)
    held, later = draw_holdings(drawing, positions)
    assert set(positions) < set(later)
    assert (later["card"] == held.card).all()
    assert later["accounts_counted"].max() <= 6
    assert "card" not in positions


def test_private_clients_hold_deposits_and_spend_by_card():
    positions = draw_positions(customers=60_000, seed=0, scenario=Scenario())
    drawing = Drawing(seed=0, segment=(np.arange(60_000) < 9_900).astype(np.int64), common=0.48)
    held, _ = draw_holdings(drawing, positions)
    private = positions["private"] == 1
    assert held.time_deposit[private].mean() > 0.8
    assert held.spending[private].mean() > 0.8
