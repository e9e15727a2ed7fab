"""Reasons as they are said: a customer's value beside what others and the affluent typically have, and short codes.

A sentence compares and never claims a cause. Numbers are rounded as people say them, text of the table is shown in
visible marks alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

import polars as pl

from affluence.data.contract import Column, ColumnType, Contract, Missing
from affluence.data.visible_text import shortened

Value = float | str | None

# People say 120,000 for 123,456; counts below a hundred are said as they are.
DIGITS_SAID = 2
SAID_WHOLE = 100
# What is typical of fewer customers would tell of single ones.
SMALLEST_GROUP = 10
LEAST_SHARE_SAID = 0.01
ANALYSTS_MARK = "For analysts: "

ENDINGS: Mapping[str, str] = {
    "HIGH": "above what is typical of others, or held where others typically hold none",
    "LOW": "below what is typical of others",
    "TYPICAL": "the same as is typical of others",
    "NONE": "does not hold it",
    "HELD": "holds it (a column that says no more than that)",
    "IS": "a category, named in the sentence",
    "NOT_RECORDED": "nobody recorded it; never said to the customer",
}


@dataclass(frozen=True)
class Usual:
    """What is usual in a group of customers, by column: the typical value, the share that has one, and each category's.

    The typical value is the median or the most frequent category; None where more than half have nothing.
    """

    value: Mapping[str, Value]
    held: Mapping[str, float]
    category: Mapping[str, Mapping[str, float]]

    def share(self, column: Column, value: Value) -> float:
        """The share of the group that has the category, or else anything at all."""
        if isinstance(value, str):
            return self.category[column.name].get(value, 0.0)
        return self.held[column.name] if value is not None else 1 - self.held[column.name]


@dataclass(frozen=True)
class Typical:
    """What is usual of customers without the tag, and of those with it; None where too few are tagged."""

    normal: Usual
    affluent: Usual | None


def typical_of(customers: pl.DataFrame, columns: Sequence[Column]) -> Typical:
    """What is usual of the unlabelled and of the labelled of `customers`; without tags everybody is unlabelled."""
    if "tag" not in customers.columns:
        return Typical(_usual(customers, columns), None)
    normal, affluent = (customers.filter(pl.col("tag") == tag) for tag in (0, 1))
    return Typical(_usual(normal, columns), _usual(affluent, columns) if affluent.height >= SMALLEST_GROUP else None)


def speaks_for(column: Column, value: Value, typical: Typical) -> bool:
    """Whether the comparison that the sentence makes speaks for the customer.

    A value nobody recorded, or one that is typical of others, is no reason. A number must lie on the side of others on
    which the affluent are; a category, or a thing that most do without, must be commoner among the affluent, also in
    the rounded figures that are said.
    """
    normal = typical.normal.value[column.name]
    if value == normal or (value is None and column.missing is not Missing.DOES_NOT_HOLD):
        return False
    if typical.affluent is None:
        return True
    affluent = typical.affluent.value[column.name]
    if _by_share(column, typical):
        shares = typical.affluent.share(column, value), typical.normal.share(column, value)
        return shares[0] > shares[1] and _percent(shares[0]) != _percent(shares[1])
    own, usual, target = (_as_number(each) for each in (value, normal, affluent))
    return (own - usual) * (target - usual) > 0 and said(own) != said(usual)


def code_of(column: Column, value: Value, normal: Value) -> str:
    """The code of a reason, such as `TIME_DEPOSITS_HIGH`."""
    return f"{_bare_name(column).upper()}_{_ending(column, value, normal)}"


def codes_of(contract: Contract) -> pl.DataFrame:
    """Every code that a reason of this contract can have: code, column, audience, meaning."""
    return pl.DataFrame(
        [
            (f"{_bare_name(column).upper()}_{ending}", column.name, str(column.use), ENDINGS[ending])
            for column in contract.feature_columns
            for ending in _endings(column)
        ],
        schema=["code", "column", "audience", "meaning"],
        orient="row",
    )


def sentence_of(column: Column, value: Value, typical: Typical, *, currency: str) -> str:
    """The reason in words: "time deposits of SGD 120,000; affluent customers typically have 90,000, others none".

    Where a typical value would tell nothing, shares stand in its place: "occupation PMEB, as 45 % of affluent customers
    and 30 % of others".
    """
    own, normal = _own(column, value, currency=currency), typical.normal
    if value is None and column.missing is not Missing.DOES_NOT_HOLD:
        return own
    if _by_share(column, typical):
        others = f"{_percent(normal.share(column, value))} of others"
        if typical.affluent is None:
            return f"{own}, as {others}"
        linked = ", as" if value is None or isinstance(value, str) else "; held by"
        return f"{own}{linked} {_percent(typical.affluent.share(column, value))} of affluent customers and {others}"
    others = _compared(column, normal.value[column.name])
    if typical.affluent is None:
        return f"{own}; others typically have {others}"
    affluent = _compared(column, typical.affluent.value[column.name])
    if affluent == others:
        return f"{own}; affluent customers and others typically have {others}"
    return f"{own}; affluent customers typically have {affluent}, others {others}"


def value_text(value: Value) -> str | None:
    """The value as text, unrounded, in visible marks; None where there is none."""
    if value is None:
        return None
    return shortened(value) if isinstance(value, str) else f"{value:,.10g}"


def said(value: float) -> str:
    """A number as people say it: two digits that count from a hundred on, and below ten."""
    if value == 0:
        return "0"
    size = floor(log10(abs(value)))
    if value == int(value) and abs(value) < SAID_WHOLE:
        return f"{int(value)}"
    rounded = round(value, DIGITS_SAID - 1 - size)
    return f"{rounded:,.{max(0, DIGITS_SAID - 1 - size)}f}".removesuffix(".0")


def spoken(column: Column) -> str:
    """How the column is named aloud."""
    return shortened(column.spoken or _bare_name(column).replace("_", " ").strip())


def _own(column: Column, value: Value, *, currency: str) -> str:
    name = spoken(column)
    if value is None:
        return f"no {name}" if column.missing is Missing.DOES_NOT_HOLD else f"{name} not recorded"
    if isinstance(value, str):
        return f"{name} {shortened(value)}"
    if _is_flag(column):
        return f"a {name}"
    if column.unit == currency:
        return f"{name} of {currency} {said(value)}"
    unit = column.unit or ""
    told = unit if unit and unit.casefold() not in name.casefold() else ""
    return f"{name}: {said(value)} {told}".rstrip()


def _by_share(column: Column, typical: Typical) -> bool:
    """Whether shares say more than typical values: of a category, a flag, or what neither group typically has."""
    if column.type is ColumnType.CATEGORY or _is_flag(column):
        return True
    affluent = typical.affluent.value[column.name] if typical.affluent else None
    return affluent is None and typical.normal.value[column.name] is None


def _percent(share: float) -> str:
    """A share as people say it; the ends are not claimed unless they are met."""
    if 0 < share < LEAST_SHARE_SAID:
        return f"under {LEAST_SHARE_SAID:.0%}".replace("%", " %")
    return f"{min(share, 1 - LEAST_SHARE_SAID if share < 1 else 1):.0%}".replace("%", " %")


def _compared(column: Column, value: Value) -> str:
    """What is typical of a group, to stand after "have"."""
    if value is None:
        return "none" if column.missing is Missing.DOES_NOT_HOLD else "no record"
    return said(_as_number(value))


def _as_number(value: Value) -> float:
    """A number, or nothing of it."""
    return float(value) if value is not None else 0.0


def _ending(column: Column, value: Value, normal: Value) -> str:
    if value is None:
        return "NONE" if column.missing is Missing.DOES_NOT_HOLD else "NOT_RECORDED"
    if isinstance(value, str):
        return "IS"
    if _is_flag(column):
        return "HELD"
    usual = 0.0 if normal is None else float(normal)
    return "HIGH" if value > usual else "LOW" if value < usual else "TYPICAL"


def _endings(column: Column) -> tuple[str, ...]:
    absent = {Missing.DOES_NOT_HOLD: ("NONE",), Missing.NOT_RECORDED: ("NOT_RECORDED",), Missing.REFUSED: ()}
    if column.type is ColumnType.CATEGORY:
        return ("IS", *absent[column.missing])
    held = ("HELD",) if _is_flag(column) else ("HIGH", "LOW", "TYPICAL")
    return (*held, *absent[column.missing])


def _usual(customers: pl.DataFrame, columns: Sequence[Column]) -> Usual:
    size = max(1, customers.height)
    categories = [column.name for column in columns if column.type is ColumnType.CATEGORY]
    return Usual(
        value={column.name: _typical(customers[column.name], column) for column in columns},
        held={column.name: 1 - customers[column.name].null_count() / size for column in columns},
        category={
            name: {str(value): count / size for value, count in customers[name].drop_nulls().value_counts().iter_rows()}
            for name in categories
        },
    )


def _typical(values: pl.Series, column: Column) -> Value:
    there = values.drop_nulls()
    if 2 * len(there) < len(values) or there.is_empty():
        return None
    if column.type is ColumnType.CATEGORY:
        return str(there.cast(pl.String).mode().sort()[0])
    return float(there.cast(pl.Float64).quantile(0.5, "lower"))  # type: ignore[arg-type]  # there is not empty


def _is_flag(column: Column) -> bool:
    """Whether the column says nothing but that something is held: 1, or missing."""
    return column.missing is Missing.DOES_NOT_HOLD and column.range == (1, 1)


def _bare_name(column: Column) -> str:
    """Our name without the currency at its end."""
    unit = column.unit or ""
    return column.name.removesuffix(f"_{unit.lower()}") if unit.isupper() else column.name
