"""The examination: every check on one table, the worst first, and what the contract has decided about it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from affluence.data.contract import Column, Contract, Missing, Use
from affluence.data.doctor.findings import Decision, Finding, RemedyAction, Severity
from affluence.data.doctor.gaps import gaps
from affluence.data.doctor.identities import identities
from affluence.data.doctor.impossible import impossible, negatives
from affluence.data.doctor.leaks import leaks, row_order
from affluence.data.doctor.lone_columns import lone_columns
from affluence.data.doctor.ordering import ordering
from affluence.data.doctor.repeats import repeats
from affluence.data.doctor.shapes import shapes
from affluence.data.doctor.spelling import spelling
from affluence.data.doctor.subject import Subject, subject_of
from affluence.data.doctor.sums import sums
from affluence.data.doctor.too_good import too_good
from affluence.data.finding_kinds import FindingKind
from affluence.progress import report

_STAGE = "Examining the table"
_ORDER = {kind: place for place, kind in enumerate(FindingKind)}
_SEVERITIES = {severity: place for place, severity in enumerate(Severity)}
_REPEATS = {FindingKind.COPY, FindingKind.MULTIPLE}
_HEAPS_TOLD = (FindingKind.SENTINEL_VALUE, FindingKind.TOP_CODED, FindingKind.IMPOSSIBLE_VALUE)
_ECHOES = {
    FindingKind.ROUND_HEAP: _HEAPS_TOLD,
    FindingKind.REPEATED_VALUE: _HEAPS_TOLD,
    FindingKind.IDENTIFIER_COLUMN: (FindingKind.NUMBERS_AS_TEXT, FindingKind.DATES_AS_TEXT),
}
_ABOUT_GAPS = {FindingKind.MISSING_TOGETHER, FindingKind.MISSING_RELATED, FindingKind.FLAG_OR_EMPTY}
_GIVE_AWAY = {FindingKind.TAG_GIVEN_AWAY, FindingKind.FILLED_FOR_TAGGED}


def examine(table: pl.DataFrame, *, contract: Contract | None = None, seed: int = 0) -> tuple[Finding, ...]:
    """All that the doctor finds in a table, the worst first; an empty tuple for a table without fault.

    `table` has the headers of a file (as `read_cells` gives it) or our names (as `read_table` does); without a
    contract its id and tag are guessed. Counts are of all rows; where an AUC was measured on a sample, drawn by
    `seed`, the evidence says so. Nothing is changed.
    """
    return examine_subject(subject_of(table, contract=contract, seed=seed))


def examine_subject(subject: Subject) -> tuple[Finding, ...]:
    """What `examine` finds, of a table of any length."""
    found = [_decided(finding, subject) for finding in _without_echoes(list(_checked(subject)))]
    return tuple(sorted(found, key=lambda each: (_SEVERITIES[each.severity], _ORDER[each.kind], -each.rows)))


def _checked(subject: Subject) -> Iterator[Finding]:
    report(_STAGE, done=0, total=1)
    # The values of a number are many: what looks at them asks column by column, so that they need not be held.
    of_columns = [
        finding
        for column in subject.columns
        for check in (impossible, shapes, leaks)
        for finding in check(subject, column)
    ]
    yield from of_columns
    for check_all in (lone_columns, repeats, ordering, negatives, gaps, spelling, _sums_and_copies, row_order):
        yield from check_all(subject)
    given_away = (each for each in of_columns if each.kind in _GIVE_AWAY)
    yield from too_good(subject, without=frozenset(each.columns[0] for each in given_away))
    report(_STAGE, done=1, total=1)


def _without_echoes(found: list[Finding]) -> Iterator[Finding]:
    """The findings but those that only repeat, in other words, what another says of the same column."""
    told = {(each.kind, each.columns[0]) for each in found if each.columns}
    for each in found:
        louder = _ECHOES.get(each.kind, ())
        if not any((kind, column) in told for kind in louder for column in each.columns):
            yield each


def _sums_and_copies(subject: Subject) -> Iterator[Finding]:
    """Identities, without what follows from a sum: that it often equals its largest part."""
    same = list(identities(subject))
    totals = list(sums(subject, copies=frozenset(each.columns[0] for each in same if each.kind in _REPEATS)))
    told = [{total.columns[0], part} for total in totals for part in total.columns[1:]]
    yield from totals
    yield from (each for each in same if each.kind is not FindingKind.MOSTLY_COPY or set(each.columns) not in told)


def _decided(finding: Finding, subject: Subject) -> Finding:
    """The finding with what the contract says of it: its remedies first, then what its other rules settle."""
    contract = subject.contract
    if contract is None:
        return finding
    columns = [column for column in map(subject.column, finding.columns) if column]
    chosen = _choice(contract.remedies.get(finding.kind), columns)
    if chosen == "apply":
        return replace(finding, decision=Decision.APPLY)
    if chosen == "leave":
        return replace(finding, decision=Decision.LEAVE)
    return replace(finding, decision=Decision.SETTLED) if _is_settled(finding, columns, contract) else finding


def _choice(chosen: str | Mapping[str, str] | None, columns: list[Column]) -> str | None:
    """What the remedies say of a kind, for all columns or for the finding's first."""
    if chosen is None or isinstance(chosen, str):
        return chosen
    return chosen.get(columns[0].name) if columns else None


def _is_settled(finding: Finding, columns: list[Column], contract: Contract) -> bool:
    """Whether the contract's own rules do already what the remedy asks for."""
    if finding.kind is FindingKind.REPEATED_CUSTOMERS:
        return contract.policy.repeated_customer_id != "refuse"
    if not columns:
        return False
    if finding.kind in _ABOUT_GAPS:
        return _says_what_gaps_mean(finding, columns)
    if columns[0].use is Use.FORBIDDEN and finding.severity is not Severity.STOPS:
        return True
    return finding.remedy.action is RemedyAction.SET_MISSING and _is_out_of_range(finding, columns[0], contract)


def _says_what_gaps_mean(finding: Finding, columns: list[Column]) -> bool:
    """Whether the contract gives the gaps of a block one meaning, and takes an empty flag for a no."""
    meanings = {column.missing for column in columns}
    if finding.kind is FindingKind.FLAG_OR_EMPTY:
        return meanings == {Missing.DOES_NOT_HOLD}
    return finding.kind is FindingKind.MISSING_RELATED or len(meanings) == 1


def _is_out_of_range(finding: Finding, column: Column, contract: Contract) -> bool:
    """Whether the contract's range sets to missing all that the remedy would."""
    low, high = column.range or (None, None)
    if contract.action("out_of_range", column=column) != "set_missing":
        return False
    if finding.remedy.keep:
        least, most = finding.remedy.keep
        return (
            low is not None and high is not None and (least is None or low >= least) and (most is None or high <= most)
        )
    return all(
        (low is not None and value < low) or (high is not None and value > high) for value in finding.remedy.values
    )
