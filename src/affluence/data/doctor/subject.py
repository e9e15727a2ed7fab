"""The table that is examined: its values as numbers and words, and which column plays which part."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from affluence.data.contract import Column, Contract, Use
from affluence.data.headers import ID_WORDS, MISSING_MARKS, tag_likeness, tag_values, words
from affluence.data.labels import label_from_tag

SAMPLE_ROWS = 20_000
"""Enough rows for what needs no count: an AUC is then known to about 0.005."""

_ID_DISTINCT = 0.3
_PLAIN_ID_WORDS = frozenset({"id", "key", "cif"})
_OUR_ID, _OUR_TAG, _OUR_ROW, _OUR_WEIGHT = "customer_id", "tag", "row", "sampling_weight"
_EXACT = 2**53  # below it every whole number is a float of its own

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ValueCounts:
    """The distinct values of a number, from low to high, with the rows of each. Counts of parts add up."""

    values: Floats
    rows: Counts

    @property
    def total(self) -> int:
        """The rows that have a value."""
        return int(self.rows.sum())

    def where(self, chosen: Flags) -> "ValueCounts":
        """The chosen of the values."""
        return ValueCounts(self.values[chosen], self.rows[chosen])

    def quantile(self, level: float) -> float:
        """The value below which that share of the rows stands."""
        place = np.searchsorted(np.cumsum(self.rows), level * self.total)
        return float(self.values[min(int(place), len(self.values) - 1)])


@dataclass(frozen=True)
class Subject:
    """A table under examination. `table` has nulls for what is missing; numbers are Float64, words String.

    `customer_id` is the header of the id, if any; `tag` says of each row whether it is tagged affluent (null
    where that is unknown), None for a table without a tag.
    """

    table: pl.DataFrame
    customer_id: str | None
    tag_column: str | None
    tag: pl.Series | None
    contract: Contract | None
    seed: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.table.height

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All headers but those of the id and the tag."""
        return tuple(name for name in self.table.columns if name not in (self.customer_id, self.tag_column))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The headers of the numbers."""
        return tuple(name for name in self.columns if self.table[name].dtype == pl.Float64)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The headers of the columns that hold text."""
        return tuple(name for name in self.columns if self.table[name].dtype == pl.String)

    @cached_property
    def counts(self) -> Mapping[str, ValueCounts]:
        """The distinct values of every number."""
        return {name: _value_counts(self.table[name]) for name in self.numbers}

    @cached_property
    def word_counts(self) -> Mapping[str, pl.DataFrame]:
        """The distinct texts of every column of words (value, rows), the commonest first."""
        return {name: _word_counts(self.table[name]) for name in self.words}

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Rows drawn by the seed, with the tag as `tag` where there is one; all rows of a small table."""
        table = self.table.select(self.columns)
        if self.customer_id:
            table = table.with_columns(self.table[self.customer_id].cast(pl.String).alias("\0id"))
        if self.tag is not None:
            table = table.with_columns(self.tag.alias("\0tag")).filter(pl.col("\0tag").is_not_null())
        if table.height > SAMPLE_ROWS:
            table = table.sample(SAMPLE_ROWS, seed=self.seed)
        return table

    @property
    def sampled(self) -> bool:
        """Whether the sample leaves rows out."""
        return self.rows > SAMPLE_ROWS

    def distinct(self, column: str) -> int:
        """How many values a column has, missing not among them."""
        if column in self.counts:
            return len(self.counts[column].values)
        return self.word_counts[column].height if column in self.word_counts else self.table[column].n_unique()

    def filled(self, column: str) -> int:
        """How many rows have a value."""
        return self.rows - self.table[column].null_count()

    def column(self, header: str) -> Column | None:
        """What the contract says of a column, if it knows it."""
        known = self.contract.columns if self.contract else ()
        return next((column for column in known if header in (column.source, column.name)), None)

    def vocabulary(self, header: str) -> frozenset[str]:
        """The words of a header, and of what the contract calls the column and says that it means."""
        column = self.column(header)
        said = [header, column.name, column.meaning, column.unit or ""] if column else [header]
        return frozenset(word for text in said for word in words(text))

    def is_feature(self, header: str) -> bool:
        """Whether a learner may see the column."""
        column = self.column(header)
        return column is None or column.use is not Use.FORBIDDEN


def subject_of(table: pl.DataFrame, *, contract: Contract | None = None, seed: int = 0) -> Subject:
    """The table made ready: headers as they stand, or our names, as a table that was read has them.

    Without a contract the id and the tag are guessed from headers and values.
    """
    marks = contract.missing_marks if contract else MISSING_MARKS
    examined = [name for name in table.columns if _is_plain(table[name]) and not (contract and _is_ours(name, table))]
    plain = table.select(_plain(table[name], marks=marks) for name in examined)
    tag_column = _tag_column(plain, contract=contract)
    return Subject(
        table=plain,
        customer_id=_id_column(plain, contract=contract, besides=tag_column),
        tag_column=tag_column,
        tag=_tag(plain, tag_column, contract=contract),
        contract=contract,
        seed=seed,
    )


def is_dated(series: pl.Series) -> bool:
    """Whether a column holds dates or times."""
    return series.dtype in (pl.Date, pl.Datetime)


def _is_plain(series: pl.Series) -> bool:
    return not series.dtype.is_nested() and series.dtype not in (pl.Binary, pl.Object)


def _is_ours(name: str, table: pl.DataFrame) -> bool:
    """Whether it is the row number, or the weight in a sample, that a table of customers carries beside their ids."""
    return name in {_OUR_ROW, _OUR_WEIGHT} and _OUR_ID in table.columns


def _plain(series: pl.Series, *, marks: tuple[str, ...]) -> pl.Series:
    if _is_long_code(series):
        return series.cast(pl.String)
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        numbers = series.cast(pl.Float64)
        return numbers.set(~numbers.is_finite(), None)
    if is_dated(series):
        return series
    if series.dtype in (pl.Duration, pl.Time):
        return series.to_physical().cast(pl.Float64)
    texts = series.cast(pl.String)
    return texts.set(texts.str.strip_chars().is_in(["", *marks]), None)


def _is_long_code(series: pl.Series) -> bool:
    """Whether whole numbers are too long to be numbers without loss, as account numbers are."""
    if not series.dtype.is_integer():
        return False
    low, high = (series.cast(pl.Float64).min(), series.cast(pl.Float64).max())
    return any(isinstance(end, float) and abs(end) >= _EXACT for end in (low, high))


def _value_counts(series: pl.Series) -> ValueCounts:
    counts = series.drop_nulls().alias("value").value_counts(name="rows").sort("value")
    return ValueCounts(counts["value"].to_numpy(), counts["rows"].cast(pl.Int64).to_numpy())


def _word_counts(series: pl.Series) -> pl.DataFrame:
    counts = series.drop_nulls().alias("value").value_counts(name="rows")
    return counts.with_columns(pl.col("rows").cast(pl.Int64)).sort("rows", "value", descending=[True, False])


def _tag_column(table: pl.DataFrame, *, contract: Contract | None) -> str | None:
    if contract:
        return next((name for name in (contract.tag.source, _OUR_TAG) if name in table.columns), None)
    candidates = {name: _two_values(table[name]) for name in table.columns}
    fitting = [name for name, values in candidates.items() if tag_values(name, values)]
    return max(fitting, key=lambda name: tag_likeness(name, candidates[name]), default=None)


def _two_values(series: pl.Series) -> tuple[str, ...]:
    """The two values of a column that has two, as text."""
    values = series.drop_nulls().unique()
    return () if is_dated(series) or len(values) != 2 else tuple(_texts(values))


def _texts(series: pl.Series) -> pl.Series:
    """Values as text, without outer blanks; whole numbers without a point."""
    if series.dtype == pl.String:
        return series.str.strip_chars()
    whole = bool((series == series.round()).all())
    return series.cast(pl.Int64).cast(pl.String) if whole else series.cast(pl.String)


def _tag(table: pl.DataFrame, column: str | None, *, contract: Contract | None) -> pl.Series | None:
    if column is None:
        return None
    series = table[column]
    if series.dtype == pl.Float64 and column == _OUR_TAG:
        return series == 1
    texts = _texts(series)
    if contract and column == contract.tag.source:
        return label_from_tag(texts, tag=contract.tag).cast(pl.Boolean)
    values = tag_values(column, _two_values(series)) or ("1", "0")
    return texts == values[0]


def _id_column(table: pl.DataFrame, *, contract: Contract | None, besides: str | None) -> str | None:
    if contract:
        return next((name for name in (contract.customer_id.source, _OUR_ID) if name in table.columns), None)
    fitting = (name for name in table.columns if name != besides and _looks_like_id(table[name]))
    return next(fitting, None)


def _looks_like_id(series: pl.Series) -> bool:
    """Whole numbers or texts without gaps, most of them different, under a header that says so."""
    named = words(series.name)
    says_so = _PLAIN_ID_WORDS.intersection(named) or (named and ID_WORDS.issuperset(named))
    if not says_so or series.null_count() or is_dated(series):
        return False
    whole = series.dtype == pl.String or bool((series == series.round()).all())
    return whole and series.n_unique() > max(1, _ID_DISTINCT * len(series))
