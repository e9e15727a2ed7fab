"""Whom a list reaches, as pages show it: group by group on one axis, and what evening it out would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from affluence.data.contract import Contract
from affluence.data.visible_text import shortened
from affluence.evaluation.fairness import FOUR_FIFTHS, FairReach, GroupReach, Swaps
from affluence.evaluation.results import Estimate
from affluence.reporting import wording
from affluence.reporting.tracks import Axis, Mark, Tick, axis_over

SURELY_BELOW, PERHAPS_BELOW = "below 4/5", "perhaps below 4/5"


@dataclass(frozen=True)
class GroupRow:
    """One group; without figures and mark where it is too small to be told."""

    group: str
    candidates: str
    share: Estimate | None
    mark: Mark | None
    ratio: Estimate | None
    below: str
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
    line: str
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
        line=_line(reach.groups),
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
    done = f"{exchanges} would bring every group {within}"
    if swaps.in_finds:
        return f"{done} and cost {wording.number(swaps.cost, decimals=1)} expected finds."
    lower = wording.number(swaps.cost / count)
    return (
        f"{done}. Those who enter score {lower} lower on average than those who leave; what that costs in finds only a "
        "review can tell."
    )


def _answer(groups: Sequence[GroupReach], titles: Mapping[str, str]) -> str:
    """The group that is reached least beside the others."""
    beside = [(group.ratio, group) for group in groups if group.ratio is not None]
    if not beside:
        return "No group can be held beside the others."
    ratio, least = min(beside, key=lambda pair: pair[0].value)
    name = f"{titles.get(least.column, shortened(least.column))}, {shortened(least.group)}"
    return f"Reached least: {name}. Listed {wording.times(ratio)} as often as the others."


def _line(groups: Sequence[GroupReach]) -> str:
    """How many groups are under the line, and how many surely."""
    told = [group for group in groups if group.ratio is not None]
    below = sum(group.below_four_fifths for group in told)
    sure = sum(_below(group) == SURELY_BELOW for group in told)
    surely = f", {wording.count(sure)} of them by the whole interval" if below else ""
    of_all = f"{wording.count(below)} of {wording.count(len(told))} groups"
    return f"{of_all} {'is' if below == 1 else 'are'} below four fifths of the others' share{surely}."


def _below(group: GroupReach) -> str:
    if group.ratio is None or not group.below_four_fifths:
        return ""
    return SURELY_BELOW if group.ratio.high < FOUR_FIFTHS else PERHAPS_BELOW


def _row(group: GroupReach, *, axis: Axis) -> GroupRow:
    return GroupRow(
        group=shortened(group.group),
        candidates="" if group.candidates is None else wording.count(group.candidates),
        share=group.share,
        mark=axis.mark(group.share) if group.share else None,
        ratio=group.ratio,
        below=_below(group),
        reached=wording.percent(group.reached),
    )
