"""What the table doctor found and what was done about it, in the words and places that a page needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from affluence.data.doctor import Account, Decision, Fact, Finding, Form, RemedyAction, Severity
from affluence.data.finding_kinds import FindingKind
from affluence.reporting import wording

TITLES: Mapping[FindingKind, str] = {
    FindingKind.TOO_GOOD: "Too good to be true",
    FindingKind.TAG_GIVEN_AWAY: "One column gives the tag away",
    FindingKind.FILLED_FOR_TAGGED: "Filled only for the tagged",
    FindingKind.PURE_VALUE: "Values of the tagged alone",
    FindingKind.ROW_ORDER: "The row order tells the tag",
    FindingKind.REPEATED_CUSTOMERS: "Customers in several rows",
    FindingKind.DUPLICATE_ROWS: "Rows that stand twice",
    FindingKind.COPY: "A copy",
    FindingKind.MOSTLY_COPY: "Mostly a copy",
    FindingKind.MULTIPLE: "A multiple",
    FindingKind.SUM: "A sum",
    FindingKind.ONE_TO_ONE: "Two names for the same",
    FindingKind.WRONG_ORDER: "Smaller is larger",
    FindingKind.IMPOSSIBLE_VALUE: "Impossible values",
    FindingKind.SENTINEL_VALUE: "A value that stands for another",
    FindingKind.NEGATIVE_AMOUNT: "A handful below 0",
    FindingKind.TOP_CODED: "A cap",
    FindingKind.TWO_SCALES: "Two scales in one column",
    FindingKind.ZERO_OR_EMPTY: "Zeros beside gaps",
    FindingKind.ROUND_HEAP: "Heaps at round numbers",
    FindingKind.REPEATED_VALUE: "An odd value, often",
    FindingKind.MISSING_TOGETHER: "Empty together",
    FindingKind.MISSING_RELATED: "Gaps that are not chance",
    FindingKind.FILLED_ONLY_WITH: "Filled only beside a flag",
    FindingKind.FLAG_OR_EMPTY: "A flag, or empty",
    FindingKind.EMPTY_COLUMN: "An empty column",
    FindingKind.CONSTANT_COLUMN: "One value in all rows",
    FindingKind.IDENTIFIER_COLUMN: "It names the row",
    FindingKind.SPELLED_TWICE: "Spelled in several ways",
    FindingKind.NUMBERS_AS_TEXT: "Numbers stored as text",
    FindingKind.DATES_AS_TEXT: "Dates stored as text",
}
"""What each kind of finding is called on a page."""

LOOKED_FOR: Mapping[str, tuple[FindingKind, ...]] = {
    "What gives the tag away": (
        FindingKind.TOO_GOOD,
        FindingKind.TAG_GIVEN_AWAY,
        FindingKind.FILLED_FOR_TAGGED,
        FindingKind.PURE_VALUE,
        FindingKind.ROW_ORDER,
    ),
    "Rows and customers": (FindingKind.REPEATED_CUSTOMERS, FindingKind.DUPLICATE_ROWS),
    "Columns that repeat others": (
        FindingKind.COPY,
        FindingKind.MOSTLY_COPY,
        FindingKind.MULTIPLE,
        FindingKind.SUM,
        FindingKind.ONE_TO_ONE,
    ),
    "Definitions that the data contradict": (
        FindingKind.WRONG_ORDER,
        FindingKind.FILLED_ONLY_WITH,
        FindingKind.TWO_SCALES,
    ),
    "Values that cannot be": (
        FindingKind.IMPOSSIBLE_VALUE,
        FindingKind.SENTINEL_VALUE,
        FindingKind.NEGATIVE_AMOUNT,
        FindingKind.TOP_CODED,
    ),
    "Values too often": (FindingKind.ROUND_HEAP, FindingKind.REPEATED_VALUE, FindingKind.ZERO_OR_EMPTY),
    "Gaps and what they mean": (
        FindingKind.MISSING_TOGETHER,
        FindingKind.MISSING_RELATED,
        FindingKind.FLAG_OR_EMPTY,
    ),
    "Columns that say nothing": (
        FindingKind.EMPTY_COLUMN,
        FindingKind.CONSTANT_COLUMN,
        FindingKind.IDENTIFIER_COLUMN,
    ),
    "Words": (FindingKind.SPELLED_TWICE, FindingKind.NUMBERS_AS_TEXT, FindingKind.DATES_AS_TEXT),
}
"""All kinds, in the groups in which a page lists what was looked for."""

_SEVERITIES: Mapping[Severity, tuple[str, str, str]] = {
    Severity.STOPS: ("Stops", "bad", "Settle these first: a model trained on them is worth nothing."),
    Severity.WARNS: ("Warns", "warn", "Settle these before a list leaves the house."),
    Severity.NOTES: ("Notes", "", "Good to know when features are built and results are read."),
}
_DECISIONS: Mapping[Decision, tuple[str, str]] = {
    Decision.OPEN: ("Open", ""),
    Decision.APPLY: ("Remedy applied", "good"),
    Decision.LEAVE: ("Left as it is", ""),
    Decision.SETTLED: ("Settled by the contract", "good"),
}
_DONE: Mapping[RemedyAction, str] = {
    RemedyAction.SET_MISSING: "Set to missing",
    RemedyAction.DROP_COLUMNS: "Column dropped",
    RemedyAction.EXCLUDE: "Kept from the learners",
    RemedyAction.DROP_DUPLICATES: "Copies dropped",
    RemedyAction.SHUFFLE: "Rows shuffled",
    RemedyAction.MERGE_SPELLINGS: "Spellings merged",
    RemedyAction.READ_NUMBERS: "Read as numbers",
    RemedyAction.READ_DATES: "Read as dates",
}


@dataclass(frozen=True)
class FindingView:
    """One finding as a page shows it; the `_class` fields colour a badge."""

    anchor: str
    title: str
    severity: str
    severity_class: str
    columns: tuple[str, ...]
    rows: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    remedy: str
    decision: str
    decision_class: str


@dataclass(frozen=True)
class SeverityGroup:
    """The findings of one severity, the name and the meaning of which head them."""

    anchor: str
    title: str
    meaning: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True)
class LookedFor:
    """One group of checks: what was found and what was not."""

    title: str
    found: tuple[tuple[str, str], ...]
    not_found: tuple[str, ...]


@dataclass(frozen=True)
class AccountView:
    """What one remedy did, before and after."""

    title: str
    columns: str
    done: str
    rows: str
    cells: str


def view_findings(findings: Sequence[Finding]) -> tuple[SeverityGroup, ...]:
    """The findings by severity, the worst first; severities without a finding are left out."""
    views = [(finding.severity, _view(finding, number)) for number, finding in enumerate(findings, start=1)]
    return tuple(
        SeverityGroup(f"findings-{severity}", title, meaning, found)
        for severity, (title, _, meaning) in _SEVERITIES.items()
        if (found := tuple(view for its_severity, view in views if its_severity is severity))
    )


def view_looked_for(findings: Iterable[Finding]) -> tuple[LookedFor, ...]:
    """Everything that was looked for, with how often it was found."""
    kinds = [finding.kind for finding in findings]
    return tuple(
        LookedFor(
            title,
            found=tuple((TITLES[kind], wording.count(kinds.count(kind))) for kind in group if kind in kinds),
            not_found=tuple(TITLES[kind] for kind in group if kind not in kinds),
        )
        for title, group in LOOKED_FOR.items()
    )


def view_accounts(accounts: Iterable[Account]) -> tuple[AccountView, ...]:
    """What each remedy changed, in the order in which they were applied."""
    return tuple(
        AccountView(
            title=TITLES[account.finding.kind],
            columns=wording.listed([wording.shortened(column) for column in account.finding.remedy.columns]),
            done=_DONE[account.finding.remedy.action] if account.finding.remedy.action else "",
            rows=_change(account.rows_before, account.rows_after),
            cells=wording.count(account.cells_changed) if account.cells_changed else wording.NO_VALUE,
        )
        for account in accounts
    )


def in_a_sentence(findings: Sequence[Finding]) -> str:
    """How many findings there are and how bad they are: "28 findings: 1 stops, 9 warn and 18 note."."""
    if not findings:
        return "Nothing was found: the table is clean as far as the doctor looks."
    counts = {severity: sum(each.severity is severity for each in findings) for severity in Severity}
    verbs = {Severity.STOPS: ("stops", "stop"), Severity.WARNS: ("warns", "warn"), Severity.NOTES: ("notes", "note")}
    told = [f"{wording.count(n)} {verbs[severity][n != 1]}" for severity, n in counts.items() if n]
    joined = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    noun = "finding" if len(findings) == 1 else "findings"
    return f"{wording.count(len(findings))} {noun}: {joined}."


def _view(finding: Finding, number: int) -> FindingView:
    severity, severity_class, _ = _SEVERITIES[finding.severity]
    decision, decision_class = _DECISIONS[finding.decision]
    return FindingView(
        anchor=f"finding-{number}",
        title=TITLES[finding.kind],
        severity=severity,
        severity_class=severity_class,
        columns=tuple(wording.shortened(column) for column in finding.columns),
        rows=wording.count(finding.rows),
        sentence=wording.visible(finding.sentence),
        facts=tuple((wording.visible(fact.label), _figure(fact)) for fact in finding.evidence),
        remedy=wording.visible(finding.remedy.sentence),
        decision=decision,
        decision_class=decision_class,
    )


def _figure(fact: Fact) -> str:
    if fact.form is Form.COUNT:
        return wording.count(int(fact.value))
    if fact.form is Form.SHARE:
        return _share(fact.value)
    return wording.number(fact.value, decimals=4).rstrip("0").rstrip(".")


def _share(value: float) -> str:
    """A share in per cent, never rounded to none or to all."""
    if 0 < value < 0.001:
        return f"under {wording.percent(0.001)}"
    if 0.999 < value < 1:
        return f"over {wording.percent(0.999)}"
    return wording.percent(value)


def _change(before: int, after: int) -> str:
    return wording.count(after) if before == after else f"{wording.count(before)} → {wording.count(after)}"
