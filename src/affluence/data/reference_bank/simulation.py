"""A made bank: the table as a bank would hand it over, and the truth apart from it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from affluence.data.reference_bank import published
from affluence.data.reference_bank.balances import draw_balances
from affluence.data.reference_bank.cards import draw_cards
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.holdings import Holdings, draw_holdings
from affluence.data.reference_bank.latents import draw_positions
from affluence.data.reference_bank.persons import draw_persons
from affluence.data.reference_bank.repeated import one_person_per_id
from affluence.data.reference_bank.scenario import Scenario
from affluence.data.reference_bank.shaping import SEGMENTS, Codes, Floats, Positions
from affluence.data.reference_bank.truth import HIDDEN_TYPES, hidden_types, tag_customers, truly_affluent
from affluence.errors import UserError

HEADERS = (
    "C_seg", "C_ID", "C_AGE", "C_EDU", "C_HSE", "PC", "INCM_TYP", "gn_occ", "NUM_PRD", "CASATD_CNT",
    "MTHCASA", "MAXCASA", "MINCASA", "DRvCR", "MTHTD", "MAXTD", "Asset value", "HL_tag", "AL_tag",
    "pur_price_avg", "UT_AVE", "MAXUT", "N_FUNDS", "CC_AVE", "MAX_MTH_TRN_AMT", "MIN_MTH_TRN_AMT",
    "AVG_TRN_AMT", "ANN_TRN_AMT", "ANN_N_TRX", "CC_LMT",
)  # fmt: skip
"""The bank's source headers, in the order of the published profile."""
WHOLE_NUMBERS = ("CASATD_CNT", "N_FUNDS", "ANN_N_TRX", "HL_tag", "AL_tag", "PC")
FEWEST_CUSTOMERS = 500


@dataclass(frozen=True)
class ReferenceBank:
    """A made bank. `table`: one row per customer record, the bank's 30 headers, `C_seg` AFFLUENT or NORMAL.

    `truth`: the same rows in the same order: row (from 1), customer_id (C_ID), affluent, hidden_type
    ("mis-tagged", "about to cross", "money elsewhere" or "none"), share_kept_here (of the customer's wealth,
    0 to 1; nothing about it was published).
    """

    table: pl.DataFrame
    truth: pl.DataFrame


def simulate(*, customers: int = 66_083, seed: int = 0, scenario: Scenario | None = None) -> ReferenceBank:
    """A made bank of that many customer records, fitted to the published facts; the same for the same arguments.

    Latent positions decide who is high, the published figures by segment what high is worth; the truth is drawn
    from wealth alone and stands in no column. Assumption: the rest of the bank is as the published part of it.
    Raises `UserError` below 500 customers, or where the scenario contradicts itself.
    """
    if customers < FEWEST_CUSTOMERS:
        raise UserError(f"{customers} customers are too few to show a bank; simulate {FEWEST_CUSTOMERS} or more.")
    scenario = scenario or Scenario()
    positions = draw_positions(customers=customers, seed=seed, scenario=scenario)
    tagged = round(customers * published.segment_rows()[1] / published.rows_published())
    segment = tag_customers(positions, tagged=tagged, seed=seed, scenario=scenario)
    table = _table(Drawing(seed=seed, segment=segment, common=scenario.common), positions)
    truth = _truth(positions, segment, table["C_ID"], scenario=scenario)
    if scenario.one_person_per_id:
        table, truth = one_person_per_id(table, truth, seed=seed)
    return ReferenceBank(table=table, truth=truth)


def _table(drawing: Drawing, positions: Positions) -> pl.DataFrame:
    held, positions = draw_holdings(drawing, positions)
    numbers = {
        **draw_balances(drawing, positions, held),
        **draw_cards(drawing, positions, held),
        **_tags(held),
    }
    columns = {
        **{name: pl.Series(values, nan_to_null=True) for name, values in numbers.items()},
        **draw_persons(drawing, positions, held),
        "C_seg": pl.Series(np.asarray(SEGMENTS)[drawing.segment]),
    }
    return pl.DataFrame({name: columns[name] for name in HEADERS}).with_columns(pl.col(WHOLE_NUMBERS).cast(pl.Int64))


def _tags(held: Holdings) -> dict[str, Floats]:
    return {
        "CASATD_CNT": np.where(held.accounts > 0, held.accounts, np.nan),
        "HL_tag": np.where(held.home, 1.0, np.nan),
        "AL_tag": np.where(held.car, 1.0, np.nan),
    }


def _truth(positions: Positions, segment: Codes, customer_id: pl.Series, *, scenario: Scenario) -> pl.DataFrame:
    affluent = truly_affluent(positions["wealth"], segment, scenario=scenario)
    kinds = hidden_types(positions, affluent, segment, scenario=scenario)
    return pl.DataFrame(
        {
            "row": np.arange(1, len(segment) + 1),
            "customer_id": customer_id,
            "affluent": affluent,
            "hidden_type": np.asarray(HIDDEN_TYPES)[kinds],
            "share_kept_here": positions["share_kept"],
        }
    )
