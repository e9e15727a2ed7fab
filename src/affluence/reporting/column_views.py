"""Each column by tag, as the report shows it: what it is, what to take from it, its bars, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from affluence.data.contract import ColumnType, Contract, Use
from affluence.data.profiling import Bin, ColumnProfile, Spread
from affluence.evaluation.results import Estimate
from affluence.reporting import wording
from affluence.reporting.bar_views import BarView, highest_share, tagged_rate, totals, view_bars
from affluence.reporting.tracks import Tick, axis_over

_QUANTILES = ("p05", "p25", "p50", "p75", "p95")
# A rate counts as a column's highest or lowest only where this share of the customers stands behind it.
_LARGE_ENOUGH = 0.01
_TICKS = 5
_LAST_TICK = 0.88

USE_WORDS = {
    Use.SPEAKABLE: ("Enters the model, may be spoken of", "Speakable"),
    Use.INTERNAL: ("Enters the model, for the bank's eyes only", "Internal"),
    Use.FORBIDDEN: ("Never enters the model", "Never enters the model"),
}


@dataclass(frozen=True)
class ColumnView:
    """Everything that the report says about one column."""

    anchor: str
    title: str
    name: str
    source: str
    kind: str
    use: Use
    use_word: str
    tag_driver: bool
    meaning: str
    missing_meaning: str
    missing_tagged: str
    missing_unlabelled: str
    anything_missing: bool
    is_number: bool
    bars: tuple[BarView, ...]
    ticks: tuple[tuple[float, str], ...]
    highest_share: str
    rate_ticks: tuple[Tick, ...]
    overall: float
    overall_text: str
    difference: float
    difference_text: str
    fact: str
    quantiles: tuple[tuple[str, tuple[str, ...]], ...]


def view_columns(profiles: Sequence[ColumnProfile], *, contract: Contract) -> list[tuple[str, list[ColumnView]]]:
    """The columns under the heading of their use, those that differ most between the groups first."""
    order = list(Use)
    titles = wording.titles(contract.columns)
    views = [
        _view(profile, anchor=f"column-{place}", title=titles[profile.name])
        for place, profile in enumerate(profiles, start=1)
    ]
    views.sort(key=lambda view: (order.index(view.use), -view.difference))
    return [(USE_WORDS[use][0], list(group)) for use, group in groupby(views, key=lambda view: view.use)]


def difference(profile: ColumnProfile) -> float:
    """The share of one group that would have to move for both to be alike, 0 to 1 (total variation)."""
    tagged, unlabelled = totals(profile)
    if not tagged or not unlabelled:
        return 0.0
    return sum(abs(each.tagged / tagged - each.unlabelled / unlabelled) for each in profile.bins) / 2


def _view(profile: ColumnProfile, *, anchor: str, title: str) -> ColumnView:
    tagged, unlabelled = totals(profile)
    overall = tagged / max(1, tagged + unlabelled)
    rates = [tagged_rate(each) for each in profile.bins]
    axis = axis_over([rate for rate in rates if rate is not None], include=(0.0, overall))
    moved = difference(profile)
    return ColumnView(
        anchor=anchor,
        title=title,
        name=profile.name,
        source=profile.source,
        kind=_kind(profile),
        use=profile.use,
        use_word=USE_WORDS[profile.use][1],
        tag_driver=profile.tag_driver,
        meaning=profile.meaning,
        missing_meaning=wording.MISSING_WORDS[profile.missing_meaning],
        missing_tagged=_missing(profile.missing_tagged, profile.rows_tagged),
        missing_unlabelled=_missing(profile.missing_unlabelled, profile.rows_unlabelled),
        anything_missing=bool(profile.missing_tagged or profile.missing_unlabelled),
        is_number=profile.type is not ColumnType.CATEGORY,
        bars=view_bars(profile, rates, axis=axis),
        ticks=_ticks(profile.bins),
        highest_share=wording.percent(highest_share(profile), decimals=0),
        rate_ticks=axis.ticks(lambda rate: wording.short(round(100 * rate, 6))),
        overall=axis.place(overall),
        overall_text=wording.percent(overall),
        difference=moved,
        difference_text=wording.percent(moved, decimals=0),
        fact=_fact(profile, rates),
        quantiles=_quantiles(profile),
    )


def _kind(profile: ColumnProfile) -> str:
    words = {
        ColumnType.NUMBER: "Number",
        ColumnType.INTEGER: "Whole number",
        ColumnType.CATEGORY: "Category",
    }
    word = words[profile.type]
    return f"{word}, {profile.unit}" if profile.unit else word


def _missing(missing: int, rows: int) -> str:
    """The share missing in a group; said by its bound where fewer than ten are missing."""
    if rows < wording.SMALLEST_GROUP:
        return wording.NO_VALUE
    if 0 < missing < wording.SMALLEST_GROUP:
        return f"under {wording.percent(wording.SMALLEST_GROUP / rows)}"
    return wording.percent(missing / rows)


def _ticks(bins: Sequence[Bin]) -> tuple[tuple[float, str], ...]:
    """A few lower edges of number bins, or single numbers, with their places in per cent of the width."""
    every = max(1, -(-len(bins) // _TICKS))
    edges = [
        (place, place + 0.5 if each.low == each.high else place, each.low)
        for place, each in enumerate(bins)
        if each.low is not None
    ]
    # A label near the right end would leave the chart.
    return tuple(
        (round(100 * edge / len(bins), 2), wording.short(low))
        for place, edge, low in edges
        if place % every == 0 and place <= _LAST_TICK * len(bins)
    )


def _fact(profile: ColumnProfile, rates: Sequence[Estimate | None]) -> str:
    """What to take from the column at a glance."""
    if not any(totals(profile)):
        return "No value is recorded."
    if profile.tagged and profile.unlabelled:
        middle, others = wording.short(profile.tagged.p50), wording.short(profile.unlabelled.p50)
        if middle != others:
            return f"Median {middle} among the tagged affluent, {others} among the others."
        return f"The same median, {middle}, in both groups. {_rate_fact(profile, rates)}"
    return _rate_fact(profile, rates)


def _rate_fact(profile: ColumnProfile, rates: Sequence[Estimate | None]) -> str:
    customers = sum(totals(profile))
    large = [
        (rate.value, each.label)
        for each, rate in zip(profile.bins, rates, strict=True)
        if rate and each.tagged + each.unlabelled >= _LARGE_ENOUGH * customers
        if min(each.tagged, each.unlabelled) >= wording.SMALLEST_GROUP
    ]
    if len(large) < 2:
        return "One value holds nearly all customers."
    (low, lowest), (high, highest) = min(large), max(large)
    return (
        f"Tagged rate from {wording.percent(low)} ({wording.shortened(lowest, longest=28)}) "
        f"to {wording.percent(high)} ({wording.shortened(highest, longest=28)})."
    )


def _quantiles(profile: ColumnProfile) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups = (
        ("affluent", profile.tagged, profile.rows_tagged),
        ("normal", profile.unlabelled, profile.rows_unlabelled),
    )
    return tuple(
        (mark, _spread_cells(spread))
        for mark, spread, rows in groups
        if spread is not None and rows >= wording.SMALLEST_GROUP
    )


def _spread_cells(spread: Spread) -> tuple[str, ...]:
    return (*(wording.short(getattr(spread, name)) for name in _QUANTILES), wording.short(spread.mean))
