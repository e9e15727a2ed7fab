"""People as points and as answers: what segments are measured by, and the questions that may part them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.preprocessing import QuantileTransformer

from affluence.data.contract import Column, ColumnType, Contract, Missing
from affluence.decision.holdings import Product, products_of
from affluence.decision.segment_rules import AtLeast, Holds, Is, Question

Matrix = npt.NDArray[np.float64]

RAREST_CATEGORY = 0.05
"""A category of fewer of the listed makes neither a measure nor a question: too few people to describe."""
WIDE = 10.0
"""A column whose ninth decile is this many times its first is asked in steps of a scale, others in equal steps."""
MANTISSAS = np.array([1, 1.5, 2, 3, 4, 5, 7.5, 10])
"""Round numbers that a person can keep in mind."""


@dataclass(frozen=True)
class Measures:
    """The points (people by measures, each product and each other column counting alike) and the questions."""

    points: Matrix
    questions: tuple[Question, ...]


def measure(people: pl.DataFrame, contract: Contract) -> Measures:
    """How `people` differ, robust to heavy tails: amounts as ranks among holders, whether held, shares of categories.

    Where a value was not recorded the middle stands in its place, so that nobody is told apart by a gap.
    """
    columns = [column for column in contract.feature_columns if column.name in people.columns]
    products = products_of(contract, people.columns)
    spoken_for = {name for product in products for name in product.columns}
    blocks = [_product_block(people, product, contract) for product in products]
    blocks += [_column_block(people, column) for column in columns if column.name not in spoken_for]
    points = np.hstack([np.empty((people.height, 0)), *(_weighed(block) for block in blocks)])
    return Measures(points, tuple(_questions(people, columns, products, contract)))


def answers(people: pl.DataFrame, questions: tuple[Question, ...]) -> Matrix:
    """Each person's answer to each question, 1 for yes and 0 for no; people by questions."""
    asked = [question.expression.alias(str(place)) for place, question in enumerate(questions)]
    return people.select(asked).to_numpy().astype(np.float64)


def _product_block(people: pl.DataFrame, product: Product, contract: Contract) -> Matrix:
    held = people.select(held=product.held(contract))["held"].to_numpy().astype(np.float64)
    numbers = [name for name in product.columns if contract.column(name).type is not ColumnType.CATEGORY]
    return np.column_stack([held, *(_ranks(people[name], empty=0.0) for name in numbers)])


def _column_block(people: pl.DataFrame, column: Column) -> Matrix:
    if column.type is ColumnType.CATEGORY:
        return _shares(people[column.name])
    does_not_hold = column.missing is Missing.DOES_NOT_HOLD
    return _ranks(people[column.name], empty=0.0 if does_not_hold else 0.5)[:, None]


def _ranks(values: pl.Series, *, empty: float) -> Matrix:
    """Each value's place among those that are there, from 0 to 1; `empty` where there is none."""
    numbers = values.cast(pl.Float64).to_numpy()
    there = ~np.isnan(numbers)
    ranks: Matrix = np.full(len(numbers), empty)
    if there.any():
        transformer = QuantileTransformer(n_quantiles=min(1_000, int(there.sum())), subsample=None)
        ranks[there] = transformer.fit_transform(numbers[there, None])[:, 0]
    return ranks


def _shares(values: pl.Series) -> Matrix:
    """One column a frequent category, 1 where it is the person's; its share where nothing was recorded."""
    columns = []
    for category in _frequent(values):
        one = (values == category).cast(pl.Float64)
        columns.append(one.fill_null(float(one.drop_nulls().to_numpy().mean())).to_numpy())
    return np.column_stack(columns) if columns else np.empty((len(values), 0))


def _weighed(block: Matrix) -> Matrix:
    """The block without constants, so that each block counts alike however many columns speak of it."""
    varying = block[:, block.std(axis=0) > 0] if len(block) else block[:, :0]
    return np.asarray(varying / np.sqrt(max(1, varying.shape[1])))


def _questions(
    people: pl.DataFrame, columns: list[Column], products: tuple[Product, ...], contract: Contract
) -> Iterator[Question]:
    for product in products:
        yield Holds(product.name, product.held(contract))
    for column in columns:
        if column.type is ColumnType.CATEGORY:
            yield from (Is(column, category) for category in _frequent(people[column.name]))
        else:
            yield from (AtLeast(column, least) for least in _round_numbers(people[column.name]))


def _frequent(values: pl.Series) -> list[str]:
    counts = values.drop_nulls().value_counts(name="people")
    return sorted(counts.filter(pl.col("people") >= RAREST_CATEGORY * len(values))[values.name])


def _round_numbers(values: pl.Series) -> list[float]:
    """Few round numbers that lie among the values; above the smallest of them."""
    numbers = values.drop_nulls().cast(pl.Float64).to_numpy()
    if not len(numbers):
        return []
    low, high = np.quantile(numbers, [0.1, 0.9])
    if (low > 0 and high / low < WIDE) or high <= 0:
        step = _rounded((high - low) / 8, among=np.array([1, 2, 5, 10]))
        step = max(step, 1.0) if values.dtype.is_integer() else step
        rounded = np.round(np.quantile(numbers, np.arange(0.1, 1.0, 0.1)) / step) * step if step else np.empty(0)
    else:
        rounded = np.array([_rounded(decile, among=MANTISSAS) for decile in _deciles_above_zero(numbers)])
    return sorted({float(f"{least:.10g}") for least in rounded if least > numbers.min()})


def _deciles_above_zero(numbers: Matrix) -> Matrix:
    above = numbers[numbers > 0]
    return np.quantile(above, np.arange(0.1, 1.0, 0.1)) if len(above) else np.empty(0)


def _rounded(value: float, *, among: Matrix) -> float:
    """The number of `among`, times a power of ten, that is nearest to a value of 0 or more."""
    if value <= 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(among[np.abs(among - value / power).argmin()] * power)
