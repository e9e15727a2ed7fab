"""Columns that repeat each other: copies, multiples, and names for the same categories."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl

from affluence.data.doctor.findings import (
    Fact,
    Finding,
    Form,
    Remedy,
    RemedyAction,
    Severity,
    count_of,
    share,
    written,
)
from affluence.data.doctor.subject import Flags, Floats, Subject
from affluence.data.finding_kinds import FindingKind

FEWEST_ROWS = 30
_FEWEST_DISTINCT = 10
_ALWAYS = 0.995
_MOSTLY = 0.5
_ALIKE_BY_CHANCE = 0.05
_MOST_CATEGORIES = 200
_RELATIVE = 1e-6  # what is lost where a number is written and read again
_HALF_CENT = 0.0051
_SCREENED = 2_000


@dataclass(frozen=True)
class Agreement:
    """How often `second` is `factor` times `first`, among rows that have both, not both of them 0. Parts add up.

    `typical` is the size of what is compared, in a sample.
    """

    first: str
    second: str
    factor: float
    typical: float
    equal: int = 0
    rows: int = 0


def identities(subject: Subject) -> Iterator[Finding]:
    """Copies, near copies and multiples among the numbers, and categories that say the same under other names."""
    found = list(agreements(subject))
    for agreement in found:
        if not _follows(agreement, found):
            yield _finding(agreement)
    yield from _same_categories(subject)


def _follows(agreement: Agreement, found: list[Agreement]) -> bool:
    """Whether two columns agree less than each does with a third, which then tells it all."""
    pair = {agreement.first, agreement.second}
    closer = [{each.first, each.second} for each in found if each.equal >= agreement.equal and each is not agreement]
    thirds = [other - pair for other in closer if len(other & pair) == 1]
    return any(thirds.count(third) > 1 for third in thirds)


def agreements(subject: Subject) -> Iterator[Agreement]:
    """Pairs of numbers of which one is the other, or the other times a factor, always or in most rows."""
    columns = [name for name in subject.numbers if subject.distinct(name) >= _FEWEST_DISTINCT]
    if len(columns) < 2:
        return
    likely = list(_likely_agreements({name: subject.sample[name].to_numpy() for name in columns}))
    for agreement in _counted(subject, likely):
        needed = _MOSTLY if agreement.factor == 1 else _ALWAYS
        if agreement.rows >= FEWEST_ROWS and agreement.equal >= needed * agreement.rows:
            yield agreement


def _likely_agreements(screen: dict[str, Floats]) -> Iterator[Agreement]:
    """What a screen of rows makes one expect, not counted yet."""
    for first, second in combinations(screen, 2):
        factor = _likely_factor(screen[first], screen[second])
        if factor is not None:
            smaller, larger = (first, second) if abs(factor) >= 1 else (second, first)
            factor = _likely_factor(screen[smaller], screen[larger]) or factor
            right = screen[larger][_comparable(screen[smaller], screen[larger])]
            yield Agreement(smaller, larger, factor, typical_size(right))


def typical_size(values: Floats) -> float:
    """The median size of the values other than 0; 0 without any."""
    size = np.abs(values[values != 0])
    return float(np.median(size)) if len(size) else 0.0


def tolerance(values: Floats, *, typical: float) -> Floats:
    """By how much two amounts may differ and still be the same: what rounding to the cent and printing lose."""
    cents = _HALF_CENT if typical > 1 else 0.0
    slack: Floats = cents + _RELATIVE * np.maximum(np.abs(values), typical)
    return slack


def _likely_factor(first: Floats, second: Floats) -> float | None:
    """The ratio that most rows of a screen share; None where they share none, or by chance."""
    both = np.isfinite(first) & np.isfinite(second) & (first != 0) & (second != 0)
    left, right = first[both][:_SCREENED], second[both][:_SCREENED]
    if len(left) < FEWEST_ROWS:
        return None
    if _share_equal(left, right) >= 0.9 * _MOSTLY:
        return 1.0 if _share_equal(left, np.roll(right, 1)) <= _ALIKE_BY_CHANCE else None
    ratios = right / left
    factor = _tidy(float(np.median(ratios)))
    if factor == 0 or _share_equal(factor * left, right) < 0.9:
        return None
    return factor if _share_equal(factor * left, np.roll(right, 1)) <= _ALIKE_BY_CHANCE else None


def _share_equal(left: Floats, right: Floats) -> float:
    return float(np.mean(np.abs(left - right) <= tolerance(right, typical=typical_size(right))))


def _tidy(factor: float) -> float:
    """The factor without what rounding added: 12.0000003 is 12."""
    for digits in (0, 1, 2, 4):
        rounded = round(factor, digits)
        if rounded and abs(factor / rounded - 1) < 1e-4:
            return rounded
    return factor


def _counted(subject: Subject, likely: Sequence[Agreement]) -> list[Agreement]:
    if not likely:
        return []
    columns = list(dict.fromkeys(column for each in likely for column in (each.first, each.second)))
    told = subject.tally(columns, partial(_count_equal, likely=likely), by=["place"])
    counts = {place: (equal, rows) for place, equal, rows in told.select("place", "equal", "rows").iter_rows()}
    found = [(each, *counts.get(place, (0, 0))) for place, each in enumerate(likely)]
    return [replace(each, equal=equal, rows=rows) for each, equal, rows in found]


def _count_equal(part: pl.DataFrame, *, likely: Sequence[Agreement]) -> pl.DataFrame:
    told = [(place, *_agreeing(part, each)) for place, each in enumerate(likely)]
    return pl.DataFrame(told, schema=dict.fromkeys(("place", "equal", "rows"), pl.Int64), orient="row")


def _agreeing(part: pl.DataFrame, expected: Agreement) -> tuple[int, int]:
    left, right = part[expected.first].to_numpy(), part[expected.second].to_numpy()
    both = _comparable(left, right)
    slack = tolerance(right[both], typical=expected.typical)
    return int((np.abs(expected.factor * left[both] - right[both]) <= slack).sum()), int(both.sum())


def _comparable(left: Floats, right: Floats) -> Flags:
    both: Flags = np.isfinite(left) & np.isfinite(right) & ((left != 0) | (right != 0))
    return both


def _finding(agreement: Agreement) -> Finding:
    first, second, factor = agreement.first, agreement.second, agreement.factor
    counted = count_of(agreement.equal, agreement.rows)
    evidence = (Fact("rows that have both", agreement.rows), share("equal", agreement.equal, of=agreement.rows))
    if factor != 1:
        return Finding(
            kind=FindingKind.MULTIPLE,
            severity=Severity.NOTES,
            columns=(second, first),
            rows=agreement.equal,
            sentence=f"{second} is {written(factor)} times {first} in {counted}: one figure, told twice.",
            evidence=(*evidence, Fact("factor", factor, Form.NUMBER)),
            remedy=_leave_out(second, kept=first),
        )
    if agreement.equal >= _ALWAYS * agreement.rows:
        return Finding(
            kind=FindingKind.COPY,
            severity=Severity.NOTES,
            columns=(second, first),
            rows=agreement.equal,
            sentence=f"{second} is {first} again in {counted}.",
            evidence=evidence,
            remedy=_leave_out(second, kept=first),
        )
    return Finding(
        kind=FindingKind.MOSTLY_COPY,
        severity=Severity.NOTES,
        columns=(second, first),
        rows=agreement.equal,
        sentence=(
            f"{second} equals {first} in {counted}: it says something of its own in the other "
            f"{agreement.rows - agreement.equal:,} alone."
        ),
        evidence=evidence,
        remedy=Remedy("Use one of them and the difference, or read an importance as shared between the two."),
    )


def _leave_out(column: str, *, kept: str) -> Remedy:
    return Remedy(f"Leave {column} out and keep {kept}.", RemedyAction.EXCLUDE, (column,))


def _same_categories(subject: Subject) -> Iterator[Finding]:
    """Pairs of columns of few values, each value of the one always with the same value of the other."""
    few = [name for name in (*subject.words, *subject.numbers) if 2 <= subject.distinct(name) <= _MOST_CATEGORIES]
    pairs = [pair for pair in combinations(few, 2) if _may_be_the_same(subject, *pair)]
    if not pairs:
        return
    columns = list(dict.fromkeys(column for pair in pairs for column in pair))
    told = subject.tally(columns, partial(_count_pairs, pairs=pairs), by=["place", "one", "other"])
    for place, (first, second) in enumerate(pairs):
        yield from _one_to_one(subject, first, second, told.filter(pl.col("place") == place))


def _may_be_the_same(subject: Subject, first: str, second: str) -> bool:
    same_count = abs(subject.distinct(first) - subject.distinct(second)) <= 0.02 * subject.distinct(first)
    return same_count and not _is_told_already(subject, first, second)


def _is_told_already(subject: Subject, first: str, second: str) -> bool:
    """Whether two columns are numbers with enough values to be compared as such."""
    return all(name in subject.numbers and subject.distinct(name) >= _FEWEST_DISTINCT for name in (first, second))


def _count_pairs(part: pl.DataFrame, *, pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """The rows of each pair of values that stand together, as text; `place` tells of which columns."""
    together = [
        part.select(pl.col(first).alias("one"), pl.col(second).alias("other"))
        .drop_nulls()
        .group_by("one", "other")
        .agg(pl.len().alias("rows"))
        .select(pl.lit(place, pl.Int64).alias("place"), pl.col("one", "other").cast(pl.String), "rows")
        for place, (first, second) in enumerate(pairs)
    ]
    return pl.concat(together)


def _one_to_one(subject: Subject, first: str, second: str, pairs: pl.DataFrame) -> Iterator[Finding]:
    pairs = pairs.sort("rows", "one", "other", descending=[True, False, False])
    both, rest = int(pairs["rows"].sum()), pairs.slice(1)  # a value of nearly all rows would agree with anything
    rows = int(rest["rows"].sum())
    agreeing = min(int(rest.group_by(side).agg(pl.col("rows").max())["rows"].sum()) for side in ("one", "other"))
    # With two values, the others of the commonest pair must be one pair as well.
    crossed = pairs.height > max(subject.distinct(first), subject.distinct(second)) * 1.05
    if rows < FEWEST_ROWS or agreeing < _ALWAYS * rows or crossed:
        return
    kept, left_out = (second, first) if first in subject.words and second in subject.numbers else (first, second)
    yield Finding(
        kind=FindingKind.ONE_TO_ONE,
        severity=Severity.NOTES,
        columns=(left_out, kept),
        rows=both,
        sentence=(
            f"{left_out} and {kept} say the same: each of the {subject.distinct(left_out):,} values of the one stands "
            "with one value of the other."
        ),
        evidence=(
            Fact("rows that have both", both),
            Fact("values", subject.distinct(left_out)),
            Fact("pairs of values", pairs.height),
        ),
        remedy=_leave_out(left_out, kept=kept),
    )
