"""Fair reach: whom a list reaches by group, against those eligible, and what evening it out would cost.

Groups are the categories, or bands of numbers, of the columns whose contract says `fair_reach`; a column that is
forbidden to the learners may say so, for it is the one to look at. Nothing here changes a list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import polars as pl
from scipy.stats.contingency import relative_risk

from affluence.data.contract import Column, Contract
from affluence.errors import UserError
from affluence.evaluation.calibration import wilson
from affluence.evaluation.results import Estimate

LEVEL = 0.9
NOT_RECORDED = "not recorded"
# The line that is drawn in the four-fifths rule (US EEOC, Uniform Guidelines, 1978, section 4D). It is no verdict.
FOUR_FIFTHS = 0.8
# A group of fewer candidates could point at somebody.
SMALLEST_GROUP = 10
# How far from the overall share a group may stay, as a part of it.
TOLERANCE = 0.2
RATIO_ASSUMPTION = "Katz interval of the ratio of two independent shares"


@dataclass(frozen=True)
class GroupReach:
    """How far the list reaches one group: its candidates, how many of them are listed, and that share.

    `ratio` is the share divided by that of all other candidates. `reached` is the share of the group's expected
    affluent who are listed; None where no one counted how many are hidden. All figures but the name are None in a
    group that is too small to be told.
    """

    column: str
    group: str
    candidates: int | None
    listed: int | None
    share: Estimate | None
    ratio: Estimate | None
    reached: float | None

    @property
    def below_four_fifths(self) -> bool:
        """Whether the group is reached less than four fifths as often as the others; a line to look at."""
        return self.ratio is not None and self.ratio.value < FOUR_FIFTHS


@dataclass(frozen=True)
class Swaps:
    """The fewest exchanges after which every group of `column` is reached as the whole is, within `tolerance`.

    `tolerance` is a part of the overall share: with 0.2, from four to six fifths of it.

    `leaving` and `entering` are row numbers of candidates, as many of one as of the other. `cost` is what is lost:
    expected finds where they are known (`in_finds`), else the sum of scores.
    """

    column: str
    tolerance: float
    leaving: tuple[int, ...]
    entering: tuple[int, ...]
    cost: float
    in_finds: bool

    def sentence(self) -> str:
        """What a person should know who decides on them."""
        if not self.leaving:
            return f"Every group of {self.column} is within {self.tolerance:.0%} of the overall share already."
        worth = f"{self.cost:,.1f} expected finds" if self.in_finds else f"{self.cost:,.1f} in score"
        return (
            f"{len(self.leaving):,} exchanges would bring every group of {self.column} within {self.tolerance:.0%} of "
            f"the overall share, and would cost {worth}. Nothing was exchanged: that is for a person to decide."
        )


@dataclass(frozen=True)
class FairReach:
    """The reach of a list by group, and over everybody; `exchanges` are what would even out each column."""

    overall: Estimate
    groups: tuple[GroupReach, ...]
    exchanges: tuple[Swaps, ...] = ()


# Where a contract names no groups, or there is nobody to reach.
NO_GROUPS = FairReach(Estimate(0.0, 0.0, 1.0, "there is nobody to reach", LEVEL), ())


def fair_reach(
    listed: pl.DataFrame,
    candidates: pl.DataFrame,
    customers: pl.DataFrame,
    contract: Contract,
    *,
    tolerance: float = TOLERANCE,
) -> FairReach:
    """The reach by every group that the contract names, and the exchanges that would even out each column of groups.

    Frames as in `reach_by_group`; without candidates, or without named groups, there are no groups in it.
    """
    columns = grouping_columns(customers, contract)
    if candidates.is_empty() or not columns:
        return NO_GROUPS
    exchanges = (
        parity_swaps(listed, candidates, customers, contract, column=column.name, tolerance=tolerance)
        for column in columns
    )
    return replace(reach_by_group(listed, candidates, customers, contract), exchanges=tuple(exchanges))


def reach_by_group(
    listed: pl.DataFrame, candidates: pl.DataFrame, customers: pl.DataFrame, contract: Contract
) -> FairReach:
    """Whom `listed` reaches of the `candidates`, by every group that the contract names.

    All frames are by `row`; `candidates` may have `affluent_probability`, `customers` has the contract's columns.
    Where one group of a column is too small to be told, the next smallest is not told either, since it could be had as
    the difference. Shares have Wilson's interval, ratios Katz's (scipy.stats.contingency.relative_risk).

    Errors: UserError when there is no candidate, or someone listed is none.
    """
    on_list = _on_list(listed, candidates)
    groups = [
        group
        for column in grouping_columns(customers, contract)
        for group in _groups_of(column, _grouped(column, on_list, customers))
    ]
    return FairReach(wilson(int(on_list["listed"].sum()), on_list.height, level=LEVEL), tuple(groups))


def grouping_columns(customers: pl.DataFrame, contract: Contract) -> tuple[Column, ...]:
    """The columns by whose groups reach is told: those that say so in the contract and stand in the table."""
    return tuple(column for column in contract.columns if column.fair_reach and column.name in customers.columns)


def parity_swaps(
    listed: pl.DataFrame,
    candidates: pl.DataFrame,
    customers: pl.DataFrame,
    contract: Contract,
    *,
    column: str,
    tolerance: float,
) -> Swaps:
    """The fewest exchanges that bring every group's share within `tolerance` of the overall one, at the least cost.

    Within a group the order by score stands, so the lowest of its listed leave and the highest of its others enter.
    Groups above their bound must lose what is above it, groups below must gain what is missing; what is then left to
    exchange goes where it costs least among the groups that have room. With costs that add up that greedy choice is
    exact (a matroid). Bounds are rounded outward where a group is too small for any whole number to lie within.

    Errors: UserError when the contract does not name the column for fair reach, or the tolerance is not from 0 to 1.
    """
    named = {one.name: one for one in grouping_columns(customers, contract)}
    if column not in named:
        raise UserError(
            f"The contract does not name {column} for fair reach; it names {', '.join(named) or 'no column'}. Add "
            "fair_reach to the column in the contract."
        )
    if not 0 <= tolerance <= 1:
        raise UserError(f"The tolerance is {tolerance:g}; give a part of the overall share from 0 to 1, as 0.2.")
    people = _grouped(named[column], _on_list(listed, candidates), customers)
    in_finds = people["affluent_probability"].null_count() == 0
    worth = "affluent_probability" if in_finds else "score"
    leaving, entering = _exchanges(people.with_columns(worth=pl.col(worth)), tolerance)
    lost = _total(people, leaving, worth) - _total(people, entering, worth)
    return Swaps(column, tolerance, tuple(leaving), tuple(entering), lost, in_finds)


def _on_list(listed: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    if candidates.is_empty():
        raise UserError("There are no candidates, so there is nobody to reach. Score a table with untagged customers.")
    strangers = listed.join(candidates, on="row", how="anti").height
    if strangers:
        raise UserError(
            f"{strangers:,} of {listed.height:,} listed are no candidates of this table. Make the list anew."
        )
    known = candidates.select(
        "row", "score", *(["affluent_probability"] if "affluent_probability" in candidates.columns else [])
    )
    if "affluent_probability" not in known.columns:
        known = known.with_columns(affluent_probability=pl.lit(None, dtype=pl.Float64))
    return known.with_columns(listed=pl.col("row").is_in(listed["row"].implode()))


def _grouped(column: Column, on_list: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Each candidate with the group; the groups in their order by `place`."""
    joined = on_list.join(customers.select("row", value=column.name), on="row", how="left", maintain_order="left")
    if column.fair_reach is True:
        return joined.with_columns(group=pl.col("value").cast(pl.String).fill_null(NOT_RECORDED))
    bands = [float(start) for start in column.fair_reach]  # type: ignore[union-attr]
    value = pl.col("value").cast(pl.Float64)
    group = (
        pl.when(value.is_null()).then(pl.lit(NOT_RECORDED)).when(value < bands[0]).then(pl.lit(f"under {bands[0]:g}"))
    )
    for start, end in zip(bands, [*bands[1:], None], strict=True):
        name = f"{start:g} and over" if end is None else f"{start:g} to under {end:g}"
        group = group.when(value < end if end is not None else pl.lit(value=True)).then(pl.lit(name))
    return joined.with_columns(group=group)


