"""What a contract says of the products a customer may hold, and the words for its columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from affluence.data.contract import Column, ColumnType, Contract, Missing


@dataclass(frozen=True)
class Product:
    """A product: its words, and our names of the columns that speak of it; whoever has one of them holds it."""

    name: str
    columns: tuple[str, ...]

    def held(self, contract: Contract) -> pl.Expr:
        """Whether a customer holds the product; never missing."""
        return pl.any_horizontal([holds(contract.column(name)) for name in self.columns])


def holds(column: Column) -> pl.Expr:
    """Whether a customer holds what `column` speaks of: has a value, and, unless only holders have one, not 0."""
    value = pl.col(column.name)
    only_holders = column.missing is Missing.DOES_NOT_HOLD or column.type is ColumnType.CATEGORY
    return value.is_not_null() if only_holders else value.fill_null(0) != 0


def products_of(contract: Contract, present: Sequence[str]) -> tuple[Product, ...]:
    """The products of the columns that are `present`, in the contract's order.

    They are those that the contract names; where it names none, each column whose emptiness means does_not_hold.
    """
    columns = [column for column in contract.feature_columns if column.name in present]
    named = any(column.product for column in contract.columns)
    by_name: dict[str, list[str]] = {}
    for column in columns:
        name = column.product if named else words_of(column) if column.missing is Missing.DOES_NOT_HOLD else None
        if name:
            by_name.setdefault(name, []).append(column.name)
    return tuple(Product(name, tuple(names)) for name, names in by_name.items())


def words_of(column: Column) -> str:
    """The column in a person's words: as the contract says it aloud, else its name without the unit."""
    words = column.name.split("_")
    unit = (column.unit or "").lower()
    without_unit = words[:-1] if len(words) > 1 and words[-1] == unit else words
    return getattr(column, "spoken", None) or " ".join(without_unit)
