"""Columns that say nothing on their own: empty, constant, or another name for the row."""

from collections.abc import Iterator

from affluence.data.doctor.findings import (
    Fact,
    Finding,
    Form,
    Remedy,
    RemedyAction,
    Severity,
    listed,
    percent,
    share,
)
from affluence.data.doctor.subject import Subject
from affluence.data.finding_kinds import FindingKind

_FEWEST_ROWS = 100
_NEARLY_ALL = 0.99
_DENSE = 3.0  # an id that was counted up leaves few numbers out


def lone_columns(subject: Subject) -> Iterator[Finding]:
    """Empty and constant columns, flags written as a value or nothing, and columns that name the row."""
    if not subject.rows:
        return
    for column in subject.columns:
        filled = subject.filled(column)
        if not filled:
            yield _empty(subject, column)
        elif subject.distinct(column) == 1 and filled == subject.rows >= _FEWEST_ROWS:
            yield _constant(subject, column)
        elif _is_identifier(subject, column):
            yield _identifier(subject, column)
    flags = [column for column in subject.columns if _is_flag_or_empty(subject, column)]
    if flags:
        yield _flags(subject, flags)


def is_flag(subject: Subject, column: str) -> bool:
    """Whether a column says yes or no: two values, or one and nothing."""
    return subject.distinct(column) <= 2 and subject.filled(column) >= _FEWEST_ROWS


def _is_flag_or_empty(subject: Subject, column: str) -> bool:
    return subject.distinct(column) == 1 and _FEWEST_ROWS <= subject.filled(column) < subject.rows


def _empty(subject: Subject, column: str) -> Finding:
    return Finding(
        kind=FindingKind.EMPTY_COLUMN,
        severity=Severity.WARNS,
        columns=(column,),
        rows=subject.rows,
        sentence=f"{column} has no value in any row.",
        evidence=(Fact("empty rows", subject.rows),),
        remedy=Remedy(
            "Ask whether the export lost it; until it is filled, leave the column out.",
            RemedyAction.DROP_COLUMNS,
            (column,),
        ),
    )


def _constant(subject: Subject, column: str) -> Finding:
    return Finding(
        kind=FindingKind.CONSTANT_COLUMN,
        severity=Severity.NOTES,
        columns=(column,),
        rows=subject.rows,
        sentence=f"{column} holds the same value in every row, so it tells no customer from another.",
        evidence=(Fact("rows with the one value", subject.rows),),
        remedy=Remedy("Leave the column out.", RemedyAction.DROP_COLUMNS, (column,)),
    )


def _is_identifier(subject: Subject, column: str) -> bool:
    filled, distinct = subject.filled(column), subject.distinct(column)
    if filled < _FEWEST_ROWS or distinct < _NEARLY_ALL * filled:
        return False
    if column in subject.words:
        return True
    if column not in subject.numbers or distinct < filled:
        return False
    facts = subject.facts(column)
    return facts.is_whole and facts.high - facts.low + 1 <= _DENSE * filled


def _identifier(subject: Subject, column: str) -> Finding:
    filled, distinct = subject.filled(column), subject.distinct(column)
    return Finding(
        kind=FindingKind.IDENTIFIER_COLUMN,
        severity=Severity.WARNS,
        columns=(column,),
        rows=filled,
        sentence=(
            f"{column} holds another value in nearly every row ({distinct:,} in {filled:,}): it names the row. A "
            "learner can only remember it, and it may be a customer's name or number."
        ),
        evidence=(Fact("rows with a value", filled), share("different values", distinct, of=filled)),
        remedy=Remedy(
            "Keep it from the learners; if it is the customer's id, name it so in the contract.",
            RemedyAction.EXCLUDE,
            (column,),
        ),
    )


def _flags(subject: Subject, flags: list[str]) -> Finding:
    filled = {column: subject.filled(column) for column in flags}
    told = listed([f"{column} (filled in {percent(filled[column], subject.rows)})" for column in flags])
    verb = "has one value or none" if len(flags) == 1 else "have one value or none"
    return Finding(
        kind=FindingKind.FLAG_OR_EMPTY,
        severity=Severity.NOTES,
        columns=tuple(flags),
        rows=sum(filled.values()),
        sentence=f"{told} {verb}: such a column is a flag, and an empty cell in it means no, not unknown.",
        evidence=tuple(Fact(f"filled, {column}", filled[column] / subject.rows, Form.SHARE) for column in flags),
        remedy=Remedy("Say does_not_hold in the contract; never fill the gaps with the one value."),
    )
