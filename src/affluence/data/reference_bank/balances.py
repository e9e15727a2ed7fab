"""What is in the accounts: current and savings accounts, time deposits, unit trusts, flows and total assets."""

import numpy as np

from affluence.data.reference_bank import published
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.heaps import cents, heap, on_grid
from affluence.data.reference_bank.holdings import Holdings
from affluence.data.reference_bank.published import amounts, shares_of
from affluence.data.reference_bank.shaping import (
    AFFLUENT,
    NORMAL,
    SEGMENTS,
    Codes,
    Flags,
    Floats,
    Positions,
    match_counts,
)

EXTRA_IS_TIME_DEPOSIT = 0.85  # an account beyond the first of each kind, where time deposits are held
EXTRA_DEPOSIT = (0.6, 0.95)  # a further time deposit as a share of the largest one
EXTRA_DEPOSIT_CAP = 75_000.0  # Singapore dollars; the largest customers do not repeat their largest deposit
LARGEST_OF_SEVERAL = (0.55, 1.0)  # the largest of several accounts as a share of their sum
MINIMUM_DROPS = 0.2  # share of accounts whose smallest balance is far below the largest
AMOUNT_SHARE = (0.72, 0.22)  # rows whose debit-to-credit ratio is an amount: with and without a time deposit
IDLE_SHARE, SMALLEST_RATIO = 0.05, 3e-5  # the smallest ratio is published
OTHER_ASSETS = (0.03, 0.145)  # of each segment: assets beside balances that no other column shows
FIVES = 98  # published rows with assets of exactly 5
ZERO_CASA, ZERO_SMALLEST_CASA, ZERO_RATIO = 232, 286, 1_653  # published rows
NEGATIVE_CASA = ((NORMAL, -209_405.07), (AFFLUENT, -36_254.65), (NORMAL, -1_250.4))  # the last one is chosen


def draw_balances(drawing: Drawing, positions: Positions, held: Holdings) -> dict[str, Floats]:
    """The columns of balances, flows and assets; not a number where the product is not held."""
    further_deposits, several_casa = _further_accounts(drawing, held)
    casa = _casa(drawing, positions, held, several_casa)
    deposits = _time_deposits(drawing, positions, held, further_deposits)
    funds = _unit_trusts(drawing, positions, held)
    flow = _debit_to_credit(drawing, held, deposits)
    other = _other_assets(drawing, positions, held, casa["MTHCASA"])
    total = sum(np.nan_to_num(part) for part in (casa["MTHCASA"], deposits["MTHTD"], funds["MAXUT"], other))
    return {**casa, **deposits, **funds, "DRvCR": flow, "Asset value": cents(np.maximum(total, 0.0))}


def _further_accounts(drawing: Drawing, held: Holdings) -> tuple[Codes, Flags]:
    """Time deposits beyond the first, and who has several current or savings accounts."""
    beyond = np.maximum(held.accounts - held.casa - held.time_deposit.astype(np.int64), 0)
    lots = drawing.stream("further accounts").binomial(beyond, EXTRA_IS_TIME_DEPOSIT)
    deposits = np.where(held.time_deposit, np.where(held.casa, lots, beyond), 0)
    return deposits, held.casa & (beyond > deposits)


def _casa(drawing: Drawing, positions: Positions, held: Holdings, several: Flags) -> dict[str, Floats]:
    generator = drawing.stream("CASA")
    total = drawing.match(drawing.score("casa_sum", positions), amounts("MTHCASA"), among=held.casa)
    total = heap(cents(total), drawing.heaps("MTHCASA"), generator=generator)
    total = _planted_low(drawing, total)
    low, high = LARGEST_OF_SEVERAL
    largest = np.where(several & (total > 0), cents(total * generator.uniform(low, high, len(total))), total)
    drops = (generator.random(len(total)) < MINIMUM_DROPS) | several
    smallest = np.where(drops & (total > 0), cents(largest * generator.random(len(total)) ** 4), largest)
    lowest_first = np.argsort(np.where(smallest > 0, smallest, np.inf))
    more = drawing.planted(ZERO_SMALLEST_CASA) - drawing.planted(ZERO_CASA)
    smallest[lowest_first[:more]] = 0.0
    return {"MTHCASA": total, "MAXCASA": largest, "MINCASA": smallest}


def _planted_low(drawing: Drawing, total: Floats) -> Floats:
    """The published zeros and the overdrawn accounts in place of the lowest balances."""
    planted = total.copy()
    order = np.argsort(np.where(np.isnan(total), np.inf, total))
    planted[order[: drawing.planted(ZERO_CASA)]] = 0.0
    lowest = order[drawing.planted(ZERO_CASA) : int(np.isfinite(total).sum())]
    for segment, value in NEGATIVE_CASA:
        rows = lowest[(drawing.segment[lowest] == segment) & (planted[lowest] > 0)]
        planted[rows[:1]] = value
    return planted