def _groups_of(column: Column, people: pl.DataFrame) -> Iterator[GroupReach]:
    counts = (
        people.group_by("group")
        .agg(
            candidates=pl.len(),
            listed=pl.col("listed").sum(),
            first=pl.col("value").min(),
            expected=pl.col("affluent_probability").sum(),
            reached=pl.col("affluent_probability").filter("listed").sum(),
        )
        .sort("first", "group", nulls_last=True)
    )
    hidden = _too_small(counts)
    known = people["affluent_probability"].null_count() == 0
    for line in counts.iter_rows(named=True):
        if line["group"] in hidden:
            yield GroupReach(column.name, line["group"], None, None, None, None, None)
            continue
        reached = line["reached"] / line["expected"] if known and line["expected"] else None
        yield GroupReach(
            column.name,
            line["group"],
            line["candidates"],
            line["listed"],
            wilson(line["listed"], line["candidates"], level=LEVEL),
            _ratio(line["listed"], line["candidates"], int(people["listed"].sum()), people.height),
            reached,
        )


def _total(people: pl.DataFrame, rows: Sequence[int], worth: str) -> float:
    return float(people.filter(pl.col("row").is_in(rows))[worth].sum())


def _too_small(counts: pl.DataFrame) -> set[str]:
    small = counts.filter(pl.col("candidates") < SMALLEST_GROUP)["group"].to_list()
    if len(small) == 1 and counts.height > 1:
        others = counts.filter(~pl.col("group").is_in(small)).sort("candidates", "group")
        small.append(others["group"][0])
    return set(small)


