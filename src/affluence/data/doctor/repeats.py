"""Rows that stand twice, and customers with several rows."""

from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from affluence.data.doctor.findings import Fact, Finding, Form, Remedy, RemedyAction, Severity, count_of, share
from affluence.data.doctor.subject import Subject, count_values
from affluence.data.finding_kinds import FindingKind

_BEYOND_CHANCE = 3.0  # so many times what chance would give
_SPLIT_CUSTOMER_ROWS = 30
_TRIED = 3
_FEWEST_COLUMNS = 2  # in one column alone, equal rows are equal values


def repeats(subject: Subject) -> Iterator[Finding]:
    """Customers with several rows, and rows that are the same in every column but a customer's own id."""
    columns = subject.headers
    if subject.customer_id:
        ids = _count_ids(subject, subject.customer_id)
        yield from _customers(subject, subject.customer_id, ids)
        if _is_row_key(subject, subject.customer_id, ids):
            columns = tuple(name for name in columns if name != subject.customer_id)
    yield from _rows(subject, columns)


def _customers(subject: Subject, customer_id: str, ids: pl.DataFrame) -> Iterator[Finding]:
    rows, distinct = subject.filled(customer_id), _sum(ids["keys"])
    if distinct == rows:
        return
    several, most = _sum(ids.filter(pl.col("rows") > 1)["keys"]), int(ids["rows"][-1])
    yield Finding(
        kind=FindingKind.REPEATED_CUSTOMERS,
        severity=Severity.WARNS,
        columns=(customer_id,),
        rows=rows - distinct,
        sentence=(
            f"{customer_id} repeats: {rows:,} rows belong to {distinct:,} ids, and "
            f"{count_of(several, distinct).replace('rows', 'ids')} hold several rows, up to {most}."
            + _disagreement(ids)
            + " A split by row would put one customer on both sides."
        ),
        evidence=(
            Fact("rows", rows),
            Fact("ids", distinct),
            share("ids with several rows", several, of=distinct),
            *_disagreeing(ids),
        ),
        remedy=Remedy(
            "Split by customer, never by row: let the contract keep several rows (policy, repeated_customer_id: keep)."
        ),
    )


def _count_ids(subject: Subject, customer_id: str) -> pl.DataFrame:
    """How many ids (`keys`) have how many rows, rows with a known tag and tagged rows; the fewest rows first."""
    told = subject.spread([customer_id], partial(count_values, columns=[customer_id]), by=["place", "value"])
    return told.sort("rows", "known", "tagged")


def _sum(counts: pl.Series) -> int:
    return int(counts.sum())


def _disagreeing(ids: pl.DataFrame) -> tuple[Fact, ...]:
    """Of the ids with several rows, the share whose rows differ in the tag: one person has one tag."""
    several = ids.filter(pl.col("known") > 1)
    of_them = _sum(several["keys"])
    if of_them < _SPLIT_CUSTOMER_ROWS:
        return ()
    differ = _sum(several.filter((pl.col("tagged") > 0) & (pl.col("tagged") < pl.col("known")))["keys"])
    rate = _sum(ids["tagged"] * ids["keys"]) / _sum(ids["known"] * ids["keys"])
    chances = 1 - rate ** several["known"] - (1 - rate) ** several["known"]
    return (
        share("of these, ids whose rows differ in the tag", differ, of=of_them),
        Fact("the same if rows were paired at random", float((chances * several["keys"]).sum()) / of_them, Form.SHARE),
    )


def _disagreement(ids: pl.DataFrame) -> str:
    facts = _disagreeing(ids)
    if not facts or facts[0].value < facts[1].value / 2:
        return ""
    return " Their rows differ in the tag about as often as rows of strangers, so an id may not be one person."


def _rows(subject: Subject, columns: Sequence[str]) -> Iterator[Finding]:
    if len(columns) < _FEWEST_COLUMNS:
        return
    alike = _count_alike(subject, columns)
    extra = subject.rows - _sum(alike["keys"])
    if not extra or extra <= _BEYOND_CHANCE * (1 + _expected_pairs(subject, columns, equal=_pairs(alike))):
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


def _is_row_key(subject: Subject, customer_id: str, ids: pl.DataFrame) -> bool:
    """Whether no two rows share an id; one may have none."""
    missing = subject.rows - subject.filled(customer_id)
    return missing <= 1 and _sum(ids["keys"]) + missing == subject.rows


def _expected_pairs(subject: Subject, columns: Sequence[str], *, equal: int) -> float:
    """How many equal pairs of rows chance makes, going by the pairs that are equal in all columns but one.

    Chance makes far more of those, by the odds that two rows differ in the one column; copying makes none. `equal` is
    how many pairs are equal in all.
    """
    agreement = {name: _agreement(subject, name) for name in columns}
    tried = sorted(columns, key=lambda name: agreement[name])[:_TRIED]
    odds = {name: agreement[name] / max(1 - agreement[name], 1e-9) for name in tried}
    others = {name: [other for other in columns if other != name] for name in tried}
    return max((odds[name] * (_pairs(_count_alike(subject, others[name])) - equal) for name in tried), default=0.0)


def _count_alike(subject: Subject, columns: Sequence[str]) -> pl.DataFrame:
    """How many different rows (`keys`) stand how many times, going by the columns alone."""
    return subject.spread(columns, partial(_count_rows, columns=columns), by=["one", "other"])


def _count_rows(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    """The rows by a digest of 128 bits: two that differ share one in fewer than 1 of 10^20 tables of 10^9 rows."""
    frame = part.select(columns)
    halves = {name: frame.hash_rows(seed=seed).reinterpret(signed=True) for seed, name in enumerate(("one", "other"))}
    return pl.DataFrame(halves).group_by("one", "other").agg(pl.len().alias("rows"))


def _pairs(alike: pl.DataFrame) -> int:
    return _sum(alike["rows"] * (alike["rows"] - 1) * alike["keys"]) // 2


def _agreement(subject: Subject, column: str) -> float:
    """The chance that two rows agree in a column."""
    missing = subject.rows - subject.filled(column)
    return (subject.facts(column).squares + missing**2) / subject.rows**2
