"""A few made rows of a contract's table, to show what a file should look like. No value in it is anybody's."""

import csv
import io
import math
import random

from affluence.data.contract import Column, ColumnType, Contract, Missing

ROWS = 20
_EMPTY_SHARE = 0.1
_TAGGED_SHARE = 0.25
_MOST = 1_000.0
_WORDS = ("first", "second", "third")


def made_sample(contract: Contract, *, rows: int = ROWS) -> str:
    """A CSV that the contract accepts: its headers and `rows` made rows, the same for the same contract.

    Numbers lie evenly in their range, words are those of the contract; nothing can be learned from them.
    """
    draw = random.Random(contract.table)  # noqa: S311  (nothing is guarded by it)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if contract.locale.decimal == "," else ",", lineterminator="\n")
    writer.writerow(contract.headers)
    for row in range(1, rows + 1):
        known = [f"MADE-{row:04d}"] if contract.customer_id.source else []
        tags = contract.tag.affluent if row <= max(1, rows * _TAGGED_SHARE) else contract.tag.normal
        cells = [_cell(draw, column, decimal=contract.locale.decimal) for column in contract.columns]
        writer.writerow([*known, tags[0], *cells])
    return text.getvalue()


def _cell(draw: random.Random, column: Column, *, decimal: str) -> str:
    if column.missing is not Missing.REFUSED and draw.random() < _EMPTY_SHARE:
        return ""
    if column.type is ColumnType.CATEGORY:
        return draw.choice(column.categories or _WORDS)
    low, high = _bounds(column)
    if column.type is ColumnType.INTEGER:
        return str(draw.randint(math.ceil(low), math.floor(high)))
    return f"{draw.uniform(low, high):.2f}".replace(".", decimal)


def _bounds(column: Column) -> tuple[float, float]:
    """The column's range; an open end lies a thousand from the other, or from nothing."""
    low, high = column.range or (None, None)
    if low is None:
        low = 0.0 if high is None or high > 0 else high - _MOST
    return low, low + _MOST if high is None else high
