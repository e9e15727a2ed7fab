"""Rows that stand twice, and customers with several rows."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from affluence.data.doctor.findings import Fact, Finding, Form, Remedy, RemedyAction, Severity, count_of, share
from affluence.data.doctor.subject import Subject
from affluence.data.finding_kinds import FindingKind

_BEYOND_CHANCE = 3.0  # so many times what chance would give
_SPLIT_CUSTOMER_ROWS = 30
_TRIED = 3
_FEWEST_COLUMNS = 2  # in one column alone, equal rows are equal values


def repeats(subject: Subject) -> Iterator[Finding]:
    """Customers with several rows, and rows that are the same in every column but a customer's own id."""
    yield from _customers(subject)
    yield from _rows(subject)


def _customers(subject: Subject) -> Iterator[Finding]:
    if subject.customer_id is None or not subject.rows:
        return
    ids = subject.table[subject.customer_id].drop_nulls()
    distinct = ids.n_unique()
    if distinct == len(ids):
        return
    rows_of_each = ids.value_counts(name="rows")["rows"]
    several, most = int((rows_of_each > 1).sum()), int(rows_of_each.max() or 0)  # type: ignore[arg-type]
    yield Finding(
        kind=FindingKind.REPEATED_CUSTOMERS,
        severity=Severity.WARNS,
        columns=(subject.customer_id,),
        rows=len(ids) - distinct,
        sentence=(
            f"{subject.customer_id} repeats: {len(ids):,} rows belong to {distinct:,} ids, and "
            f"{count_of(several, distinct).replace('rows', 'ids')} hold several rows, up to {most}."
            + _disagreement(subject)
            + " A split by row would put one customer on both sides."
        ),
        evidence=(
            Fact("rows", len(ids)),
            Fact("ids", distinct),
            share("ids with several rows", several, of=distinct),
            *_disagreeing(subject),
        ),
        remedy=Remedy(
            "Split by customer, never by row: let the contract keep several rows (policy, repeated_customer_id: keep)."
        ),
    )


def _disagreeing(subject: Subject) -> tuple[Fact, ...]:
    """Of the ids with several rows, the share whose rows differ in the tag: one person has one tag."""
    if subject.tag is None or subject.customer_id is None:
        return ()
    frame = pl.DataFrame({"id": subject.table[subject.customer_id], "tag": subject.tag}).drop_nulls()
    of_each = frame.group_by("id", maintain_order=True).agg(pl.len().alias("rows"), pl.col("tag").sum().alias("tagged"))
    several = of_each.filter(pl.col("rows") > 1)
    if several.height < _SPLIT_CUSTOMER_ROWS:
        return ()
    differ = several.filter((pl.col("tagged") > 0) & (pl.col("tagged") < pl.col("rows"))).height
    tagged = frame["tag"].mean()
    by_chance = several.select(
        (1 - float(tagged) ** pl.col("rows") - (1 - float(tagged)) ** pl.col("rows")).mean()  # type: ignore[arg-type]
    ).item()
    return (
        share("of these, ids whose rows differ in the tag", differ, of=several.height),
        Fact("the same if rows were paired at random", by_chance, Form.SHARE),
    )


def _disagreement(subject: Subject) -> str:
    facts = _disagreeing(subject)
    if not facts or facts[0].value < facts[1].value / 2:
        return ""
    return " Their rows differ in the tag about as often as rows of strangers, so an id may not be one person."


def _rows(subject: Subject) -> Iterator[Finding]:
    columns = [name for name in subject.table.columns if not _is_row_key(subject, name)]
    frame = subject.table.select(columns)
    if frame.is_empty() or len(columns) < _FEWEST_COLUMNS:
        return
    extra = frame.height - frame.hash_rows(seed=0).n_unique()
    if not extra or extra <= _BEYOND_CHANCE * (1 + _expected_pairs(subject, columns)):
        return
    yield Finding(
        kind=FindingKind.DUPLICATE_ROWS,
        severity=Severity.WARNS,
        columns=(),
        rows=extra,
        sentence=f"{count_of(extra, subject.rows)} repeat another row in every column, more than chance makes.",
        evidence=(Fact("copies", extra), share("share of the rows", extra, of=subject.rows)),
        remedy=Remedy(
            "Keep one of each, or ask whether they are different people who look alike.", RemedyAction.DROP_DUPLICATES
        ),
    )


def _is_row_key(subject: Subject, column: str) -> bool:
    return column == subject.customer_id and subject.table[column].n_unique() == subject.rows


def _expected_pairs(subject: Subject, columns: list[str]) -> float:
    """How many equal pairs of rows chance makes, going by the pairs that are equal in all columns but one.

    Chance makes far more of those, by the odds that two rows differ in the one column; copying makes none.
    """
    frame = subject.table.select(columns)
    equal = _equal_pairs(frame)
    agreement = {name: _agreement(frame[name]) for name in columns}
    tried = sorted(columns, key=lambda name: agreement[name])[:_TRIED]
    odds = {name: agreement[name] / max(1 - agreement[name], 1e-9) for name in tried}
    return max(
        (odds[name] * (_equal_pairs(frame.drop(name)) - equal) for name in tried if frame.width > 1), default=0.0
    )


def _equal_pairs(frame: pl.DataFrame) -> int:
    counts = frame.hash_rows(seed=0).value_counts()["count"].cast(pl.Int64)
    return int((counts * (counts - 1)).sum()) // 2


def _agreement(series: pl.Series) -> float:
    """The chance that two rows agree in a column."""
    shares = series.value_counts()["count"].to_numpy() / len(series)
    return float(np.sum(shares**2))
