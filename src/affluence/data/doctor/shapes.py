"""Distributions that are two things in one: ratios that are amounts, zeros beside gaps, heaps."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from affluence.data.doctor.findings import Fact, Finding, Form, Remedy, Severity, count_of, share, written
from affluence.data.doctor.subject import Counts, Subject, ValueCounts
from affluence.data.finding_kinds import FindingKind

_RATIO_WORDS = {"ratio", "rate", "share", "pct", "percent", "utilisation", "utilization"}
_ENOUGH_ROWS = 200
_FEWEST_DISTINCT = 50
_A_PART = 0.05
_VALLEY = 0.25
_DECADES_APART = 3
_RATIO_AT_MOST = 10.0
_AMOUNT_FROM = 1_000.0
_MANY_GAPS, _MANY_ZEROS = 0.05, 0.5

_CONTINUOUS = 200
_ROUND_SHARE, _ODD_SHARE = 0.03, 0.005
_ROUND_RATIO, _ODD_RATIO = 1.5, 5.0
_FEWEST_HEAPED = 30
_TOLD = 3


def shapes(subject: Subject, column: str) -> Iterator[Finding]:
    """Two scales in a number, zeros that compete with gaps, and values that far too many rows share."""
    if column in subject.numbers and subject.filled(column) >= _ENOUGH_ROWS:
        counts = subject.counts(column)
        yield from _two_scales(subject, column, counts)
        yield from _zero_or_empty(subject, column, counts)
        yield from _heaps(column, counts)


def _two_scales(subject: Subject, column: str, counts: ValueCounts) -> Iterator[Finding]:
    positive = counts.where(counts.values > 0)
    if len(positive.values) < _FEWEST_DISTINCT:
        return
    named = bool(_RATIO_WORDS & subject.vocabulary(column))
    border = _valley(positive) or (_AMOUNT_FROM if named and positive.quantile(0.5) <= _RATIO_AT_MOST else None)
    above = int(positive.rows[positive.values >= border].sum()) if border else 0
    if border is None or not above:
        return
    below = positive.total - above
    yield Finding(
        kind=FindingKind.TWO_SCALES,
        severity=Severity.WARNS,
        columns=(column,),
        rows=above,
        sentence=(
            f"{column} mixes two scales: {count_of(above, positive.total)} above 0 are {written(border)} or more, the "
            f"other {below:,} are mostly far below. It may be a ratio that holds the amount itself where nothing could "
            "be divided by."
        ),
        evidence=(
            Fact(f"from {written(border)} on", above),
            Fact("below", below),
            Fact("median of the lower part", _digits(_median(positive, border, lower=True)), Form.NUMBER),
            Fact("median of the upper part", _digits(_median(positive, border, lower=False)), Form.NUMBER),
        ),
        remedy=Remedy(
            f"Split it: a ratio below {written(border)}, an amount from there on. Never average or scale it whole."
        ),
    )


def _median(counts: ValueCounts, border: float, *, lower: bool) -> float:
    return counts.where((counts.values < border) == lower).quantile(0.5)


def _digits(value: float) -> float:
    """The value to two digits: no one row's own."""
    return float(f"{value:.2g}")


def _valley(counts: ValueCounts) -> float | None:
    """Where few values stand between two parts that lie orders of magnitude apart; None for a single hill."""
    rows = decade_rows(counts)
    levels = sorted(rows)
    held = [level for level in levels if rows[level] >= _A_PART * counts.total]
    for low in held:
        for high in held:
            between = {level: rows.get(level, 0) for level in range(low + 1, high)}
            if high - low >= _DECADES_APART and between:
                least = min(between, key=lambda level: between[level])
                if between[least] < _VALLEY * min(_hill(rows, below=least), _hill(rows, above=least)):
                    return float(10.0 ** (least + 1))
    return None


def _hill(rows: dict[int, int], *, below: int | None = None, above: int | None = None) -> int:
    inside = (
        times for level, times in rows.items() if (below is None or level < below) and (above is None or level > above)
    )
    return max(inside, default=0)


def decade_rows(counts: ValueCounts) -> dict[int, int]:
    """The rows of positive values by the power of ten at or below them. Counts of parts add up."""
    powers: Counts = np.floor(np.log10(counts.values)).astype(np.int64)
    return {int(power): int(counts.rows[powers == power].sum()) for power in np.unique(powers)}


