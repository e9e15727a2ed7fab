"""Whom a list reaches, as pages show it: group by group on one axis, and what evening it out would cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from affluence.data.contract import Contract
from affluence.data.visible_text import shortened
from affluence.evaluation.fairness import FairReach, GroupReach, Swaps
from affluence.evaluation.results import Estimate
from affluence.reporting import wording
from affluence.reporting.tracks import Axis, Mark, Tick, axis_over


@dataclass(frozen=True)
class GroupRow:
    """One group; without figures and mark where it is too small to be told."""

    group: str
    candidates: str
    listed: str
    share: Estimate | None
    mark: Mark | None
    beside: str
    below: bool
    reached: str


@dataclass(frozen=True)
class GroupedColumn:
    """The groups of one column, and what would even them out in a sentence."""

    title: str
    rows: tuple[GroupRow, ...]
    exchange: str


@dataclass(frozen=True)
class ReachView:
    """What the section shows: the answer, the columns, and the axis on which shares stand; `counted` after a review."""

    answer: str
    overall: str
    at: float
    ticks: tuple[Tick, ...]
    columns: tuple[GroupedColumn, ...]
    counted: bool


def view_reach(reach: FairReach, *, contract: Contract) -> ReachView | None:
    """Whom a list reaches; None where the contract names no groups, or nobody can be reached."""
    if not reach.groups:
        return None
    titles = wording.titles(contract.columns)
    axis = axis_over([group.share for group in reach.groups if group.share], include=(0.0, reach.overall.value))
    exchanges = {swaps.column: exchange_in_words(swaps) for swaps in reach.exchanges}
    return ReachView(
        answer=_answer(reach.groups, titles),
        overall=wording.percent(reach.overall.value),
        at=axis.place(reach.overall.value),
        ticks=axis.ticks(lambda share: wording.short(round(100 * share, 6))),
        columns=tuple(
            GroupedColumn(
                titles.get(name, shortened(name)),
                tuple(_row(group, axis=axis) for group in groups),
                exchanges.get(name, ""),
            )
            for name, groups in groupby(reach.groups, key=lambda group: group.column)
        ),
        counted=any(group.reached is not None for group in reach.groups),
    )


def exchange_in_words(swaps: Swaps) -> str:
    """What would even out the groups of one column, and what it would cost."""
    within = f"within {wording.percent(swaps.tolerance, decimals=0)} of the share of all"
    count = len(swaps.leaving)
    if not count:
        return f"Every group is {within} already."
    exchanges = "1 exchange" if count == 1 else f"{wording.count(count)} exchanges"
    if swaps.in_finds:
        cost = f"and cost {wording.number(swaps.cost, decimals=1)} expected finds"
    else:
        lower = wording.number(swaps.cost / count)
        cost = f"by people whose score is {lower} lower on average; what that costs in finds only a review can tell"
    return f"{exchanges} would bring every group {within}, {cost}."


def _answer(groups: Sequence[GroupReach], titles: dict[str, str]) -> str:
    """The group that is reached least beside the others, and how many are under the line."""
    beside = [(group.ratio, group) for group in groups if group.ratio is not None]
    if not beside:
        return "No group is large enough to be told."
    ratio, least = min(beside, key=lambda pair: pair[0].value)
    name = f"{titles.get(least.column, shortened(least.column))}, {shortened(least.group)}"
    below = sum(group.below_four_fifths for group in groups)
    line = f"{wording.count(below)} of {wording.count(len(beside))} groups are below four fifths of the others' share."
    return f"Reached least: {name}, {_ratio(ratio)} times as often as the others. {line}"


def _row(group: GroupReach, *, axis: Axis) -> GroupRow:
    name = shortened(group.group)
    if group.share is None or group.candidates is None or group.listed is None:
        return GroupRow(name, "too few to tell", "", None, None, "", below=False, reached="")
    return GroupRow(
        group=name,
        candidates=wording.count(group.candidates),
        listed=wording.count(group.listed),
        share=group.share,
        mark=axis.mark(group.share),
        beside=_ratio(group.ratio) if group.ratio else wording.NO_VALUE,
        below=group.below_four_fifths,
        reached=wording.percent(group.reached),
    )


def _ratio(ratio: Estimate) -> str:
    return f"{wording.number(ratio.value)} ({wording.level(ratio)}: {wording.number_range(ratio)})"