def _time_deposits(drawing: Drawing, positions: Positions, held: Holdings, further: Codes) -> dict[str, Floats]:
    """The largest deposit, and the sum of all of them ("average monthly balance" in the published words)."""
    generator = drawing.stream("time deposits")
    largest = drawing.match(drawing.score("largest_deposit", positions), amounts("MAXTD"), among=held.time_deposit)
    largest = heap(cents(largest), drawing.heaps("MAXTD"), generator=generator)
    off_heap = ~np.isin(largest, [value for value, _ in published.heaps("MAXTD")])
    largest = np.where(off_heap, on_grid(largest, 1_000, share=0.62, generator=generator, at_least=5_000), largest)
    low, high = EXTRA_DEPOSIT
    spread = (high - low) / np.sqrt(12 * np.maximum(further, 1))
    part = np.clip((low + high) / 2 + spread * generator.standard_normal(len(largest)), low, high)
    total = largest + further * np.minimum(part * largest, EXTRA_DEPOSIT_CAP)
    several = further > 0
    total = np.where(several, on_grid(cents(total), 1_000, share=0.8, generator=generator, at_least=5_000), total)
    total = heap(total, drawing.heaps("MTHTD"), generator=generator, among=several)
    return {"MTHTD": np.where(several, np.maximum(total, largest), largest), "MAXTD": largest}


def _unit_trusts(drawing: Drawing, positions: Positions, held: Holdings) -> dict[str, Floats]:
    value = drawing.match(drawing.score("fund_value", positions), amounts("UT_AVE"), among=held.unit_trust)
    swing = np.exp(0.15 * np.abs(drawing.stream("MAXUT").standard_normal(len(value))))
    positions = {**positions, "log_fund_value": np.log(np.nan_to_num(value, nan=1.0))}
    most = published.heaps("N_FUNDS")
    numbers = sorted(int(number) for number, _ in most)
    pooled = [dict(most)[number] for number in numbers]
    code = match_counts(drawing.score("funds", positions), drawing.segment, [pooled, pooled], among=held.unit_trust)
    funds = np.where(code >= 0, np.asarray(numbers, dtype=np.float64)[code], np.nan)
    return {"UT_AVE": np.round(value, 4), "MAXUT": cents(value * swing), "N_FUNDS": funds}


def _debit_to_credit(drawing: Drawing, held: Holdings, deposits: dict[str, Floats]) -> Floats:
    """Yearly debits over credits: a ratio, or the debited amount itself where nothing was credited."""
    generator = drawing.stream("DRvCR")
    rows = drawing.customers
    lot = generator.random(rows)
    is_amount = held.flow & (lot < np.where(held.time_deposit, *AMOUNT_SHARE))
    moved = np.log((np.nan_to_num(deposits["MTHTD"], nan=20_000) + np.nan_to_num(deposits["MAXTD"], nan=10_000)) / 2)
    amount = drawing.match(moved + 1.05 * generator.standard_normal(rows), amounts("DRvCR"), among=is_amount)
    ratio = np.where(held.flow, _ratios(rows, generator), np.nan)
    flow = heap(np.where(is_amount, cents(amount), ratio), drawing.heaps("DRvCR"), generator=generator)

    holders = np.flatnonzero(held.flow & ~is_amount)
    flow[generator.permutation(holders)[: drawing.planted(ZERO_RATIO)]] = 0.0
    return flow


def _ratios(rows: int, generator: np.random.Generator) -> Floats:
    """Debits over credits, mostly near 1; a few accounts hardly debit at all."""
    idle = generator.random(rows) < IDLE_SHARE
    ratios = np.exp(0.6 * generator.standard_normal(rows)) * np.where(idle, generator.random(rows) ** 4, 1.0)
    rounded: Floats = np.round(np.maximum(ratios, SMALLEST_RATIO), 6)
    return rounded


def _other_assets(drawing: Drawing, positions: Positions, held: Holdings, casa: Floats) -> Floats:
    """What no other column shows, for two groups of rows.

    For so many of those without any other asset that the published zeros remain, and for a share of the others.
    """
    empty = ~held.time_deposit & ~held.unit_trust & ~(np.nan_to_num(casa) > 0)
    zeros = [published.figures("empty_assets", segment)["holders"] for segment in SEGMENTS]
    wanted = [
        max(0.0, float(empty[drawing.segment == code].mean()) - share)
        for code, share in enumerate(shares_of((zeros[0], zeros[1])))
    ]
    score = drawing.score("other_assets", positions)
    chosen = drawing.pick(score, wanted, among=empty) | drawing.pick(score, OTHER_ASSETS, among=~empty)
    value = drawing.match(drawing.score("other_amount", positions), amounts("other_assets"), among=chosen)
    return heap(cents(value), [(5.0, drawing.planted(FIVES))], generator=drawing.stream("other heap"), among=empty)
