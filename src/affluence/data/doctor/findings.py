"""What the doctor says: findings with their evidence, and remedies that a machine can apply."""

from dataclasses import dataclass
from enum import StrEnum

from affluence.data.finding_kinds import FindingKind

QUOTED_FROM_ROWS = 10
"""A value is named only where so many rows share it: fewer could point at a person."""


class Severity(StrEnum):
    """How bad it is: training on it makes no sense, it should be settled, or it is good to know."""

    STOPS = "stops"
    WARNS = "warns"
    NOTES = "notes"


class Decision(StrEnum):
    """What the contract has decided about a finding: nothing yet, or what is done."""

    OPEN = "open"
    APPLY = "apply"
    LEAVE = "leave"
    SETTLED = "settled"


class Form(StrEnum):
    """How a figure of the evidence is to be read."""

    COUNT = "count"
    SHARE = "share"
    NUMBER = "number"


class RemedyAction(StrEnum):
    """What is done to a table. EXCLUDE leaves the column in the table and keeps it from the learners."""

    SET_MISSING = "set_missing"
    DROP_COLUMNS = "drop_columns"
    EXCLUDE = "exclude"
    DROP_DUPLICATES = "drop_duplicates"
    SHUFFLE = "shuffle"
    MERGE_SPELLINGS = "merge_spellings"
    READ_NUMBERS = "read_numbers"
    READ_DATES = "read_dates"


@dataclass(frozen=True)
class Fact:
    """One figure of the evidence: a count of rows, a share of one, or a plain number."""

    label: str
    value: float
    form: Form = Form.COUNT


@dataclass(frozen=True)
class Remedy:
    """What to do: a sentence, and its form for a machine. Without `action` it takes a person.

    `values` are those to be set to missing; `keep` bounds (inclusive, None for no bound) what is not.
    """

    sentence: str
    action: RemedyAction | None = None
    columns: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    keep: tuple[float | None, float | None] | None = None


@dataclass(frozen=True)
class Finding:
    """One thing found in a table.

    `columns` are headers of the table that was examined, the one to act on first; `rows` is how many rows it
    touches. No evidence and no sentence holds a value that fewer than ten rows share.
    """

    kind: FindingKind
    severity: Severity
    columns: tuple[str, ...]
    rows: int
    sentence: str
    evidence: tuple[Fact, ...]
    remedy: Remedy
    decision: Decision = Decision.OPEN

    @property
    def stops(self) -> bool:
        """Whether nobody should train before this is decided."""
        return self.severity is Severity.STOPS and self.decision is Decision.OPEN


def share(label: str, part: float, *, of: float) -> Fact:
    """A share as evidence; 0 of nothing is 0."""
    return Fact(label, part / of if of else 0.0, Form.SHARE)


def count_of(part: int, whole: int) -> str:
    """Rows of rows, with the share: "58 of 66,083 rows (0.1 %)"."""
    return f"{part:,} of {whole:,} rows ({percent(part, whole)})"


def percent(part: float, whole: float) -> str:
    """A share in per cent, never rounded to none or all: "0.1 %", "under 0.1 %", "over 99.9 %"."""
    value = 100 * part / whole if whole else 0.0
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    return f"{value:.0f} %" if value in (0, 100) else f"{value:.1f} %"


def listed(items: tuple[str, ...] | list[str]) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def written(value: float) -> str:
    """A number as people write it: whole where it is, no needless decimals."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.10g}"
