"""Breaches of a contract as counts that add up: those of the parts of a table are those of the table."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import islice
from typing import Any

from affluence.data.contract import Action
from affluence.data.intake_report import Violation
from affluence.data.visible_text import visible

MOST_LINES = 1_000
"""Of a table that is checked in parts so many lines of a breach are told, the first ones, and the count of all."""

_QUOTED_FROM_ROWS = 10
"""A value is quoted in a report only when at least so many rows have it: fewer could point at a person."""

_QUOTED_VALUES = 5
_QUOTED_LETTERS = 40
# After every other check.
_LAST = 1_000_000
# Of the values of a part so many of the commonest are kept, from which those of the table are told.
_KEPT_VALUES = 1_000


@dataclass(frozen=True)
class Breach:
    """One breach in one part of a table; `step` is its place in the sequence of checks, the same for every part.

    `if_most` is the remedy's last sentence where most of all rows are in breach, `values` how often each value that is
    in breach occurs; the rest is as in `Violation`.
    """

    step: int
    rule: str
    column: str | None
    count: int
    lines: tuple[int, ...] = field(repr=False)
    action: Action
    finding: str
    remedy: str
    alike: str | None = None
    if_most: str = ""
    values: Mapping[str, int] = field(default_factory=dict, repr=False)

    def violation(self, *, rows: int) -> Violation:
        """The breach as it is reported, of a table of `rows` rows."""
        most = self.if_most if 2 * self.count > rows else ""
        remedy = f"{self.remedy}{most}{_frequent(self.values)}"
        return Violation(self.rule, self.column, self.count, self.lines, self.action, self.finding, remedy, self.alike)


def nobody(rows: int) -> Breach:
    """The breach of a table of so many rows of which none is left."""
    finding = "All rows were left out" if rows else "The table has no rows"
    return Breach(_LAST, "empty_table", None, 1, (), "refuse", finding, "Give one row for each customer.")


def breach_from(told: Mapping[str, Any]) -> Breach:
    """A breach from its dictionary, as JSON keeps it."""
    return Breach(**{**told, "lines": tuple(told["lines"])})


def for_adding(breach: Breach) -> Breach:
    """`breach` as it travels: no more lines and values than a report of many parts tells."""
    return replace(
        breach, lines=breach.lines[:MOST_LINES], values=dict(Counter(breach.values).most_common(_KEPT_VALUES))
    )


def add_up(parts: Iterable[Iterable[Breach]]) -> tuple[Breach, ...]:
    """The breaches of all `parts` together, in the order of the checks."""
    together: dict[int, Breach] = {}
    for breach in (breach for part in parts for breach in part):
        known = together.get(breach.step)
        together[breach.step] = breach if known is None else _sum(known, breach)
    return tuple(together[step] for step in sorted(together))


def shortened(text: str) -> str:
    """A text as a report quotes it: what cannot be seen made visible, and no longer than forty letters."""
    shown = visible(text)
    return shown if len(shown) <= _QUOTED_LETTERS else f"{shown[:_QUOTED_LETTERS]}..."


def _sum(one: Breach, other: Breach) -> Breach:
    lines = tuple(islice(merge(one.lines, other.lines), MOST_LINES))
    values = Counter(one.values) + Counter(other.values)
    return replace(one, count=one.count + other.count, lines=lines, values=values)


def _frequent(values: Mapping[str, int]) -> str:
    """The commonest of some values, quoted only where so many rows have one that it points at nobody."""
    counts = [(value, rows) for value, rows in values.items() if rows >= _QUOTED_FROM_ROWS]
    commonest = sorted(counts, key=lambda each: (-each[1], each[0]))[:_QUOTED_VALUES]
    told = [f"'{shortened(value)}' ({rows:,} rows)" for value, rows in commonest]
    return f" The commonest: {', '.join(told)}." if told else ""
