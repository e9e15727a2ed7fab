"""Groups of people in figures: the segments of the listed, the tagged affluent, and the normal who are not listed.

Counts add up over parts of a table; quartiles want all values of a column, and of no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from affluence.data.contract import Column, ColumnType, Contract
from affluence.decision.holdings import Product, products_of, words_of

AFFLUENT, NORMAL = "tagged affluent", "normal, not listed"
QUARTILES = (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75))

NO_LINES = pl.DataFrame(
    schema={
        "group": pl.String,
        "subject": pl.String,
        "figure": pl.String,
        "value": pl.Float64,
        "people": pl.Int64,
        "cell": pl.Int64,
    }
)


@dataclass(frozen=True)
class GroupFigures:
    """What is counted of each group: `counts` as `count_groups` gives them, and `quartiles` in lines of a profile."""

    counts: pl.DataFrame
    quartiles: pl.DataFrame


def with_group(customers: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """The customers with their `group`: the segment in `placed` (row, segment) or, by the tag, one of the others."""
    tagged = (pl.col("tag") == 1).fill_null(False) if "tag" in customers.columns else pl.lit(False)  # noqa: FBT003
    group = pl.coalesce("segment", pl.when(tagged).then(pl.lit(AFFLUENT)).otherwise(pl.lit(NORMAL)))
    return customers.join(placed, on="row", how="left", maintain_order="left").with_columns(group=group)


def figures_of(grouped: pl.DataFrame, contract: Contract) -> GroupFigures:
    """The figures of customers with their `group`."""
    numbers = numbers_of(contract, grouped.columns)
    return GroupFigures(
        counts=count_groups(grouped, contract),
        quartiles=pl.concat([NO_LINES, *(quartiles_of(grouped, column) for column in numbers)]),
    )


def numbers_of(contract: Contract, present: Sequence[str]) -> tuple[Column, ...]:
    """The columns of numbers that are `present`, in the contract's order."""
    columns = (column for column in contract.feature_columns if column.name in present)
    return tuple(column for column in columns if column.type is not ColumnType.CATEGORY)


def count_groups(grouped: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """A row a group: group, all its people, and of each product, in the contract's order, those who hold it."""
    products = products_of(contract, grouped.columns)
    return grouped.group_by(pl.col("group").cast(pl.String)).agg(
        pl.len().cast(pl.Int64).alias("all"),
        *(product.held(contract).sum().cast(pl.Int64).alias(held_by(product)) for product in products),
    )


def held_by(product: Product) -> str:
    """The name of the column that counts the holders of the product."""
    return f"held {product.name}"


def holding_of(counts: pl.DataFrame, products: Sequence[Product]) -> pl.DataFrame:
    """The lines of a profile on who holds what, from counts of the groups."""
    affluent = counts.filter(pl.col("group") == AFFLUENT)
    return pl.concat([NO_LINES, *(lines for product in products for lines in _holding(counts, affluent, product))])


def quartiles_of(grouped: pl.DataFrame, column: Column) -> pl.DataFrame:
    """The lines of a profile on the quartiles of one column; of `grouped` only it and `group` are looked at."""
    value, people = pl.col(column.name).cast(pl.Float64), pl.col(column.name).count().cast(pl.Int64)
    quartiles = (value.quantile(share, interpolation="linear").alias(figure) for figure, share in QUARTILES)
    by_group = grouped.group_by(pl.col("group").cast(pl.String)).agg(*quartiles, people=people, cell=people)
    return pl.concat(
        _lines(by_group.with_columns(value=pl.col(figure)), words_of(column), figure) for figure, _ in QUARTILES
    )


def _holding(counts: pl.DataFrame, affluent: pl.DataFrame, product: Product) -> Iterator[pl.DataFrame]:
    held = pl.col(held_by(product))
    cell = pl.min_horizontal(held, pl.col("all") - held)
    share = counts.select("group", value=held / pl.col("all"), people="all", cell=cell)
    yield _lines(share, product.name, "holds")
    if affluent.height:
        theirs = affluent.select(held / pl.col("all")).item()
        least = affluent.select(cell).item()
        gap = share.filter(pl.col("group") != AFFLUENT).with_columns(
            value=theirs - pl.col("value"), cell=pl.min_horizontal("cell", pl.lit(least))
        )
        yield _lines(gap, product.name, "gap")


def _lines(frame: pl.DataFrame, subject: str, figure: str) -> pl.DataFrame:
    return frame.sort("group").with_columns(subject=pl.lit(subject), figure=pl.lit(figure)).select(NO_LINES.columns)
