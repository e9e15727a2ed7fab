"""What was found in a table, what was done about it, and what a person can do: as data and as sentences."""

from dataclasses import asdict, dataclass, field
from typing import Any

from affluence.data.contract import Action

_SHOWN_LINES = 10
_DONE: dict[Action, str] = {
    "refuse": "",
    "drop": "Left out. ",
    "set_missing": "Set to missing. ",
    "unlabelled": "Counted as unlabelled. ",
    "ignore": "Ignored. ",
    "keep": "Kept as they are. ",
    "latest": "Left out. ",
    "strongest": "Left out. ",
}
_OF_ONE = {
    "are further rows": "is a further row",
    "are not whole numbers": "is not a whole number",
    "are not numbers": "is not a number",
    "are ": "is ",
    "have ": "has ",
    "share their": "shares its",
}


@dataclass(frozen=True)
class Violation:
    """One breach of the contract.

    `column` is the header in the file, None when the whole table is meant. `lines` are all its places in the file, of
    a table that was checked in parts the first 1,000, none when the breach is not one of rows. `finding` goes on after
    "3 of 48,842 rows", or stands alone. `alike` is the header in the file that looks like a missing one, if any.
    """

    rule: str
    column: str | None
    count: int
    lines: tuple[int, ...] = field(repr=False)
    action: Action
    finding: str
    remedy: str
    alike: str | None = None

    def sentence(self, *, rows: int, place: str) -> str:
        """The breach as a person reads it, of `rows` rows; `place` is what that kind of file calls a line."""
        counted = (
            f"{self.count:,} of {rows:,} rows {self._verb_phrase()} ({_places(self.lines, self.count, place=place)})"
        )
        finding = counted if self.lines else self.finding
        start = f"{self.column}: " if self.column else ""
        return f"{start}{finding}. {_DONE[self.action]}{self.remedy}"

    def _verb_phrase(self) -> str:
        for many, one in _OF_ONE.items() if self.count == 1 else ():
            if self.finding.startswith(many):
                return self.finding.replace(many, one, 1)
        return self.finding


@dataclass(frozen=True)
class IntakeReport:
    """How a file was read, with every violation; `data_hash` is the SHA-256, in hex, of the file's bytes.

    `rows_read` counts the unreadable rows too; `rows_kept` is 0 when the table was refused.
    """

    file: str
    data_hash: str
    format: str
    encoding: str | None
    separator: str | None
    rows_read: int
    rows_kept: int
    columns: int
    violations: tuple[Violation, ...]

    @property
    def refused(self) -> bool:
        """Whether the contract refuses the table."""
        return any(violation.action == "refuse" for violation in self.violations)

    def sentences(self) -> tuple[str, ...]:
        """One sentence or two for each violation, those that refuse the table first."""
        place = "line" if self.format.startswith("CSV") else "row"
        ordered = sorted(self.violations, key=lambda violation: violation.action != "refuse")
        return tuple(violation.sentence(rows=self.rows_read, place=place) for violation in ordered)

    def to_dict(self) -> dict[str, Any]:
        """The report as nested dictionaries and lists, ready for JSON."""
        return asdict(self) | {"refused": self.refused}


def _places(lines: tuple[int, ...], count: int, *, place: str) -> str:
    shown = ", ".join(f"{line:,}" for line in lines[:_SHOWN_LINES])
    more = f" and {count - _SHOWN_LINES:,} more" if count > _SHOWN_LINES else ""
    return f"{place}{'s' if count > 1 else ''} {shown}{more}"
