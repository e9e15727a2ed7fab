"""What a campaign brought on one offline page: the contacted against those held back, and who took it up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

import polars as pl

from affluence.data.visible_text import shortened
from affluence.decision.outcomes import CampaignResult
from affluence.evaluation.calibration import wilson
from affluence.evaluation.results import Estimate
from affluence.reporting import wording
from affluence.reporting.page import environment, plain_styles
from affluence.reporting.tracks import Axis, Mark, Tick, axis_over

LEVEL = 0.9
_LONGEST_NAME = 90
_TITLES = {"segment": "Segment", "hidden_type": "Type", "decile": "Tenth of the list, best first"}


@dataclass(frozen=True)
class OutcomesContent:
    """Everything that the page says; `campaign` is its name, `key` what stands in its lines, `day` when it began."""

    result: CampaignResult
    campaign: str
    key: str
    day: date
    title: str
    currency: str
    simulated: bool = False


@dataclass(frozen=True)
class LiftRow:
    """One outcome beyond the control group, what it says in a word, and its mark."""

    name: str
    lift: Estimate
    verdict: str
    mark: Mark


@dataclass(frozen=True)
class TakeUpRow:
    """One group of the contacted; without figures and mark where it is too small to be told."""

    value: str
    people: str
    took: str
    share: Estimate | None
    mark: Mark | None


@dataclass(frozen=True)
class TakeUp:
    """The groups of one kind."""

    title: str
    rows: tuple[TakeUpRow, ...]


def render_outcomes_page(content: OutcomesContent) -> str:
    """The outcomes as one HTML page that loads nothing, runs no script, names nobody and tells no group under ten."""
    result = content.result
    named = {"Upgrades": result.upgrades, "Opt-outs": result.opt_outs, "Complaints": result.complaints}
    lifts = {name: lift for name, lift in named.items() if lift is not None}
    axis = axis_over(lifts.values(), include=(0.0,))
    take_up_axis = axis_over([share for share in _shares(result.take_up) if share], include=(0.0,))
    return (
        environment()
        .get_template("outcomes_page.html.j2")
        .render(
            content=content,
            result=result,
            day=wording.day(content.day),
            answer=_answer(result.upgrades),
            lifts=[LiftRow(name, lift, _verdict(lift), axis.mark(lift)) for name, lift in lifts.items()],
            zero=axis.place(0.0),
            ticks=_ticks(axis),
            revenue=_revenue(result.revenue, content.currency),
            take_up=_take_up(result.take_up, take_up_axis),
            take_up_ticks=_ticks(take_up_axis),
            confirmed=int(result.review["verdict"].sum()),
            refuted=int((result.review["verdict"] == 0).sum()),
            styles=plain_styles(),
        )
    )


def _answer(upgrades: Estimate | None) -> tuple[str, str]:
    """What is known of upgrades, and the figure behind it."""
    if upgrades is None:
        return "What contacting changed is not known: nobody was held back.", ""
    told = {
        "more": "Contacting brought more upgrades.",
        "fewer": "Contacting brought fewer upgrades.",
        "not proven": "It is not proven that contacting changed how many upgrade.",
    }
    return told[_verdict(upgrades)], (
        f"{wording.points(upgrades.value)} points beyond the control group "
        f"({wording.level(upgrades)}: {wording.points_range(upgrades)})"
    )


def _verdict(lift: Estimate) -> str:
    return "more" if lift.low > 0 else "fewer" if lift.high < 0 else "not proven"


def _revenue(revenue: Estimate | None, currency: str) -> str | None:
    """Revenue a customer beyond the control group, in words; without bounds where too few were held back."""
    if revenue is None:
        return None
    value = f"{currency} {wording.number(revenue.value)} a customer"
    if not (isfinite(revenue.low) and isfinite(revenue.high)):
        return f"{value}, without an interval: too few people to tell"
    return f"{value} ({wording.level(revenue)}: {wording.number(revenue.low)} to {wording.number(revenue.high)})"


def _shares(take_up: pl.DataFrame) -> list[Estimate | None]:
    """The share of every group with Wilson's interval; None where the group is not told."""
    return [
        None if people is None else wilson(took, people, level=LEVEL)
        for people, took in take_up.select("people", "took").iter_rows()
    ]


def _take_up(take_up: pl.DataFrame, axis: Axis) -> Sequence[TakeUp]:
    rows: dict[str, list[TakeUpRow]] = {}
    for line, share in zip(take_up.iter_rows(named=True), _shares(take_up), strict=True):
        rows.setdefault(line["group"], []).append(
            TakeUpRow(
                value=shortened(line["value"], longest=_LONGEST_NAME),
                people="" if share is None else wording.count(line["people"]),
                took="" if share is None else wording.count(line["took"]),
                share=share,
                mark=None if share is None else axis.mark(share),
            )
        )
    return [TakeUp(_TITLES[group], tuple(of_group)) for group, of_group in rows.items()]


def _ticks(axis: Axis) -> tuple[Tick, ...]:
    return axis.ticks(lambda share: wording.short(round(100 * share, 6)))
