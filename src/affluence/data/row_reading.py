"""Single customers as they come over a wire: checked against the contract, at once where nothing is to be said of them.

A table is checked column by column with every violation and its lines, which takes milliseconds however few its rows
are. Most single customers are plainly right: every cell has the type that the contract names and lies in its range.
Those are read as they are; all others go through the check of a table, which decides and explains.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from affluence.data.checking import check_table
from affluence.data.contract import Column, ColumnType, Contract, Locale, Missing
from affluence.data.intake_report import Violation
from affluence.data.labels import label_from_tag
from affluence.data.raw_table import RawTable

Cell = str | float | None
Customer = Mapping[str, Cell]

# Whole numbers below it are floats of their own, so nothing is lost whichever way they are read.
_EXACT = 2**53
_TYPES: Mapping[ColumnType, type[pl.DataType]] = {
    ColumnType.NUMBER: pl.Float64,
    ColumnType.INTEGER: pl.Int64,
    ColumnType.CATEGORY: pl.String,
}


@dataclass(frozen=True)
class RowReader:
    """Reads customers under a contract; a customer's keys are the headers of its table or our names."""

    contract: Contract

    def read(self, customers: Sequence[Customer]) -> tuple[pl.DataFrame, tuple[Violation, ...]]:
        """The customers as `affluence.data.reading.Reading` describes them, and every violation.

        All of `customers` have the same keys. The lines of a violation count customers from 1; the frame has no rows
        when one of the violations refuses.
        """
        plain = self._plainly(customers)
        if plain is not None:
            return plain, ()
        return check_table(self._as_table(customers), contract=self.contract, tag_required=False)

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The header in the table by either name of a column."""
        named = {column.name: column.source for column in self.contract.columns}
        own = {"tag": self.contract.tag.source}
        if self.contract.customer_id.source is not None:
            own["customer_id"] = self.contract.customer_id.source
        return {source: source for source in (named | own).values()} | named | own

    @cached_property
    def _cells(self) -> "tuple[_PlainCell, ...]":
        return tuple(_PlainCell.of(column, self.contract.missing_marks) for column in self.contract.columns)

    @cached_property
    def _schema(self) -> Mapping[str, type[pl.DataType]]:
        columns = {column.name: _TYPES[column.type] for column in self.contract.columns}
        return {"row": pl.Int64, "customer_id": pl.String, "tag": pl.Int8, **columns}

    def _plainly(self, customers: Sequence[Customer]) -> pl.DataFrame | None:
        """The customers, if nothing needs to be said of any of them."""
        keys = {self.sources.get(key): key for key in customers[0]}
        identity, tag = self.contract.customer_id.source, self.contract.tag.source
        wanted = {identity, *(column.source for column in self.contract.columns)}
        if keys.keys() - {tag} != wanted or len(keys) != len(customers[0]) or identity is None:
            return None
        read: dict[str, Sequence[Any]] = {"row": range(1, len(customers) + 1)}
        read["customer_id"] = [_plain_id(one[keys[identity]], self.contract.missing_marks) for one in customers]
        for cell in self._cells:
            key = keys[cell.source]
            read[cell.name] = values = [one[key] for one in customers]
            if not all(map(cell.holds, values)):
                return None
        if None in read["customer_id"] or len(set(read["customer_id"])) < len(customers):
            return None
        if tag in keys:
            read["tag"] = self._tags([one[keys[tag]] for one in customers])
            if None in read["tag"]:
                return None
        return self._frame(read)

    def nobody(self) -> pl.DataFrame:
        """A customer of whom nothing is known, as `read` gives customers."""
        unknown: dict[str, Sequence[Any]] = {name: [None] for name in self._schema if name != "tag"}
        return self._frame(unknown | {"row": [1], "customer_id": [""]})

    def _frame(self, read: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
        return pl.DataFrame([pl.Series(name, read[name], kind) for name, kind in self._schema.items() if name in read])

    def _tags(self, values: Sequence[Cell]) -> list[int | None]:
        texts = pl.Series([value if isinstance(value, str) else None for value in values], dtype=pl.String)
        return label_from_tag(texts, tag=self.contract.tag).to_list()

    def _as_table(self, customers: Sequence[Customer]) -> RawTable:
        keys = tuple(customers[0])
        cells = {
            str(place): _column([customer[key] for customer in customers], locale=self.contract.locale)
            for place, key in enumerate(keys)
        }
        return RawTable(
            format="JSON",
            data_hash="",
            headers=tuple(self.sources.get(key, key).strip() for key in keys),
            cells=pl.DataFrame(cells),
            lines=lambda: range(1, len(customers) + 1),
        )


@dataclass(frozen=True)
class _PlainCell:
    """What a cell of one column looks like when nothing needs to be said of it."""

    source: str
    name: str
    type: ColumnType
    low: float
    high: float
    categories: frozenset[str] | None
    may_miss: bool
    marks: frozenset[str]
    number_marks: frozenset[float]

    @classmethod
    def of(cls, column: Column, marks: Sequence[str]) -> "_PlainCell":
        low, high = column.range or (None, None)
        return cls(
            source=column.source,
            name=column.name,
            type=column.type,
            low=-math.inf if low is None else low,
            high=math.inf if high is None else high,
            categories=None if column.categories is None else frozenset(column.categories),
            may_miss=column.missing is not Missing.REFUSED,
            marks=frozenset(marks),
            number_marks=frozenset(filter(math.isfinite, map(_number, marks))),
        )

    def holds(self, value: Any) -> bool:
        """Whether the value is of the column's own type, in its range and no mark of a missing one."""
        if value is None:
            return self.may_miss
        kind = type(value)
        if self.type is ColumnType.CATEGORY:
            known = self.categories is None or (kind is str and value in self.categories)
            return kind is str and known and _is_plain(value, self.marks)
        if kind is int or (kind is float and self.type is ColumnType.NUMBER):
            inside: bool = self.low <= value <= self.high and -_EXACT < value < _EXACT
            return inside and value not in self.number_marks
        return False


def _plain_id(value: Any, marks: Sequence[str]) -> str | None:
    if type(value) is str:
        return value if _is_plain(value, marks) else None
    return str(value) if type(value) is int and -_EXACT < value < _EXACT and str(value) not in marks else None


def _is_plain(text: str, marks: Sequence[str] | frozenset[str]) -> bool:
    """Whether a text has no blanks around it, nothing unprintable in it, and is no mark of a missing value."""
    return text.isprintable() and text.strip() == text and text != "" and text not in marks


def _number(mark: str) -> float:
    try:
        return float(mark)
    except ValueError:
        return math.nan


def _column(values: Sequence[Cell], *, locale: Locale) -> pl.Series:
    """The cells of one column: numbers where all are, else texts with numbers as the contract's locale writes them."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int} and all(value is None or abs(int(value)) < 2**63 for value in values):
        return pl.Series(values, dtype=pl.Int64)
    if kinds == {float}:
        return pl.Series(values, dtype=pl.Float64)
    return pl.Series([None if value is None else _written(value, locale) for value in values], dtype=pl.String)


def _written(value: str | float, locale: Locale) -> str:
    if isinstance(value, float):
        return repr(value).replace(".", locale.decimal)
    return str(value)