def _ratio(listed: int, candidates: int, all_listed: int, everybody: int) -> Estimate | None:
    """The group's share over that of the others; None where the others have none or there are none."""
    others_listed, others = all_listed - listed, everybody - candidates
    if not others or not others_listed:
        return None
    risk = relative_risk(listed, candidates, others_listed, others)
    interval = risk.confidence_interval(confidence_level=LEVEL)
    return Estimate(float(risk.relative_risk), float(interval.low), float(interval.high), RATIO_ASSUMPTION, LEVEL)


def _exchanges(people: pl.DataFrame, tolerance: float) -> tuple[list[int], list[int]]:
    """Rows that leave and rows that enter, as many of one as of the other."""
    overall = int(people["listed"].sum()) / people.height
    bounds = {}
    for (name,), members in people.group_by("group", maintain_order=True):
        size, on = members.height, int(members["listed"].sum())
        low = min(ceil(overall * (1 - tolerance) * size - 1e-9), floor(overall * size + 1e-9))
        high = max(floor(overall * (1 + tolerance) * size + 1e-9), ceil(overall * size - 1e-9))
        bounds[name] = (max(0, low), min(size, high), on)
    leave = {name: max(0, on - high) for name, (_, high, on) in bounds.items()}
    enter = {name: max(0, low - on) for name, (low, _, on) in bounds.items()}
    more_leave = max(0, sum(enter.values()) - sum(leave.values()))
    more_enter = max(0, sum(leave.values()) - sum(enter.values()))
    room_to_leave = {name: on - leave[name] - low if not enter[name] else 0 for name, (low, _, on) in bounds.items()}
    room_to_enter = {name: high - on - enter[name] if not leave[name] else 0 for name, (_, high, on) in bounds.items()}
    leaving = _chosen(people.filter("listed"), leave, room_to_leave, more_leave, lowest=True)
    entering = _chosen(people.filter(~pl.col("listed")), enter, room_to_enter, more_enter, lowest=False)
    return leaving, entering


def _chosen(
    people: pl.DataFrame, forced: dict[str, int], room: dict[str, int], more: int, *, lowest: bool
) -> list[int]:
    """The rows that must go from each group, and `more` of those that cost least among the groups with room."""
    ordered = people.sort("score", "row", descending=[not lowest, False]).with_columns(
        place=pl.int_range(pl.len()).over("group")
    )
    must = pl.col("group").replace_strict(forced, default=0, return_dtype=pl.Int64)
    may = must + pl.col("group").replace_strict(room, default=0, return_dtype=pl.Int64)
    first = ordered.filter(pl.col("place") < must)
    further = ordered.filter((pl.col("place") >= must) & (pl.col("place") < may))
    rest = further.sort("worth", "row", descending=[not lowest, False]).head(more)
    rows: Sequence[int] = [*first["row"].to_list(), *rest["row"].to_list()]
    return sorted(rows)
