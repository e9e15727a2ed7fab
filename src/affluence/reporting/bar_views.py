"""The bars of a column by tag: the share of both groups in each bin, and its tagged rate with an interval.

No group under ten customers is shown: a smaller count becomes "under 10", a smaller group has no rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from affluence.data.profiling import Bin, ColumnProfile
from affluence.evaluation.calibration import wilson
from affluence.evaluation.results import Estimate
from affluence.reporting import wording
from affluence.reporting.tracks import Axis, Mark


@dataclass(frozen=True)
class BarView:
    """One bin or category: its share of both groups, as heights and in words, and its tagged rate.

    `rate` is None where fewer than ten customers stand behind it. `ceiling` stands in its place where fewer
    than ten of them are tagged: the rate is below it. Heights and places are in per cent.
    """

    label: str
    tagged: str
    unlabelled: str
    tagged_share: str
    unlabelled_share: str
    tagged_height: float
    unlabelled_height: float
    rate: Mark | None
    ceiling: float | None
    rate_text: str
    rate_range: str


def view_bars(profile: ColumnProfile, rates: Sequence[Estimate | None], *, axis: Axis) -> tuple[BarView, ...]:
    """The bars of a column, over the axis of their tagged rates."""
    tagged, unlabelled = totals(profile)
    highest = highest_share(profile) or 1.0
    return tuple(
        _bar(each, rate, tagged=tagged, unlabelled=unlabelled, highest=highest, axis=axis)
        for each, rate in zip(profile.bins, rates, strict=True)
    )


def tagged_rate(each: Bin) -> Estimate | None:
    """The tagged rate of a bin with its interval; None where fewer than ten customers stand in it."""
    customers = each.tagged + each.unlabelled
    return wilson(each.tagged, customers) if customers >= wording.SMALLEST_GROUP else None


def totals(profile: ColumnProfile) -> tuple[int, int]:
    """The customers of both groups with a value in the column."""
    return sum(each.tagged for each in profile.bins), sum(each.unlabelled for each in profile.bins)


def highest_share(profile: ColumnProfile) -> float:
    """The largest share that a bin holds of either group, 0 to 1: the height of the tallest bar."""
    tagged, unlabelled = totals(profile)
    shares = [max(each.tagged / max(1, tagged), each.unlabelled / max(1, unlabelled)) for each in profile.bins]
    return max(shares, default=0.0)


def _bar(each: Bin, rate: Estimate | None, *, tagged: int, unlabelled: int, highest: float, axis: Axis) -> BarView:
    few_tagged = 0 < each.tagged < wording.SMALLEST_GROUP
    few_others = 0 < each.unlabelled < wording.SMALLEST_GROUP
    ceiling = wording.SMALLEST_GROUP / (each.tagged + each.unlabelled) if rate and few_tagged else None
    told = rate if rate and not few_tagged and not few_others else None
    return BarView(
        label=each.label,
        tagged=wording.guarded(each.tagged),
        unlabelled=wording.guarded(each.unlabelled),
        tagged_share=_group_share(each.tagged, tagged),
        unlabelled_share=_group_share(each.unlabelled, unlabelled),
        tagged_height=_height(each.tagged, tagged, highest=highest),
        unlabelled_height=_height(each.unlabelled, unlabelled, highest=highest),
        rate=axis.mark(told) if told else None,
        ceiling=axis.place(ceiling) if ceiling else None,
        rate_text=_rate_text(told, ceiling),
        rate_range=wording.percent_range(told) if told else "",
    )


def _group_share(members: int, total: int) -> str:
    return (
        wording.percent(members / total)
        if wording.guarded(members) == wording.count(members) and total
        else wording.NO_VALUE
    )


def _height(members: int, total: int, *, highest: float) -> float:
    """A bar's height in per cent of the tallest; nothing where the group is too small to be shown."""
    return round(100 * members / total / highest, 1) if members >= wording.SMALLEST_GROUP else 0.0


def _rate_text(rate: Estimate | None, ceiling: float | None) -> str:
    if rate:
        return wording.percent(rate.value)
    return f"under {wording.percent(min(1.0, ceiling))}" if ceiling else wording.NO_VALUE
