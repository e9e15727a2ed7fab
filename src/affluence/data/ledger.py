"""Where breaches are written down while a table is checked, and which rows are still kept."""

from collections.abc import Sequence
from functools import cached_property

import polars as pl

from affluence.data.breaches import Breach
from affluence.data.contract import Action, Column, Contract
from affluence.data.raw_table import RawTable


class Ledger:
    """The breaches of one table, or of a part of one, so far; `kept` says of each row whether it was not dropped."""

    def __init__(self, raw: RawTable, *, contract: Contract) -> None:
        self.raw = raw
        self.contract = contract
        self.breaches: list[Breach] = []
        self.kept = pl.Series([True]).new_from_index(0, raw.cells.height)
        self._steps = 0

    @property
    def refused(self) -> bool:
        """Whether one of the breaches refuses the table."""
        return any(breach.action == "refuse" for breach in self.breaches)

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
        """Write down a breach of the whole table or of a header."""
        self.breaches.append(Breach(self._step(), rule, column, count, (), action, finding, remedy, alike))

    def note_rows(
        self,
        rule: str,
        *,
        header: str,
        broken: pl.Series,
        finding: str,
        remedy: str,
        column: Column | None = None,
        if_most: str = "",
        values: pl.Series | None = None,
    ) -> Action | None:
        """What is done about the rows that break `rule` under `header`, now written down; None without any.

        `broken` (Boolean) says it of each row; `column` lends its own actions where they differ from the policy's.
        `if_most` is said besides where most rows break the rule; the commonest of `values`, a text for each row, are
        quoted.
        """
        step = self._step()
        rows = broken.arg_true().to_list()
        if not rows:
            return None
        action = self.contract.action(rule, column=column)
        lines = tuple(self._lines[row] for row in rows)
        counts = {} if values is None else dict(values.filter(broken).value_counts().iter_rows())
        self.breaches.append(
            Breach(step, rule, header, len(rows), lines, action, finding, remedy, if_most=if_most, values=counts)
        )
        if action == "drop":
            self.kept &= ~broken
        return action

    def note_unreadable(self, lines: tuple[int, ...], *, finding: str, remedy: str) -> None:
        """Write down lines of the file that are no row of the table."""
        action = self.contract.policy.unreadable_rows
        self.breaches.append(Breach(self._step(), "unreadable_rows", None, len(lines), lines, action, finding, remedy))

    def _step(self) -> int:
        self._steps += 1
        return self._steps

    @cached_property
    def _lines(self) -> Sequence[int]:
        """Found out only for a table with breaches: it may need a second pass over the file."""
        return list(self.raw.lines())