def _zero_or_empty(subject: Subject, column: str, counts: ValueCounts) -> Iterator[Finding]:
    zeros, empty = int(counts.rows[counts.values == 0].sum()), subject.rows - counts.total
    if zeros < _MANY_ZEROS * counts.total or empty < _MANY_GAPS * subject.rows or len(counts.values) < _FEWEST_DISTINCT:
        return
    yield Finding(
        kind=FindingKind.ZERO_OR_EMPTY,
        severity=Severity.NOTES,
        columns=(column,),
        rows=zeros,
        sentence=(
            f"{column} is 0 in {count_of(zeros, counts.total)} that have a value and empty in {empty:,} others: two "
            "ways to say nothing, and they need not mean the same."
        ),
        evidence=(
            Fact("rows of 0", zeros),
            share("of the values", zeros, of=counts.total),
            Fact("empty rows", empty),
        ),
        remedy=Remedy(
            "Ask what each means; keep both apart (a learner of trees does), and fill neither with the other."
        ),
    )


def _heaps(column: str, counts: ValueCounts) -> Iterator[Finding]:
    if len(counts.values) < _CONTINUOUS:
        return
    heaped = [place for place in _candidates(counts) if _stands_out(counts, place)]
    is_round = {place: _is_round(float(counts.values[place])) for place in heaped}
    for roundness, kind in ((True, FindingKind.ROUND_HEAP), (False, FindingKind.REPEATED_VALUE)):
        places = sorted((p for p in heaped if is_round[p] is roundness), key=lambda p: -counts.rows[p])
        if places:
            yield _heap(column, counts, places, kind=kind)


def _candidates(counts: ValueCounts) -> list[int]:
    """The values other than 0 that so many rows share that they could be heaps."""
    many = counts.rows >= max(_FEWEST_HEAPED, _ODD_SHARE * counts.total)
    return [int(place) for place in np.flatnonzero(many & (counts.values != 0))]


def _stands_out(counts: ValueCounts, place: int) -> bool:
    """Whether far more rows share the value than its neighbours of half to one and a half times its size.

    A round number has other round ones beside it when people round; a heap goes beyond them. An odd number has
    nothing like it near.
    """
    rows, near = int(counts.rows[place]), _near(counts, place)
    if len(near) < 10:
        return False
    if _is_round(float(counts.values[place])):
        return rows >= _ROUND_SHARE * counts.total and rows >= _ROUND_RATIO * near[0]
    return bool(rows >= _ODD_RATIO * near[4])


def _near(counts: ValueCounts, place: int) -> npt.NDArray[np.int64]:
    """The rows of the other values near, most first."""
    value = counts.values[place]
    close = np.abs(counts.values - value) <= 0.5 * abs(value)
    close[place] = False
    return np.sort(counts.rows[close])[::-1]


def _is_round(value: float) -> bool:
    """Whether people would write it: one or two digits, or a 5 as the third, and zeros."""
    digits = abs(value) / 10.0 ** np.floor(np.log10(abs(value)))
    return bool(abs(digits * 20 - np.round(digits * 20)) < 1e-9)


def _heap(column: str, counts: ValueCounts, places: list[int], *, kind: FindingKind) -> Finding:
    rows = int(counts.rows[places].sum())
    told = ", ".join(f"{written(counts.values[p])} in {counts.rows[p]:,}" for p in places[:_TOLD])
    more = f" and {len(places) - _TOLD} more" if len(places) > _TOLD else ""
    is_round = kind is FindingKind.ROUND_HEAP
    meaning = (
        "Round sums that people choose, or the steps of a product: ties in every ranking by it."
        if is_round
        else "Nobody chooses such a number so often: a fee, a default, or what somebody filled gaps with."
    )
    return Finding(
        kind=kind,
        severity=Severity.NOTES,
        columns=(column,),
        rows=rows,
        sentence=f"{column} heaps: {count_of(rows, counts.total)} share few values: {told}{more}. {meaning}",
        evidence=(
            Fact("rows on the heaps", rows),
            share("of the values", rows, of=counts.total),
            Fact("heaps", len(places)),
            Fact("different values", len(counts.values)),
        ),
        remedy=Remedy(
            "Nothing to mend; use coarse steps in features."
            if is_round
            else "Ask where the value comes from; if it is a default, set it to missing and keep a flag."
        ),
    )
