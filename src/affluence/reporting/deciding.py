"""What a run says about deciding: the cut, who the listed are, why they are listed, what to offer, and a campaign.

No group of fewer than ten people is told, and nobody but a few examples is shown, under a masked id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from affluence.data.contract import Contract, Use
from affluence.data.visible_text import shortened
from affluence.decision.campaign import Campaign
from affluence.decision.capacity import Cut, Gains, gain_curve
from affluence.decision.exclusions import BETWEEN_REASONS
from affluence.decision.expected_finds import Expected
from affluence.decision.reasons import Explanation
from affluence.decision.segments import Segmentation
from affluence.decision.strategy import Strategy
from affluence.evaluation.fairness import FairReach
from affluence.reporting import deciding_figures, wording
from affluence.reporting.curve_views import CurveView, TableRow, for_page
from affluence.reporting.reach_views import view_reach
from affluence.reporting.result_views import masked
from affluence.reporting.waterfalls import Waterfall, waterfall

EXAMPLES = 3
SENTENCES = 3
_ROWS_SHOWN = 12
_LONGEST_SENTENCE = 300
_LONGEST_NAME = 90


@dataclass(frozen=True)
class Deciding:
    """What was decided and described in a run; a part that is None is not shown.

    `listed` are the candidates above the cut: row, rank, customer_id (for the examples). `types` has row, hidden_type;
    `type_confusion`, where the truth is known, has hidden_type, truth and people; `type_note` says how a type earns its
    name. `offers` has row, offer. `reach` is whom the listed are by group, without groups where none are named.
    """

    cut: Cut | None = None
    gains: Gains | None = None
    listed: pl.DataFrame | None = None
    segmentation: Segmentation | None = None
    strategies: tuple[Strategy, ...] = ()
    types: pl.DataFrame | None = None
    type_note: str = ""
    type_confusion: pl.DataFrame | None = None
    explanation: Explanation | None = None
    offers: pl.DataFrame | None = None
    reach: FairReach | None = None
    campaign: Campaign | None = None


@dataclass(frozen=True)
class ShareBar:
    """How many of the listed are of one kind; the share is also the bar's width, and 0 where too few are."""

    name: str
    people: str
    share: str
    width: float


@dataclass(frozen=True)
class Example:
    """One person on the list: their rank, masked id, the sentences that may be said and where the score comes from."""

    rank: str
    customer: str
    sentences: tuple[str, ...]
    waterfall: Waterfall


def view_deciding(deciding: Deciding, *, contract: Contract) -> dict[str, Any]:
    """What the sections show, by the name that the templates use; None or nothing for a section without content."""
    told = deciding.segmentation
    return {
        "cut": deciding.cut,
        "cut_curve": _cut_curve(deciding),
        "cut_rows": _cut_rows(deciding.cut) if deciding.cut else (),
        "segmentation": told,
        "segment_cards": _segment_cards(told, deciding.strategies) if told else (),
        "segment_map": _segment_map(told) if told else None,
        "types": share_bars(deciding.types, "hidden_type"),
        "type_confusion": _confusion(deciding.type_confusion),
        "explanation": deciding.explanation,
        "examples": _examples(deciding, contract=contract),
        "reason_shares": _reason_shares(deciding.explanation, wording.titles(contract.columns)),
        "offers": share_bars(deciding.offers, "offer"),
        "reach": view_reach(deciding.reach, contract=contract) if deciding.reach else None,
        "reach_told": deciding.reach is not None,
        "campaign": deciding.campaign,
        "exclusions": exclusion_bars(deciding.campaign) if deciding.campaign else (),
    }


def share_bars(frame: pl.DataFrame | None, column: str) -> tuple[ShareBar, ...]:
    """The kinds in `column`, the most frequent first; kinds of under ten people are told by that alone.

    Where one kind alone would be hidden, the next smallest is hidden too: it would be the difference from the total.
    """
    if frame is None or frame.is_empty() or column not in frame.columns:
        return ()
    counted = frame.group_by(column).len().sort(["len", column], descending=[True, False])
    small = [row["len"] < wording.SMALLEST_GROUP for row in counted.iter_rows(named=True)]
    if sum(small) == 1 and len(small) > 1:
        small[-2] = True
    return tuple(
        _bar(name, people, of=frame.height, hidden=hidden)
        for (name, people), hidden in zip(counted.iter_rows(), small, strict=True)
    )


def exclusion_bars(campaign: Campaign) -> tuple[ShareBar, ...]:
    """Why people are left out, the most frequent kind first; who has several kinds counts for each."""
    if campaign.excluded.is_empty():
        return ()
    kinds = campaign.excluded.select(pl.col("kind").str.split(BETWEEN_REASONS).list.unique()).explode("kind")
    counted = kinds["kind"].value_counts().sort(["count", "kind"], descending=[True, False])
    return tuple(
        _bar(kind, people, of=campaign.excluded.height, hidden=people < wording.SMALLEST_GROUP)
        for kind, people in counted.iter_rows()
    )


