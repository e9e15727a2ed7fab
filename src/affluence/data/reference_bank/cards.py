"""Card limits, balances and spending, and the price of the car."""

import numpy as np

from affluence.data.reference_bank import published
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.heaps import cents, heap, on_grid
from affluence.data.reference_bank.holdings import Holdings
from affluence.data.reference_bank.published import amounts, spread
from affluence.data.reference_bank.shaping import Floats, Positions

ZERO_OWED = 2_727  # published rows with a card balance of zero
MONTHS = 12
LARGEST_PURCHASE = 10_000.0  # Singapore dollars: who spends more a year has bought more than once


def draw_cards(drawing: Drawing, positions: Positions, held: Holdings) -> dict[str, Floats]:
    """The card columns and the purchase price; not a number where there is no card, no spending, no car loan."""
    money = drawing.score("money", positions)
    positions = {**positions, "money": money}
    positions = {**positions, "habit": drawing.score("habit", positions)}
    return {
        "pur_price_avg": _price(drawing, positions, held),
        "CC_AVE": _owed(drawing, positions, held),
        **_spending(drawing, positions, held),
        "CC_LMT": _limit(drawing, positions, held),
    }


def _price(drawing: Drawing, positions: Positions, held: Holdings) -> Floats:
    """The price of a car bought on credit; two loans in 5,587 have none. Prices love 999."""
    generator = drawing.stream("price")
    price = drawing.match(drawing.score("price", positions), amounts("pur_price_avg"), among=held.car)
    priced = on_grid(price, 1_000, share=0.45, generator=generator, at_least=10_000)
    priced = np.where((priced % 1_000 == 0) & (generator.random(len(price)) < 0.6), priced - 1, np.round(priced, -1))
    priced = heap(priced, drawing.heaps("pur_price_avg"), generator=generator)
    loans = np.flatnonzero(held.car)
    missing = int(held.car.sum()) - round(len(loans) * 5_585 / 5_587)
    priced[generator.permutation(loans)[:missing]] = np.nan
    return priced


def _owed(drawing: Drawing, positions: Positions, held: Holdings) -> Floats:
    """Average balance owed a month: zero for those who owe least, and the fees that stand alone on many cards."""
    score = drawing.score("owed", positions)
    zero = ZERO_OWED / sum(published.holders("CC_AVE"))
    owing = drawing.pick(score, [share * (1 - zero) for share in published.shares("CC_AVE")], among=held.outstanding)
    owed = cents(drawing.match(score, amounts("CC_AVE"), among=owing))
    owed = heap(owed, drawing.heaps("CC_AVE"), generator=drawing.stream("CC_AVE"))
    return np.where(held.outstanding, np.nan_to_num(owed), np.nan)


def _limit(drawing: Drawing, positions: Positions, held: Holdings) -> Floats:
    """The card limit; zero where a limit is recorded and no card is held."""
    generator = drawing.stream("CC_LMT")
    limit = drawing.match(drawing.score("limit", positions), amounts("CC_LMT"), among=held.card)
    limit = on_grid(np.maximum(np.round(limit, -1), 10), 100, share=0.95, generator=generator, at_least=100)
    limit = on_grid(limit, 500, share=0.5, generator=generator, at_least=1_000)
    limit = heap(limit, drawing.heaps("CC_LMT"), generator=generator)
    return np.where(held.limit, np.nan_to_num(limit), np.nan)


def _spending(drawing: Drawing, positions: Positions, held: Holdings) -> dict[str, Floats]:
    """Spending of a year and its months. A single transaction is largest, smallest and total at once."""
    spent = drawing.score("spent", positions)
    year = cents(drawing.match(spent, amounts("ANN_TRN_AMT"), among=held.spending))
    positions = {**positions, "spent": spent, "small_spending": np.minimum(spent / spent.std(), 0.0)}
    transactions = np.round(
        drawing.match(drawing.score("transactions", positions), spread("ANN_N_TRX"), among=held.spending)
    )
    transactions = np.maximum(transactions, np.ceil(year / LARGEST_PURCHASE))
    largest = drawing.match(drawing.score("largest_month", positions), amounts("MAX_MTH_TRN_AMT"), among=held.spending)
    smallest = drawing.match(drawing.score("smallest_month", positions), spread("MIN_MTH_TRN_AMT"), among=held.spending)
    generator = drawing.stream("months")
    largest = np.minimum(heap(cents(largest), drawing.heaps("MAX_MTH_TRN_AMT"), generator=generator), year)
    largest = np.where(transactions == 1, year, np.maximum(largest, cents(year / MONTHS)))
    smallest = np.where(transactions == 1, year, np.minimum(cents(smallest), largest))
    roomy = (transactions > 1) & (largest > 2 * smallest)
    smallest = heap(smallest, drawing.heaps("MIN_MTH_TRN_AMT"), generator=generator, among=roomy)
    return {
        "MAX_MTH_TRN_AMT": largest,
        "MIN_MTH_TRN_AMT": smallest,
        "AVG_TRN_AMT": year / MONTHS,
        "ANN_TRN_AMT": year,
        "ANN_N_TRX": transactions,
    }
