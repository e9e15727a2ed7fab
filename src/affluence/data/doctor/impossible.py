"""Values that cannot be, or that stand for something else: ages of 122, 9999, -1, 1900-01-01, a code of 0."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from affluence.data.doctor.findings import (
    QUOTED_FROM_ROWS,
    Fact,
    Finding,
    Form,
    Remedy,
    RemedyAction,
    Severity,
    count_of,
    listed,
    share,
    written,
)
from affluence.data.doctor.subject import Subject, ValueCounts
from affluence.data.finding_kinds import FindingKind

AGES = (14.0, 110.0)
"""Younger and older people are seldom customers in their own name: each such age should be looked at."""

_AGE_WORDS = {"age", "ages"}
_CODE_WORDS = {"pc", "zip", "zipcode", "postal", "postcode", "post", "plz", "pin", "pincode", "phone", "branch"}
_NINES = tuple(float("9" * digits) for digits in range(3, 11))
_DATES_AS_NUMBERS = (19000101.0, 19700101.0, 99991231.0)
_DATES = (date(1900, 1, 1), date(1970, 1, 1), date(9999, 12, 31))
_NEGATIVE_CODES = (-1.0, -8.0, -9.0, -88.0, -99.0, -888.0, -999.0, -9999.0, -99999.0)
_FEWEST_NEGATIVES = 5
_FEWEST_DISTINCT = 30
_NEIGHBOURS = 10
_HEAPED = 8.0
_FAR = 0.25
_RARE = 0.001
_ENOUGH_ROWS = 1_000


@dataclass(frozen=True)
class _End:
    """The largest value of a column as a heap: its rows, and how far the next value below lies."""

    value: float
    rows: int
    nearby: float
    gap: float


def impossible(subject: Subject, column: str) -> Iterator[Finding]:
    """Ages, sentinels, capped values and codes of 0 in a number, and days that stand for none."""
    if column in subject.numbers and subject.filled(column):
        counts = subject.counts(column)
        if _AGE_WORDS & subject.vocabulary(column) and _is_in_years(counts):
            yield from _ages(column, counts, limits=_age_limits(subject, column))
        yield from _sentinels(subject, column, counts)
    elif column in subject.dates:
        yield from _placeholder_dates(subject, column)


def _is_in_years(counts: ValueCounts) -> bool:
    """Whether most values could be ages at all: an age of an account in days could not."""
    low, high = AGES
    inside = counts.rows[(counts.values >= low) & (counts.values <= high)].sum()
    return bool(inside >= 0.9 * counts.total)


def _age_limits(subject: Subject, column: str) -> tuple[float, float]:
    """The contract's range of an age where it gives one, else what a bank's customers have."""
    known = subject.column(column)
    low, high = (known.range if known else None) or (None, None)
    return (AGES[0] if low is None else low, AGES[1] if high is None else high)


def _ages(column: str, counts: ValueCounts, *, limits: tuple[float, float]) -> Iterator[Finding]:
    low, high = limits
    outside = counts.where((counts.values < low) | (counts.values > high))
    if not outside.total:
        return
    younger, older = (int(counts.rows[side].sum()) for side in (counts.values < low, counts.values > high))
    most = int(outside.rows.argmax())
    named = outside.rows[most] >= QUOTED_FROM_ROWS
    heap = f" {written(outside.values[most])} alone stands in {outside.rows[most]:,}." if named else ""
    yield Finding(
        kind=FindingKind.IMPOSSIBLE_VALUE,
        severity=Severity.WARNS,
        columns=(column,),
        rows=outside.total,
        sentence=(
            f"{column} lies outside {low:.0f} to {high:.0f} years in {count_of(outside.total, counts.total)}: "
            f"{younger:,} below, {older:,} above.{heap}"
        ),
        evidence=(
            Fact(f"below {low:.0f}", younger),
            Fact(f"above {high:.0f}", older),
            share("of the values", outside.total, of=counts.total),
        ),
        remedy=Remedy(
            f"Set ages outside {low:.0f} to {high:.0f} to missing.", RemedyAction.SET_MISSING, (column,), keep=limits
        ),
    )


def _sentinels(subject: Subject, column: str, counts: ValueCounts) -> Iterator[Finding]:
    codes = {**_coded_nines(counts), **_coded_negatives(counts), **_zero_codes(subject, column, counts)}
    end = _heaped_end(counts)
    ages = _AGE_WORDS & subject.vocabulary(column) and end and not AGES[0] <= end.value <= AGES[1]
    if end and not ages and end.value not in codes:
        is_far = end.gap >= _FAR * (end.value - end.gap - counts.quantile(0.5))
        if is_far and end.gap > 1:
            codes[end.value] = end.rows
        else:
            yield _capped(column, counts, end)
    if codes:
        yield _sentinel(column, counts, codes)


def _coded_nines(counts: ValueCounts) -> dict[float, int]:
    """999, 9999 and their like where they are heaps that the round number beside them is not."""
    found = {}
    for value in (*_NINES, *_DATES_AS_NUMBERS):
        rows = _rows_of(counts, value)
        if rows < QUOTED_FROM_ROWS or len(counts.values) < _FEWEST_DISTINCT:
            continue
        near = counts.rows[(np.abs(counts.values - value) <= 0.1 * value) & (counts.values != value)]
        lonely = rows >= _HEAPED * max(1.0, float(near.mean()) if len(near) else 0.0)
        if lonely and rows >= 2 * _rows_of(counts, value + 1):
            found[value] = rows
    return found


def _coded_negatives(counts: ValueCounts) -> dict[float, int]:
    """-1, -99 and their like where hardly any other value is negative."""
    negative = int(counts.rows[counts.values < 0].sum())
    codes = {value: _rows_of(counts, value) for value in _NEGATIVE_CODES}
    found = {value: rows for value, rows in codes.items() if rows >= QUOTED_FROM_ROWS}
    positive_kinds = int((counts.values > 0).sum())
    lonely = sum(found.values()) >= (1 - 1 / _HEAPED) * negative and positive_kinds > _FEWEST_NEGATIVES
    return found if lonely else {}


def _zero_codes(subject: Subject, column: str, counts: ValueCounts) -> dict[float, int]:
    """0 in a column of codes (postal, branch): told by its header, or by whole numbers spread like codes."""
    zeros = _rows_of(counts, 0.0)
    if zeros < QUOTED_FROM_ROWS or (counts.values < 0).any():
        return {}
    others = counts.where(counts.values > 0)
    says_so = _CODE_WORDS & subject.vocabulary(column) and len(others.values) >= _FEWEST_DISTINCT
    heaped = others.total > 0 and zeros >= _HEAPED * others.rows.max()
    return {0.0: zeros} if heaped and (says_so or _spread_like_codes(others)) else {}


def _spread_like_codes(counts: ValueCounts) -> bool:
    """Many whole numbers, about as many in each part of their range: no amount or count is so."""
    values = counts.values
    if len(values) < 500 or not (values == values.round()).all() or counts.quantile(0.05) < 1:
        return False
    parts, _ = np.histogram(values, bins=10, range=(values[0], values[-1]), weights=counts.rows)
    return bool(parts.min() >= 0.3 * parts.mean())


def _rows_of(counts: ValueCounts, value: float) -> int:
    place = int(np.searchsorted(counts.values, value))
    there = place < len(counts.values) and counts.values[place] == value
    return int(counts.rows[place]) if there else 0


def _heaped_end(counts: ValueCounts) -> _End | None:
    """The largest value when far more rows share it than share the values next below."""
    if len(counts.values) < _FEWEST_DISTINCT or counts.values[-1] <= 0:
        return None
    rows, nearby = int(counts.rows[-1]), float(counts.rows[-1 - _NEIGHBOURS : -1].mean())
    if rows < QUOTED_FROM_ROWS or rows < _HEAPED * nearby:
        return None
    value = float(counts.values[-1])
    return _End(value, rows, nearby, value - float(counts.values[-2]))


def _sentinel(column: str, counts: ValueCounts, codes: dict[float, int]) -> Finding:
    rows = sum(codes.values())
    told = ", ".join(f"{written(value)} in {times:,}" for value, times in codes.items())
    return Finding(
        kind=FindingKind.SENTINEL_VALUE,
        severity=Severity.WARNS,
        columns=(column,),
        rows=rows,
        sentence=(
            f"{column} holds a value that seems to stand for something else in {count_of(rows, counts.total)}: {told}. "
            f"It may mean {'unknown' if max(codes) <= 0 else 'unknown, or the largest that could be written'}."
        ),
        evidence=(
            *(Fact(f"rows of {written(value)}", times) for value, times in codes.items()),
            share("of the values", rows, of=counts.total),
        ),
        remedy=Remedy(
            "Set these values to missing." if max(codes) <= 0 else "Set to missing, or keep a flag if it is a cap.",
            RemedyAction.SET_MISSING,
            (column,),
            values=tuple(codes),
        ),
    )


def _capped(column: str, counts: ValueCounts, end: _End) -> Finding:
    return Finding(
        kind=FindingKind.TOP_CODED,
        severity=Severity.NOTES,
        columns=(column,),
        rows=end.rows,
        sentence=(
            f"{column} ends in a heap: its largest value, {written(end.value)}, stands in "
            f"{count_of(end.rows, counts.total)}, each of those next below in {end.nearby:.0f} on average. It may mean "
            "that much or more."
        ),
        evidence=(
            Fact(f"rows of {written(end.value)}", end.rows),
            Fact("rows of a value next below, average", round(end.nearby, 1), Form.NUMBER),
        ),
        remedy=Remedy("Read the value as 'at least'; trees may use it as it is, averages may not."),
    )


def negatives(subject: Subject) -> Iterator[Finding]:
    """The amounts that are below 0 in a few rows, and there far below."""
    below = [column for column in subject.numbers if subject.facts(column).low < 0]
    rows = {column: _strange_negatives(subject.counts(column)) for column in below}
    columns = [column for column in rows if rows[column]]
    if not columns:
        return
    told = listed([f"{column} in {count_of(rows[column], subject.filled(column))}" for column in columns])
    yield Finding(
        kind=FindingKind.NEGATIVE_AMOUNT,
        severity=Severity.NOTES,
        columns=tuple(columns),
        rows=sum(rows.values()),
        sentence=f"Below 0 in a handful of rows: {told}. Overdrawn, corrected, or a wrong sign.",
        evidence=tuple(Fact(f"below 0, {column}", rows[column]) for column in columns),
        remedy=Remedy("Ask what a negative means; where it cannot be, give the range in the contract."),
    )


def _strange_negatives(counts: ValueCounts) -> int:
    """The rows below 0 where they are rare and lie far out: a bell that reaches below 0 has its own near it."""
    negative = counts.where(counts.values < 0)
    few = 0 < negative.total <= _RARE * counts.total and counts.total >= _ENOUGH_ROWS
    if not few or _coded_negatives(counts):
        return 0
    far = (-negative.values > abs(counts.quantile(0.5))).any()
    return negative.total if far else 0


def _placeholder_dates(subject: Subject, column: str) -> Iterator[Finding]:
    told = subject.tally([column], partial(_count_days, column=column), by=["day"])
    found = dict(told.select("day", "rows").sort("day").iter_rows())
    rows = sum(times for times in found.values() if times >= QUOTED_FROM_ROWS)
    if not rows:
        return
    named = ", ".join(f"{day} in {times:,}" for day, times in found.items() if times >= QUOTED_FROM_ROWS)
    yield Finding(
        kind=FindingKind.SENTINEL_VALUE,
        severity=Severity.WARNS,
        columns=(column,),
        rows=rows,
        sentence=f"{column} holds a day that stands for none in {count_of(rows, subject.filled(column))}: {named}.",
        evidence=(Fact("rows", rows), share("of the values", rows, of=subject.filled(column))),
        remedy=Remedy("Set these dates to missing in the export."),
    )


def _count_days(part: pl.DataFrame, *, column: str) -> pl.DataFrame:
    days = part[column].cast(pl.Date, strict=False)
    rows = [int((days == day).sum()) for day in _DATES]
    return pl.DataFrame({"day": _DATES, "rows": rows}, schema={"day": pl.Date, "rows": pl.Int64})
