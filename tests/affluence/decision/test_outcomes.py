"""What a campaign brought, measured on campaigns whose outcome we made."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from affluence.data.outcome_files import outcomes_of
from affluence.decision.outcomes import measure_campaign
from affluence.errors import UserError
from affluence.pu.review import read_review

DAY = date(2026, 3, 1)
PEOPLE = pl.DataFrame(
    {
        "campaign": "abc",
        "rank": range(1, 201),
        "row": range(500, 700),
        "customer_id": [f"C{number}" for number in range(200)],
        "segment": ["old"] * 150 + ["young"] * 45 + ["rare"] * 5,
        "score_band": [1 + number // 40 for number in range(200)],
    }
)
CONTROL = PEOPLE.filter(pl.col("rank") % 5 == 0)
CONTACTS = PEOPLE.filter(pl.col("rank") % 5 != 0)


def told(*lines, **columns):
    """Outcomes of lines such as ("C1", "upgraded")."""
    sheet = pl.DataFrame(
        {"customer_id": [line[0] for line in lines], "outcome": [line[1] for line in lines], "date": "2026-03-09"},
        schema_overrides={"customer_id": pl.String, "outcome": pl.String},
    )
    return outcomes_of(sheet.with_columns(**{name: pl.Series(cells) for name, cells in columns.items()}), name="o.csv")


def measure(outcomes, *, control=CONTROL):
    return measure_campaign(CONTACTS, control, outcomes, day=DAY)


def test_the_lift_is_what_the_contacted_have_more_than_the_control_group():
    called = [(customer, "upgraded") for customer in CONTACTS["customer_id"][::4]]
    upgrades = measure(told(*called, ("C4", "upgraded"))).upgrades
    assert upgrades.value == pytest.approx(0.25 - 1 / 40, abs=0.02)
    assert upgrades.low < upgrades.value < upgrades.high


def test_nothing_happened_is_no_lift_with_an_interval_around_it():
    result = measure(told())
    assert result.upgrades.value == result.revenue.value == 0
    assert result.upgrades.low < 0 < result.upgrades.high
    assert "no outcome" in result.warnings[0]


def test_revenue_is_the_mean_amount_a_customer():
    outcomes = told(("C0", "took_product"), ("C0", "upgraded"), ("C4", "upgraded"), amount=["100", "60", "40"])
    assert measure(outcomes).revenue.value == pytest.approx(160 / 160 - 40 / 40, abs=0.1)


def test_strata_that_reply_differently_do_not_bias_the_lift():
    """Held back one in two here and one in ten there, with no effect: a plain difference would see one."""
    people = PEOPLE.with_columns(segment=pl.when(pl.col("rank") <= 100).then(pl.lit("a")).otherwise(pl.lit("b")))
    people = people.with_columns(score_band=1)
    held = (pl.col("segment") == "a") & (pl.col("rank") % 2 == 0) | (pl.col("rank") % 10 == 0)
    reply = people.filter((pl.col("segment") == "a") & (pl.col("rank") % 20 < 10))
    outcomes = told(*[(customer, "upgraded") for customer in reply["customer_id"]])
    result = measure_campaign(people.filter(~held), people.filter(held), outcomes, day=DAY)
    assert result.upgrades.value == pytest.approx(0, abs=0.05)


def test_without_a_control_group_there_is_no_lift():
    result = measure(told(("C0", "upgraded")), control=CONTROL.clear())
    assert result.upgrades is result.revenue is result.opt_outs is None
    assert "not known" in result.warnings[0]


def test_one_person_held_back_gives_no_bounds_on_revenue():
    revenue = measure(told(("C0", "upgraded"), amount=["5"]), control=CONTROL.head(1)).revenue
    assert (revenue.low, revenue.high) == (-np.inf, np.inf)


def test_the_held_back_who_were_called_count_as_control():
    result = measure(told(("C4", "reached"), ("C4", "upgraded")))
    assert "1 of 40 held back were contacted" in result.warnings[0]
    assert result.upgrades.value < 0


def test_cells_under_ten_people_are_hidden_and_cannot_be_told_from_the_total():
    cells = measure(told(("C0", "upgraded"))).take_up.filter(pl.col("group") == "segment")
    people = dict(cells.select("value", "people").rows())
    assert people == {"old": 120, "rare": None, "young": None}


def test_take_up_by_decile_runs_from_the_best_to_the_last():
    deciles = measure(told(("C0", "took_product"))).take_up.filter(pl.col("group") == "decile")
    assert deciles["value"].to_list() == [str(number) for number in range(1, 11)]
    assert deciles["took"].to_list() == [1] + [0] * 9


def test_declining_refutes_nobody():
    lines = [("C0", "declined"), ("C1", "upgraded"), ("C2", "not affluent"), ("C4", "upgraded"), ("C6", "opted_out")]
    review = measure(told(*lines)).review
    assert review.rows() == [(501, "C1", 1), (502, "C2", 0), (504, "C4", 1)]
    assert read_review(review, table_rows=1000).verdicts.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (lambda: told(("C0", "upgraded"), campaign=["xyz"]), "another campaign in 1 of 1 lines"),
        (lambda: told(("C0", "upgraded"), ("X", "upgraded")), r"not in this campaign in 1 of 2 lines \(line 3\)"),
        (lambda: told(("C0", "sang")), "outcome is not understood"),
        (lambda: told(("C0", "upgraded"), date=["2026-02-28"]), "before the campaign began"),
        (lambda: told(("C0", "upgraded"), date=["9 March"]), "date is no day"),
        (lambda: told(("C0", "upgraded"), ("C0", "Upgraded")), "stands again"),
        (lambda: told(("C0", "upgraded"), ("C0", "not_affluent")), "both upgraded and not_affluent in 2 of 2"),
        (lambda: told(("C0", "upgraded"), amount=["much"]), "amount is no amount"),
        (lambda: told(("C0", "upgraded"), amount=["inf"]), "amount is no amount"),
        (lambda: told((None, "upgraded")), "customer_id is blank"),
        (lambda: outcomes_of(pl.DataFrame({"customer_id": ["C0"]}), name="o.csv"), "lacks the column outcome, date"),
    ],
)
def test_outcomes_that_are_not_sound_are_refused(outcomes, said):
    with pytest.raises(UserError, match=said):
        measure(outcomes())
