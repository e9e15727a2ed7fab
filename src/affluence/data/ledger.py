"""Where violations are written down while a table is checked, and which rows are still kept."""

from collections.abc import Sequence
from functools import cached_property

import polars as pl

from affluence.data.contract import Action, Column, Contract
from affluence.data.intake_report import Violation
from affluence.data.raw_table import RawTable


class Ledger:
    """The violations of one table so far; `kept` says of each row whether it has not been dropped."""

    def __init__(self, raw: RawTable, *, contract: Contract) -> None:
        self.raw = raw
        self.contract = contract
        self.violations: list[Violation] = []
        self.kept = pl.Series([True]).new_from_index(0, raw.cells.height)

    @property
    def refused(self) -> bool:
        """Whether one of the violations refuses the table."""
        return any(violation.action == "refuse" for violation in self.violations)

    def note_table(
        self,
        rule: str,
        *,
        finding: str,
        remedy: str,
        column: str | None = None,
        count: int = 1,
        action: Action = "refuse",
        alike: str | None = None,
    ) -> None:
        """Write down a violation of the whole table or of a header."""
        self.violations.append(Violation(rule, column, count, (), action, finding, remedy, alike))

    def note_rows(
        self,
        rule: str,
        *,
        header: str,
        broken: pl.Series,
        finding: str,
        remedy: str,
        column: Column | None = None,
    ) -> Action | None:
        """What is done about the rows that break `rule` under `header`, now written down; None without any.

        `broken` (Boolean) says it of each row; `column` lends its own actions where they differ from the
        policy's.
        """
        rows = broken.arg_true().to_list()
        if not rows:
            return None
        action = self.contract.action(rule, column=column)
        lines = tuple(self._lines[row] for row in rows)
        self.violations.append(Violation(rule, header, len(rows), lines, action, finding, remedy))
        if action == "drop":
            self.kept &= ~broken
        return action

    @cached_property
    def _lines(self) -> Sequence[int]:
        """Found out only for a table with violations: it may need a second pass over the file."""
        return list(self.raw.lines())
