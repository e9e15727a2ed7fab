"""What a campaign brought: its outcomes joined to its list, against the control group, and what was learned."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from affluence.data.outcome_files import Outcomes
from affluence.data.sheet_columns import refuse_lines
from affluence.decision.control_group import STRATUM
from affluence.decision.lift import arms_of, difference_of_means, difference_of_shares
from affluence.evaluation.results import Estimate

# Fewer people than this are not shown as a cell of a table that leaves.
SMALLEST_CELL = 10
_CONTACT = ("reached", "interested", "declined")
_DECILES = 10


@dataclass(frozen=True)
class CampaignResult:
    """What a campaign brought. Lifts are the contacted less the control group, missing when nobody was held back.

    `upgrades`, `opt_outs` and `complaints` are differences of shares, `revenue` one of mean amounts a customer.
    `take_up` has group, value, people, took and share, of the contacted; cells under 10 people are empty.
    `review` is a review sheet: row, customer_id, verdict.
    """

    contacted: int
    control: int
    heard_of: int
    upgrades: Estimate | None
    revenue: Estimate | None
    opt_outs: Estimate | None
    complaints: Estimate | None
    take_up: pl.DataFrame
    review: pl.DataFrame
    warnings: tuple[str, ...]


def measure_campaign(contacts: pl.DataFrame, control: pl.DataFrame, outcomes: Outcomes, *, day: date) -> CampaignResult:
    """What came of a campaign that began on `day`; `contacts` and `control` are its two lists.

    Who was held back counts as control even if called by mistake, who was listed as contacted even if never reached:
    what is measured is the list, not the call. A customer with no line in the file had no outcome and no revenue.

    Errors: UserError for outcomes of another campaign or of customers not in it, before `day`, or with both verdicts.
    """
    people = pl.concat([contacts.with_columns(called=True), control.with_columns(called=False)], how="diagonal_relaxed")
    _require_of_this(people, outcomes, day=day)
    told = _told(people, outcomes)
    return CampaignResult(
        contacted=contacts.height,
        control=control.height,
        heard_of=int(told["heard"].sum()),
        upgrades=_lift(told, "upgraded"),
        revenue=_lift(told, "amount"),
        opt_outs=_lift(told, "opted_out"),
        complaints=_lift(told, "complained"),
        take_up=_take_up(told.filter("called")),
        review=_review(told),
        warnings=_warnings(told),
    )


def _require_of_this(people: pl.DataFrame, outcomes: Outcomes, *, day: date) -> None:
    entries, name = outcomes.entries, outcomes.name
    key = people["campaign"].to_list()[0]
    other = entries["campaign"].ne(key).fill_null(value=False)
    remedy = f"Give the outcomes of campaign {key}."
    refuse_lines(other, name=name, fault="the outcome is of another campaign", remedy=remedy)
    stranger = ~entries["customer_id"].is_in(people["customer_id"].to_list())
    refuse_lines(stranger, name=name, fault="the customer_id is not in this campaign", remedy=remedy)
    early = entries["day"] < day
    refuse_lines(early, name=name, fault=f"the date is before the campaign began, {day},", remedy="Mend the dates.")
    verdicts = pl.col("outcome").is_in(["upgraded", "not_affluent"])
    both = entries.select(verdicts & (verdicts.sum().over("customer_id") > 1)).to_series()
    refuse_lines(both, name=name, fault="a customer is both upgraded and not_affluent", remedy="Keep the right one.")


def _told(people: pl.DataFrame, outcomes: Outcomes) -> pl.DataFrame:
    """Everybody in the campaign beside what came of them: one column an outcome, their amounts added up."""
    told = outcomes.entries.group_by("customer_id").agg(
        pl.col("amount").sum(),
        *(
            (pl.col("outcome") == outcome).any().alias(outcome)
            for outcome in ("took_product", "upgraded", "complained", "opted_out", "not_affluent")
        ),
        pl.col("outcome").is_in(_CONTACT).any().alias("was_contacted"),
        pl.lit(value=True).alias("heard"),
    )
    answers = [name for name in told.columns if name not in {"customer_id", "amount"}]
    return people.join(told, on="customer_id", how="left", maintain_order="left").with_columns(
        pl.col("amount").fill_null(0.0), pl.col(answers).fill_null(value=False)
    )


def _lift(told: pl.DataFrame, figure: str) -> Estimate | None:
    strata = told.select(pl.struct(STRATUM).rank("dense") - 1).to_series().to_numpy().astype(np.intp)
    arms = arms_of(told[figure].cast(pl.Float64).to_numpy(), told["called"].to_numpy(), strata)
    if arms is None:
        return None
    return difference_of_means(arms) if figure == "amount" else difference_of_shares(arms)


def _take_up(contacts: pl.DataFrame) -> pl.DataFrame:
    """The share of the contacted who took a product or upgraded, by segment, hidden type and decile of the list."""
    decile = ((pl.col("rank").rank("ordinal") - 1) * _DECILES // pl.len() + 1).cast(pl.String).alias("decile")
    told = contacts.with_columns(decile, took=pl.col("took_product") | pl.col("upgraded"))
    groups = [name for name in ("segment", "hidden_type", "decile") if name in told.columns]
    return pl.concat([_cells(told, group) for group in groups])


def _cells(told: pl.DataFrame, group: str) -> pl.DataFrame:
    cells = told.group_by(pl.col(group).cast(pl.String).fill_null("unknown").alias("value")).agg(
        people=pl.len().cast(pl.Int64), took=pl.col("took").sum().cast(pl.Int64), best=pl.col("rank").min()
    )
    order = "best" if group == "decile" else "value"
    small = pl.col("people") < SMALLEST_CELL
    # What is hidden can be told together from the total, so cells are hidden until they hold enough people together.
    smaller = pl.col("people").cum_sum() - pl.col("people")
    shown = ~(small | (small.any() & (smaller < SMALLEST_CELL)))
    return (
        cells.sort("people", "value")
        .select(
            pl.lit(group).alias("group"),
            "value",
            order if order != "value" else pl.lit(0).alias("best"),
            pl.when(shown).then("people").alias("people"),
            pl.when(shown).then("took").alias("took"),
            pl.when(shown).then(pl.col("took") / pl.col("people")).alias("share"),
        )
        .sort("best", "value")
        .drop("best")
    )


def _review(told: pl.DataFrame) -> pl.DataFrame:
    """The confirmed (upgraded) and the refuted (said to be not affluent) as a review sheet without weights.

    Who declined, complained or was not reached is neither: that says something of the offer or the hour, not of the
    customer's money, and taken for a refutation it would teach the finder to look for those who say yes.
    """
    return (
        told.filter(pl.col("upgraded") | pl.col("not_affluent"))
        .sort("row")
        .select("row", "customer_id", pl.col("upgraded").cast(pl.Int8).alias("verdict"))
    )


def _warnings(told: pl.DataFrame) -> tuple[str, ...]:
    sentences = []
    called = told.filter(~pl.col("called") & pl.col("was_contacted")).height
    held_back = told.filter(~pl.col("called")).height
    if called:
        sentences.append(
            f"{called:,} of {held_back:,} held back were contacted all the same. They count as control, so the lift is "
            "measured too small rather than too large."
        )
    if not held_back:
        sentences.append("Nobody was held back, so what calling changed is not known.")
    if not told["heard"].any():
        sentences.append("The file holds no outcome of anybody in this campaign.")
    return tuple(sentences)
