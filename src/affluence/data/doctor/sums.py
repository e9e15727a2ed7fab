"""A column that is the sum of others, found without being told which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import numpy.typing as npt
import polars as pl

from affluence.data.doctor.findings import (
    Fact,
    Finding,
    Remedy,
    RemedyAction,
    Severity,
    count_of,
    listed,
    share,
)
from affluence.data.doctor.identities import FEWEST_ROWS, tolerance, typical_size
from affluence.data.doctor.subject import Flags, Floats, Subject
from affluence.data.finding_kinds import FindingKind

_FEWEST_DISTINCT = 20
_SEARCHED = 4_000
_MOST_PARTS = 6
_USUALLY = 0.8
_ALWAYS = 0.995
_ADDS = 0.02  # a part must explain so many of the rows on top
_BY_CHANCE = 0.05

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Sum:
    """A column and the parts that seem to add up to it; `typical` is its size, in a sample."""

    column: str
    parts: tuple[str, ...]
    typical: float


@dataclass(frozen=True)
class _SumCounts:
    """Of the rows where the column is not 0: all, where it is the sum, and where it is more. Parts add up."""

    rows: int = 0
    equal: int = 0
    more: int = 0


def sums(subject: Subject, *, copies: frozenset[str]) -> Iterator[Finding]:
    """Numbers that are the sum of two or more others (missing counts as 0), always or in most rows.

    `copies` are columns that another one repeats; they are no part. The parts are searched for in a sample, the rows
    counted in the whole table.
    """
    columns = [n for n in subject.numbers if n not in copies and subject.distinct(n) >= _FEWEST_DISTINCT]
    if len(columns) < 3 or subject.rows < FEWEST_ROWS:
        return
    matrix: Matrix = subject.sample.select(columns).head(_SEARCHED).fill_null(0.0).to_numpy()
    found = [(target, parts) for target in range(len(columns)) if (parts := _parts(matrix, target))]
    likely = [
        _Sum(columns[target], tuple(columns[part] for part in parts), typical_size(matrix[:, target]))
        for target, parts in found
    ]
    for each, counts in zip(likely, _counted(subject, likely), strict=True):
        if counts.equal >= _USUALLY * counts.rows:
            yield _finding(each, counts)


def _counted(subject: Subject, likely: Sequence[_Sum]) -> list[_SumCounts]:
    if not likely:
        return []
    columns = list(dict.fromkeys(column for each in likely for column in (each.column, *each.parts)))
    told = subject.tally(columns, partial(_count_sums, likely=likely), by=["place"])
    counts = {place: _SumCounts(*row) for place, *row in told.select("place", "rows", "equal", "more").iter_rows()}
    return [counts.get(place, _SumCounts()) for place in range(len(likely))]


def _count_sums(part: pl.DataFrame, *, likely: Sequence[_Sum]) -> pl.DataFrame:
    told = [(place, *_adding_up(part, each)) for place, each in enumerate(likely)]
    return pl.DataFrame(told, schema=dict.fromkeys(("place", "rows", "equal", "more"), pl.Int64), orient="row")


def _adding_up(part: pl.DataFrame, expected: _Sum) -> tuple[int, int, int]:
    wanted, *parts = (part[name].fill_null(0.0).to_numpy() for name in (expected.column, *expected.parts))
    there = wanted != 0
    wanted, total = wanted[there], reduce(np.add, parts)[there]
    slack = tolerance(wanted, typical=expected.typical)
    equal, more = np.abs(wanted - total) <= 2 * slack, wanted > total + slack
    return int(there.sum()), int(equal.sum()), int(more.sum())


def _parts(matrix: Matrix, target: int) -> tuple[int, ...]:
    """The columns of the matrix that add up to the target in most rows where it is not 0; none when none do."""
    rows = matrix[matrix[:, target] != 0]
    if len(rows) < FEWEST_ROWS:
        return ()
    others = [number for number in range(matrix.shape[1]) if number != target]
    for start in (_fitted(rows, target, others), ()):
        parts = _grown(rows, target, others, start=start)
        if len(parts) >= 2 and _explains(rows, target, parts):
            return parts
    return ()


def _explains(rows: Matrix, target: int, parts: Sequence[int]) -> bool:
    """Whether the parts add up, also where two of them are there, and would not with the target of another row."""
    wanted, total = rows[:, target], rows[:, list(parts)].sum(axis=1)
    fits = _fits(wanted, total)
    several = (rows[:, list(parts)] != 0).sum(axis=1) > 1
    by_chance = float(_fits(np.roll(wanted, 1), total).mean())
    enough = several.sum() >= FEWEST_ROWS and fits[several].mean() >= _USUALLY
    return bool(fits.mean() >= _USUALLY and enough and by_chance <= _BY_CHANCE)


def _fits(wanted: Floats, total: Floats) -> Flags:
    close: Flags = np.abs(wanted - total) <= 2 * tolerance(wanted, typical=typical_size(wanted))
    return close


def _grown(rows: Matrix, target: int, others: Sequence[int], *, start: tuple[int, ...]) -> tuple[int, ...]:
    """Parts added one by one, always the one that completes the most rows: finds sums of products seldom held."""
    parts = start
    slack = 2 * tolerance(rows[:, target], typical=typical_size(rows[:, target]))
    best = float(_fits(rows[:, target], rows[:, list(start)].sum(axis=1)).mean()) if start else 0.0
    for _ in range(_MOST_PARTS):
        left = rows[:, target] - rows[:, list(parts)].sum(axis=1)
        shares = {
            other: float(np.mean(np.abs(left - rows[:, other]) <= slack)) for other in others if other not in parts
        }
        added = max(shares, key=lambda other: shares[other], default=None)
        if added is None or shares[added] < best + _ADDS:
            break
        parts, best = (*parts, added), shares[added]
    return parts


def _fitted(rows: Matrix, target: int, others: Sequence[int]) -> tuple[int, ...]:
    """The parts with weight one in a fit that leaves out, round by round, the rows it explains worst."""
    scale = np.maximum(np.abs(rows[:, others]).mean(axis=0), 1e-12)
    design, wanted = rows[:, others] / scale, rows[:, target]
    kept = np.ones(len(rows), dtype=bool)
    weights = np.zeros(len(others))
    for _ in range(5):
        weights = np.linalg.lstsq(design[kept], wanted[kept], rcond=None)[0]
        errors = np.abs(design @ weights - wanted)
        kept = errors <= np.quantile(errors, _USUALLY)
    return tuple(other for other, weight in zip(others, weights / scale, strict=True) if abs(weight - 1) < 0.01)


def _finding(found: _Sum, counts: _SumCounts) -> Finding:
    column, parts = found.column, found.parts
    rows, equal, more = counts.rows, counts.equal, counts.more
    always = equal >= _ALWAYS * rows
    rest = "" if always else f" In {more:,} rows it is more: it holds something that has no column."
    return Finding(
        kind=FindingKind.SUM,
        severity=Severity.NOTES,
        columns=(column, *parts),
        rows=equal,
        sentence=f"{column} is the sum of {listed(list(parts))} in {count_of(equal, rows)} where it is not 0.{rest}",
        evidence=(
            Fact("rows where it is not 0", rows),
            share("equal to the sum", equal, of=rows),
            Fact("more than the sum", more),
            Fact("less than the sum", rows - equal - more),
        ),
        remedy=_remedy(column, always=always),
    )


def _remedy(column: str, *, always: bool) -> Remedy:
    if always:
        return Remedy(f"Leave {column} out, or keep it and leave its parts out.", RemedyAction.EXCLUDE, (column,))
    return Remedy(f"Keep {column}, or put the difference in its place: the rest is news, the sum is not.")