def expected(number: Expected, *, factor: float = 1.0, decimals: int = 0, unit: str = "") -> str:
    """An expected number in words: a figure with its interval, or a range that says that it is one."""
    low, high = (wording.number(factor * end, decimals=decimals) for end in (number.low, number.high))
    if number.value is None or number.level is None:
        return f"{low} to {high}{unit}, a range"
    level = wording.percent(number.level, decimals=0)
    return f"{wording.number(factor * number.value, decimals=decimals)}{unit} ({level}: {low}{wording.TO}{high})"


def _bar(name: object, people: int, *, of: int, hidden: bool) -> ShareBar:
    if hidden:
        word = wording.guarded(people) if people < wording.SMALLEST_GROUP else "not told"
        return ShareBar(shortened(name, longest=_LONGEST_NAME), word, wording.NO_VALUE, 0.0)
    share = people / of
    return ShareBar(
        shortened(name, longest=_LONGEST_NAME), wording.count(people), wording.percent(share), round(100 * share, 2)
    )


def _cut_rows(cut: Cut) -> tuple[tuple[str, str], ...]:
    """Every way to see the one cut."""
    currency = cut.economics.currency
    rows: list[tuple[str, str | None]] = [
        ("Customers", wording.count(cut.contacts)),
        ("Share of the candidates", wording.percent(cut.share)),
        ("Weeks", _weeks(cut)),
        ("Lowest score", wording.number(cut.score, decimals=3)),
        ("Lowest chance", None if cut.lowest_chance is None else wording.percent(cut.lowest_chance, decimals=0)),
        ("Affluent among them", expected(cut.finds)),
        ("Share affluent", expected(cut.precision, factor=100, decimals=1, unit=wording.PERCENT_SIGN)),
        ("Tagged who score as high", wording.in_words(cut.recall_of_tagged) if cut.recall_of_tagged else None),
        ("Cost", None if cut.cost is None else f"{currency} {wording.number(cut.cost, decimals=0)}"),
        ("Expected value", f"{currency} {expected(cut.value)}" if cut.value else None),
        ("Value less cost", f"{currency} {expected(cut.net)}" if cut.net else None),
        *_next_rows(cut),
    ]
    return tuple((name, text) for name, text in rows if text is not None)


def _next_rows(cut: Cut) -> list[tuple[str, str | None]]:
    following, currency = cut.next_calls, cut.economics.currency
    if following is None:
        return []
    net = f"{currency} {expected(following.net)}" if following.net else None
    calls = wording.count(following.contacts)
    return [(f"Affluent in the next {calls} calls", expected(following.finds, decimals=1)), ("Their value", net)]


def _weeks(cut: Cut) -> str | None:
    if cut.weeks is None or cut.managers is None or cut.calls_a_week is None:
        return None
    managers, calls = wording.count(cut.managers), wording.short(cut.calls_a_week)
    return f"{wording.short(cut.weeks)} for {managers} managers, {calls} calls a week each"


