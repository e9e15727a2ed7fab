"""Remedies applied to a table, and what the table was before and is after."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from affluence.data.contract import Contract
from affluence.data.doctor.cell_rules import CellRule, apply_cell_rules, spelling_rule
from affluence.data.doctor.findings import Decision, Finding, RemedyAction
from affluence.data.doctor.plain import is_dated

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y")


@dataclass(frozen=True)
class Account:
    """What one remedy did: `cells` and `rows` are how many it changed or took out."""

    finding: Finding
    rows_before: int
    rows_after: int
    columns_before: int
    columns_after: int
    cells_changed: int


@dataclass(frozen=True)
class Treatment:
    """A treated table, what each remedy did to it, and the columns that are in it but kept from the learners."""

    table: pl.DataFrame
    accounts: tuple[Account, ...]
    excluded: tuple[str, ...]


def to_apply(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings whose remedies the contract wants applied and a machine can apply."""
    return tuple(each for each in findings if each.decision is Decision.APPLY and each.remedy.action)


def treat(
    table: pl.DataFrame, *, findings: Iterable[Finding], contract: Contract | None = None, seed: int = 0
) -> Treatment:
    """The table after the remedies of `findings`, in their order; a remedy for a person alone does nothing.

    `table` is the one that was examined. `seed` fixes the order of a shuffle. The table given is not changed.
    """
    accounts: list[Account] = []
    chosen = [finding for finding in findings if finding.remedy.action]
    rules = [cell_rules(table, finding) for finding in chosen]
    for finding, rules_of_it in zip(chosen, rules, strict=True):
        treated = _apply(table, finding, rules_of_it, contract=contract, seed=seed)
        accounts.append(_account(finding, table, treated))
        table = treated
    return Treatment(table, tuple(accounts), excluded_by(chosen))


def excluded_by(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The columns that the remedies keep from the learners, each once."""
    excluding = (each.remedy.columns for each in findings if each.remedy.action is RemedyAction.EXCLUDE)
    return tuple(dict.fromkeys(column for columns in excluding for column in columns))


def _account(finding: Finding, before: pl.DataFrame, after: pl.DataFrame) -> Account:
    same_rows = before.height == after.height and finding.remedy.action is not RemedyAction.SHUFFLE
    kept = [name for name in finding.remedy.columns if same_rows and name in before.columns and name in after.columns]
    changed = sum(cells_changed(before[name], after[name]) for name in kept)
    return Account(finding, before.height, after.height, before.width, after.width, changed)


def cells_changed(before: pl.Series, after: pl.Series) -> int:
    """The cells that are not what they were; of a column that has another type, all that had a value."""
    if before.dtype != after.dtype:
        return len(before) - before.null_count()
    return int(before.ne_missing(after).sum())


def _apply(
    table: pl.DataFrame, finding: Finding, rules: Sequence[CellRule], *, contract: Contract | None, seed: int
) -> pl.DataFrame:
    remedy = finding.remedy
    columns = [name for name in remedy.columns if name in table.columns]
    match remedy.action:
        case RemedyAction.DROP_COLUMNS:
            return table.drop(columns)
        case RemedyAction.DROP_DUPLICATES:
            return _without_copies(table, contract=contract)
        case RemedyAction.SHUFFLE:
            return table.sample(fraction=1.0, shuffle=True, seed=seed)
        case RemedyAction.SET_MISSING | RemedyAction.MERGE_SPELLINGS:
            return apply_cell_rules(table, rules)
        case RemedyAction.READ_NUMBERS:
            decimal = contract.locale.decimal if contract else "."
            return table.with_columns(_as_numbers(table[name], decimal=decimal) for name in columns)
        case RemedyAction.READ_DATES:
            return table.with_columns(_as_dates(table[name]) for name in columns)
        case _:
            return table


def cell_rules(table: pl.DataFrame, finding: Finding) -> tuple[CellRule, ...]:
    """What the remedy of `finding` does to cells, one rule a column; none when it is no remedy of cells."""
    columns = [name for name in finding.remedy.columns if name in table.columns]

    def texts(column: str) -> pl.DataFrame:
        return table[column].drop_nulls().alias("value").value_counts(name="rows")

    return cell_rules_of(finding, columns=columns, texts=texts)


def cell_rules_of(
    finding: Finding, *, columns: Sequence[str], texts: Callable[[str], pl.DataFrame]
) -> tuple[CellRule, ...]:
    """As `cell_rules`, of a table of any length: `texts` gives each `value` of a column with its `rows`."""
    remedy = finding.remedy
    if remedy.action is RemedyAction.SET_MISSING:
        return tuple(CellRule(name, missing=remedy.values, keep=remedy.keep) for name in columns)
    if remedy.action is RemedyAction.MERGE_SPELLINGS:
        return tuple(spelling_rule(name, texts(name)) for name in columns)
    return ()


def _without_copies(table: pl.DataFrame, *, contract: Contract | None) -> pl.DataFrame:
    """One of each row; an id that no two rows share does not make them different."""
    ids = {"row", "customer_id", contract.customer_id.source if contract else None}
    keys = [name for name in table.columns if name in ids and table[name].n_unique() == table.height]
    return table.unique(subset=[name for name in table.columns if name not in keys], keep="first", maintain_order=True)


def _as_numbers(series: pl.Series, *, decimal: str) -> pl.Series:
    """Amounts without currency and thousands marks; brackets mean a minus, per cent stays a number of per cent."""
    negative = series.str.contains(r"^\s*\(|-")
    bare = series.str.replace_all(r"[^0-9,.]", "")
    thousands = "," if decimal == "." else "."
    plain = bare.str.replace_all(thousands, "", literal=True).str.replace(decimal, ".", literal=True)
    numbers = plain.cast(pl.Float64, strict=False)
    return pl.DataFrame({"number": numbers, "negative": negative}).select(
        pl.when("negative").then(-pl.col("number")).otherwise(pl.col("number")).alias(series.name)
    )[series.name]


def _as_dates(series: pl.Series) -> pl.Series:
    """Dates; what does not read as one is missing."""
    if is_dated(series):
        return series
    days = series.str.strip_chars().str.slice(0, 11).str.strip_chars("T ")
    read = (days.str.to_date(layout, strict=False) for layout in _DAYS)
    return reduce(lambda one, other: one.fill_null(other), read).alias(series.name)
