"""Who holds which product."""

from dataclasses import dataclass

import numpy as np

from affluence.data.reference_bank import published
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.published import shares, shares_of
from affluence.data.reference_bank.shaping import Codes, Flags, Floats, Positions, match_counts

TIME_DEPOSIT_COUNTS = 0.25  # of a product, in the number of visible products
ACCOUNTS_COUNTED = 6  # more accounts than that say nothing more about the number of products
FORCED = 100.0  # added to the scores of rows that must be picked first


@dataclass(frozen=True)
class Holdings:
    """For each product who holds it, and how many deposit accounts there are (0 for none)."""

    deposit: Flags
    time_deposit: Flags
    casa: Flags
    flow: Flags
    unit_trust: Flags
    car: Flags
    home: Flags
    card: Flags
    limit: Flags
    outstanding: Flags
    spending: Flags
    accounts: Codes

    def visible_products(self) -> Floats:
        """Products that the table shows; the time deposit counts less, since most of its holders hold the rest too."""
        whole = (self.casa, self.unit_trust, self.car, self.home, self.card)
        return np.sum(whole, axis=0, dtype=np.float64) + np.where(self.time_deposit, TIME_DEPOSIT_COUNTS, 0.0)


def draw_holdings(drawing: Drawing, positions: Positions) -> tuple[Holdings, Positions]:
    """The holdings, and the positions together with the scores and holdings that later columns use."""
    deposit, positions = _deposits(drawing, positions)
    time_deposit = drawing.pick(positions["time_deposit"], shares("MTHTD"), among=deposit)
    without_casa = drawing.pick(drawing.score("time_deposit_only", positions), _time_deposit_only(), among=time_deposit)
    casa = deposit & ~without_casa
    positions = {**positions, **_as_numbers(holds_time_deposit=time_deposit, holds_both=casa & time_deposit)}
    borrowing = _borrowing(drawing, positions)
    positions = {**positions, **_as_numbers(car=borrowing["car"], card=borrowing["card"])}
    held = Holdings(
        deposit=deposit,
        time_deposit=time_deposit,
        casa=casa,
        flow=drawing.pick(drawing.score("flow", positions), shares("DRvCR"), among=deposit),
        unit_trust=drawing.pick(drawing.score("unit_trust", positions), shares("UT_AVE")),
        accounts=_accounts(drawing, positions, deposit),
        **borrowing,
    )
    counted = np.minimum(held.accounts, ACCOUNTS_COUNTED).astype(np.float64)
    return held, {**positions, "visible_products": held.visible_products(), "accounts_counted": counted}


def _deposits(drawing: Drawing, positions: Positions) -> tuple[Flags, Positions]:
    """Who holds any deposit account, and the positions with the two deposit scores."""
    positions = {**positions, "deposit": drawing.score("deposit", positions)}
    positions = {**positions, "time_deposit": drawing.score("time_deposit", positions)}
    return drawing.pick(positions["deposit"], shares("CASATD_CNT")), positions


def _as_numbers(**flags: Flags) -> dict[str, Floats]:
    return {name: held.astype(np.float64) for name, held in flags.items()}


def _time_deposit_only() -> tuple[float, float]:
    """Share of each segment with a time deposit and no current or savings account."""
    with_account, with_casa = published.holders("CASATD_CNT"), published.holders("MTHCASA")
    return shares_of((with_account[0] - with_casa[0], with_account[1] - with_casa[1]))


def _borrowing(drawing: Drawing, positions: Positions) -> dict[str, Flags]:
    """Loans and cards. Spending and owed balances stand on cards; every card has a recorded limit."""
    car = drawing.pick(drawing.score("car", positions), shares("AL_tag"))
    positions = {**positions, "car": car.astype(np.float64)}
    rows = tuple(published.figures("card", segment)["holders"] for segment in ("NORMAL", "AFFLUENT"))
    card = drawing.pick(drawing.score("card", positions), shares_of((rows[0], rows[1])))
    limit_score = drawing.score("limit_recorded", positions) + FORCED * card
    return {
        "car": car,
        "home": drawing.pick(drawing.score("home", positions), shares("HL_tag")),
        "card": card,
        "limit": drawing.pick(limit_score, shares("CC_LMT")),
        "outstanding": drawing.pick(drawing.score("outstanding", positions), shares("CC_AVE"), among=card),
        "spending": drawing.pick(drawing.score("spending", positions), shares("ANN_TRN_AMT"), among=card),
    }


def _accounts(drawing: Drawing, positions: Positions, deposit: Flags) -> Codes:
    """Deposit accounts of each row: two or more where both kinds are held, which the score ranks first."""
    numbers = [int(name[1:]) for name in published.figures("CASATD_CNT", "NORMAL")]
    counts = [[int(n) for n in published.figures("CASATD_CNT", segment).values()] for segment in ("NORMAL", "AFFLUENT")]
    code = match_counts(drawing.score("accounts", positions), drawing.segment, counts, among=deposit)
    return np.where(code >= 0, np.asarray(numbers)[code], 0)