def _cut_curve(deciding: Deciding) -> CurveView | None:
    if deciding.cut is None or deciding.gains is None:
        return None
    curve, cut = gain_curve(deciding.gains), deciding.cut
    every = max(1, curve.height // _ROWS_SHOWN)
    rows = [
        TableRow((wording.count(row["contacts"]), _finds(row)), at_cut=False)
        for row in curve.gather_every(every).iter_rows(named=True)
    ]
    rows.append(TableRow((wording.count(cut.contacts), expected(cut.finds)), at_cut=True))
    rows.sort(key=lambda row: int(row.cells[0].replace(",", "")))
    return CurveView(
        key="cut",
        y_title="Affluent customers expected on the list",
        x_title="Customers on the list, best first",
        alternative=f"The longer the list, the more it holds: at the cut, {wording.count(cut.contacts)} customers, "
        f"{expected(cut.finds)} are expected to be affluent.",
        figure=for_page(deciding_figures.cut_figure(curve, contacts=cut.contacts)),
        head=("Customers", "Affluent expected"),
        rows=tuple(rows),
    )


def _finds(row: Mapping[str, Any]) -> str:
    ends = f"{wording.number(row['finds_low'], decimals=0)} to {wording.number(row['finds_high'], decimals=0)}"
    return ends if row["finds"] is None else f"{wording.number(row['finds'], decimals=0)} ({ends})"


def _segment_cards(
    told: Segmentation, strategies: Sequence[Strategy]
) -> tuple[tuple[int, ShareBar, str, Strategy | None], ...]:
    """The number on the map, a bar, the rule in words, and the page of strategy of every segment, the largest first."""
    rules = {shortened(segment.name, longest=_LONGEST_NAME): segment for segment in told.segments}
    pages = {page.segment: page for page in strategies}
    numbers = _numbers(told)
    return tuple(
        (
            numbers[rules[bar.name].name],
            bar,
            rules[bar.name].text,
            pages.get(rules[bar.name].name) if bar.width else None,
        )
        for bar in share_bars(told.frame, "segment")
        if bar.name in rules
    )


def _numbers(told: Segmentation) -> dict[str, int]:
    """The number of each segment, 1 the largest: what the map calls it."""
    counted = told.frame.group_by("segment").len().sort(["len", "segment"], descending=[True, False])
    return {str(name): number for number, name in enumerate(counted["segment"], start=1)}


def _segment_map(told: Segmentation) -> CurveView | None:
    sizes = told.frame.group_by("segment").len().filter(pl.col("len") >= wording.SMALLEST_GROUP)
    shown = told.map.filter(pl.col("segment").is_in(sizes["segment"].to_list()))
    if shown.is_empty():
        return None
    middles = shown.group_by("segment").agg(pl.len(), pl.col("x", "y").median()).sort("segment")
    rows = tuple(
        TableRow(
            (
                f"{_numbers(told)[name]}. {shortened(name)}",
                wording.guarded(people),
                wording.number(x),
                wording.number(y),
            )
        )
        for name, people, x, y in middles.iter_rows()
    )
    return CurveView(
        key="segments",
        y_title="Second axis of difference",
        x_title="First axis of difference",
        alternative=f"A map of the listed in {len(rows)} segments; people who are alike stand near each other.",
        figure=for_page(deciding_figures.map_figure(shown, numbers=_numbers(told))),
        head=("Segment", "People on the map", "Middle, first axis", "Middle, second axis"),
        rows=rows,
    )


def _confusion(frame: pl.DataFrame | None) -> tuple[tuple[str, str, str], ...]:
    if frame is None:
        return ()
    ordered = frame.sort("hidden_type", "truth")
    return tuple(
        (shortened(row["hidden_type"]), shortened(row["truth"]), wording.guarded(row["people"]))
        for row in ordered.iter_rows(named=True)
    )


def _examples(deciding: Deciding, *, contract: Contract) -> tuple[Example, ...]:
    """The first, the middle and the last of the list, where reasons may be said."""
    told, listed = deciding.explanation, deciding.listed
    if told is None or listed is None or not told.said or listed.is_empty():
        return ()
    places = sorted({0, listed.height // 2, listed.height - 1})[:EXAMPLES]
    return tuple(
        example
        for person in listed[places].iter_rows(named=True)
        if (example := _example(person, told, contract=contract)) is not None
    )


def _example(person: Mapping[str, Any], told: Explanation, *, contract: Contract) -> Example | None:
    parts = told.contributions.filter(pl.col("row") == person["row"])
    if parts.is_empty():
        return None
    said = told.reasons.filter(
        (pl.col("row") == person["row"])
        & pl.col("passes")
        & (pl.col("audience") == "speakable")
        & (pl.col("direction") == "for")
    ).sort("place")
    return Example(
        rank=wording.count(person["rank"]),
        customer=masked(person["customer_id"]),
        sentences=tuple(_sentence(text) for text in said["sentence"].head(SENTENCES)),
        waterfall=waterfall(
            parts.row(0, named=True),
            titles=wording.titles(contract.columns),
            internal={column.name for column in contract.columns if column.use is Use.INTERNAL},
        ),
    )


def _sentence(text: str) -> str:
    shown = shortened(text, longest=_LONGEST_SENTENCE)
    return f"{shown[:1].upper()}{shown[1:]}."


def _reason_shares(told: Explanation | None, titles: Mapping[str, str]) -> tuple[ShareBar, ...]:
    """How often each reason is said, of everybody on the list; small kinds are not told."""
    if told is None or not told.said or told.wide.is_empty():
        return ()
    codes = [name for name in told.wide.columns if name.startswith("code_")]
    counted = (
        told.wide.select(pl.concat_list(codes).alias("code")).explode("code").drop_nulls()["code"].value_counts()
    ).sort(["count", "code"], descending=[True, False])
    large = counted.filter(pl.col("count") >= wording.SMALLEST_GROUP).head(_ROWS_SHOWN)
    said = dict(told.reasons.select("code", "column").iter_rows())
    return tuple(
        _bar(_reason(str(code), said, titles), people, of=told.wide.height, hidden=False)
        for code, people in large.iter_rows()
    )


def _reason(code: str, said: Mapping[str, str], titles: Mapping[str, str]) -> str:
    """A reason code as words: the column's title, and high or low where it is a number."""
    title = titles.get(said.get(code, ""), wording.title(code.lower()))
    return f"{title} {code.rsplit('_', 1)[-1].lower()}" if code.endswith(("_HIGH", "_LOW")) else title
