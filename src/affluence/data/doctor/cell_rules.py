"""What remedies do to single cells, as rules that a model keeps: next month's table is read as this one was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from affluence.data.doctor.spelling import normal_spelling

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class CellRule:
    """What is done to the cells of one column.

    `missing` and whatever lies outside `keep` (inclusive, None for no bound) become missing; `spellings` says which
    category another is written as. Applying a rule again changes nothing.
    """

    column: str
    missing: tuple[float, ...] = ()
    keep: Bounds | None = None
    spellings: Mapping[str, str] | None = None


def apply_cell_rules(table: pl.DataFrame, rules: Iterable[CellRule]) -> pl.DataFrame:
    """`table` with every rule applied whose column it has."""
    for rule in rules:
        if rule.column in table.columns:
            table = table.with_columns(_ruled(table[rule.column], rule))
    return table


def spelling_rule(column: str, counts: pl.DataFrame) -> CellRule:
    """The rule that writes each category as most rows spell it; `counts` has each `value` of the column with `rows`."""
    counts = counts.sort("rows", "value", descending=[True, False])
    commonest: dict[str, str] = {}
    for text in counts["value"]:
        commonest.setdefault(normal_spelling(text), text)
    written = {text: commonest[normal_spelling(text)] for text in counts["value"]}
    return CellRule(column, spellings={text: other for text, other in written.items() if text != other})


def _ruled(series: pl.Series, rule: CellRule) -> pl.Series:
    if rule.spellings is not None:
        return series.replace(dict(rule.spellings)) if rule.spellings else series
    numbers = series.cast(pl.Float64, strict=False)
    low, high = rule.keep or (None, None)
    broken = numbers.is_in(list(rule.missing))
    if low is not None:
        broken |= numbers < low
    if high is not None:
        broken |= numbers > high
    return series.set(broken.fill_null(value=False), None)
