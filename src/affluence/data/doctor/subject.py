"""The table that is examined: what is counted of its columns, and which column plays which part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from affluence.data.contract import Column, Contract, Use
from affluence.data.doctor.countable import ROW, Countable, Part, numbered
from affluence.data.doctor.plain import ID, OUR_ROW, TAG, find_id, find_tag, has_own_rows, is_dated, plain, with_tag
from affluence.data.headers import words

SAMPLE_ROWS = 20_000
"""Enough rows for what needs no count: an AUC is then known to about 0.005."""

MOST_TEXTS = 20_000
"""Of a column with more different texts only those are held that `COMMON_ROWS` rows share."""

COMMON_ROWS = 30
_HELD_VALUES = 5_000_000
_SPARE = 10.0  # standard deviations: so rarely would a sample fall short of its rows

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


class Cells(NamedTuple):
    """Of the cells of a column with a value: all, those of rows whose tag is known, and those of the tagged."""

    rows: int = 0
    known: int = 0
    tagged: int = 0


@dataclass(frozen=True)
class ValueCounts:
    """The distinct values of a number, from low to high, with the rows of each. Counts of parts add up.

    `known` and `tagged` are how many of the rows have a known tag and are tagged affluent.
    """

    values: Floats
    rows: Counts
    known: Counts
    tagged: Counts

    @property
    def total(self) -> int:
        """The rows that have a value."""
        return int(self.rows.sum())

    def where(self, chosen: Flags) -> "ValueCounts":
        """The chosen of the values."""
        return ValueCounts(self.values[chosen], self.rows[chosen], self.known[chosen], self.tagged[chosen])

    def quantile(self, level: float) -> float:
        """The value below which that share of the rows stands."""
        place = np.searchsorted(np.cumsum(self.rows), level * self.total)
        return float(self.values[min(int(place), len(self.values) - 1)])


@dataclass(frozen=True)
class Facts:
    """What is remembered of a column's values: how many there are, and the sum of the squares of their rows.

    Of numbers also the lowest and the highest (NaN without any), the rows of 0, and whether all are whole.
    """

    distinct: int
    squares: int
    low: float = float("nan")
    high: float = float("nan")
    zeros: int = 0
    is_whole: bool = False


@dataclass(frozen=True)
class Subject:
    """A table under examination. It has nulls for what is missing; numbers are Float64, words String.

    `customer_id` and `tag_column` are the headers of the id and of the tag, if any. All that is asked of `table` are
    counts, which add up, and a `sample`.
    """

    table: Countable
    customer_id: str | None
    tag_column: str | None
    contract: Contract | None
    seed: int

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """All headers, those of the id and the tag among them."""
        return tuple(name for name in self.table.empty.columns if name not in (ROW, TAG))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All headers but those of the id and the tag."""
        return tuple(name for name in self.headers if name not in (self.customer_id, self.tag_column))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The headers of the numbers."""
        return tuple(name for name in self.columns if self.table.empty[name].dtype == pl.Float64)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The headers of the columns that hold text."""
        return tuple(name for name in self.columns if self.table.empty[name].dtype == pl.String)

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """The headers of the columns that hold dates or times."""
        return tuple(name for name in self.columns if is_dated(self.table.empty[name]))

    @cached_property
    def _cells(self) -> Mapping[str, Cells]:
        columns = [ROW, *self.headers]
        told = self.tally(columns, partial(_count_cells, columns=columns), by=["column"])
        return {name: Cells(*counts) for name, *counts in told.select("column", *Cells._fields).iter_rows()}

    @property
    def cells(self) -> Cells:
        """The rows of the table."""
        return self.cells_of(ROW)

    def cells_of(self, column: str) -> Cells:
        """The rows that have a value in the column."""
        return self._cells.get(column, Cells())

    @property
    def rows(self) -> int:
        """All rows."""
        return self.cells.rows

    def filled(self, column: str) -> int:
        """How many rows have a value."""
        return self.cells_of(column).rows

    def tally(self, columns: Sequence[str], of: Part, *, by: Sequence[str], fewest: int = 0) -> pl.DataFrame:
        """As `Countable.tally`; a part has `ROW` and `TAG` beside the columns."""
        return self.table.tally(_asked(columns), of, by=by, fewest=fewest)

    def spread(
        self, columns: Sequence[str], of: Part, *, by: Sequence[str], within: Sequence[str] = ()
    ) -> pl.DataFrame:
        """As `Countable.spread`; a part has `ROW` and `TAG` beside the columns."""
        return self.table.spread(_asked(columns), of, by=by, within=within)

    def counts(self, column: str) -> ValueCounts:
        """The distinct values of a number.

        They are held for as many columns as have five million together, or for one: ask for column after column.
        """
        if column not in self._held:
            self._held.clear()
            width = max(1, _HELD_VALUES // max(1, self.rows))
            first = self.numbers.index(column) // width * width
            self._hold(self.numbers[first : first + width])
        return self._held[column]

    def _hold(self, columns: Sequence[str]) -> None:
        told = self.tally(columns, partial(count_values, columns=columns), by=["place", "value"])
        for place, column in enumerate(columns):
            counts = told.filter(pl.col("place") == place).sort("value")
            self._held[column] = ValueCounts(*(counts[name].to_numpy() for name in ("value", *Cells._fields)))
            self._known_facts[column] = _facts_of(self._held[column])

    @cached_property
    def _held(self) -> dict[str, ValueCounts]:
        return {}

    @cached_property
    def _known_facts(self) -> dict[str, Facts]:
        return {}

    def facts(self, column: str) -> Facts:
        """What is remembered of the values of a column, missing not among them."""
        if column not in self._known_facts and column in self.numbers:
            self.counts(column)
        elif column not in self._known_facts:
            others = [*self.words, *self.dates] if column in self.columns else [column]
            self._known_facts.update(self._facts_of_others(others))
        return self._known_facts[column]

    def _facts_of_others(self, columns: Sequence[str]) -> dict[str, Facts]:
        told = self.spread(columns, partial(count_texts, columns=columns), by=["place", "value"], within=["place"])
        each = told.group_by("place").agg(
            pl.col("keys").sum(), (pl.col("rows") * pl.col("rows") * pl.col("keys")).sum().alias("squares")
        )
        known = {place: Facts(keys, squares) for place, keys, squares in each.select("place", "keys", "squares").rows()}
        return {column: known.get(place, Facts(0, 0)) for place, column in enumerate(columns)}

    def distinct(self, column: str) -> int:
        """How many values a column has, missing not among them."""
        return self.facts(column).distinct

    @cached_property
    def word_counts(self) -> Mapping[str, pl.DataFrame]:
        """The distinct texts of every column of words (value, rows, known, tagged), the commonest first.

        Of a column with more than `MOST_TEXTS` only the common ones.
        """
        few = [column for column in self.words if self.distinct(column) <= MOST_TEXTS]
        many = [column for column in self.words if column not in few]
        return {**self._texts(few, fewest=0), **self._texts(many, fewest=COMMON_ROWS)}

    def _texts(self, columns: Sequence[str], *, fewest: int) -> dict[str, pl.DataFrame]:
        if not columns:
            return {}
        by = ["place", "value"]
        told = self.tally(columns, partial(count_texts, columns=columns), by=by, fewest=fewest)
        told = told.sort("rows", "value", descending=[True, False])
        return {column: told.filter(pl.col("place") == place).drop("place") for place, column in enumerate(columns)}

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Rows drawn by the seed, in an order drawn as well; all rows of a small table. The same in any parts."""
        return self._drawn(tagged=False)

    @cached_property
    def known_sample(self) -> pl.DataFrame:
        """A sample of the rows whose tag is known, with the tag as `TAG` and the id as text, `ID`."""
        return self.sample if self.cells.known == self.rows else self._drawn(tagged=True)

    def _drawn(self, *, tagged: bool) -> pl.DataFrame:
        among = self.cells.known if tagged else self.rows
        share = min(1.0, (SAMPLE_ROWS + _SPARE * SAMPLE_ROWS**0.5) / max(1, among))
        draw = partial(_draw, seed=self.seed, share=share, tagged=tagged, customer_id=self.customer_id)
        asked = [*self.columns, self.customer_id] if self.customer_id else self.columns
        return self.table.gather(_asked(asked), draw).sort(_DIGEST, ROW).head(SAMPLE_ROWS).drop(_DIGEST, ROW)

    @property
    def sampled(self) -> bool:
        """Whether the sample leaves rows out."""
        return self.rows > SAMPLE_ROWS

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
    own = OUR_ROW if has_own_rows(table.columns, contract=contract) else None
    return countable_subject(numbered(table, own=own), contract=contract, seed=seed)


def countable_subject(table: Countable, *, contract: Contract | None, seed: int) -> Subject:
    """As `subject_of`, of a table of any length, which has `ROW`."""
    ready = plain(table, contract=contract)
    tag_column = find_tag(ready, contract=contract)
    customer_id = find_id(ready, contract=contract, besides=tag_column)
    return Subject(with_tag(ready, tag_column, contract=contract), customer_id, tag_column, contract, seed)


def count_values(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    """The values of each of the columns, with their `Cells`; `place` tells which of the columns."""
    counted = [
        part.select(pl.lit(place, pl.Int64).alias("place"), pl.col(column).alias("value"), TAG)
        .lazy()
        .drop_nulls("value")
        .group_by("place", "value")
        .agg(pl.len().alias("rows"), pl.col(TAG).count().alias("known"), pl.col(TAG).sum().alias("tagged"))
        for place, column in enumerate(columns)
    ]
    return pl.concat(pl.collect_all(counted))


def count_texts(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    """As `count_values`, of columns of any types: values are texts."""
    return pl.concat(
        count_values(part, columns=[column]).with_columns(
            pl.lit(place, pl.Int64).alias("place"), pl.col("value").cast(pl.String)
        )
        for place, column in enumerate(columns)
    )


def _asked(columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*columns, ROW, TAG]))


def _count_cells(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    of_rows = {"rows": part, "known": part.filter(pl.col(TAG).is_not_null()), "tagged": part.filter(TAG)}
    filled = {name: frame.select(pl.col(columns).count()).row(0) for name, frame in of_rows.items()}
    return pl.DataFrame({"column": columns, **filled}, schema_overrides=dict.fromkeys(filled, pl.Int64))


def _facts_of(counts: ValueCounts) -> Facts:
    values, squares = counts.values, int((counts.rows * counts.rows).sum())
    if not len(values):
        return Facts(0, 0)
    return Facts(
        distinct=len(values),
        squares=squares,
        low=float(values[0]),
        high=float(values[-1]),
        zeros=int(counts.rows[values == 0].sum()),
        is_whole=bool((values == values.round()).all()),
    )


_DIGEST = "\0digest"


def _draw(part: pl.DataFrame, *, seed: int, share: float, tagged: bool, customer_id: str | None) -> pl.DataFrame:
    """The rows whose digest lies in the lowest `share` of all, so that hardly more travel than are wanted."""
    digests = _digests(part[ROW].to_numpy(), seed=seed)
    drawn = part.with_columns(pl.Series(_DIGEST, digests)).filter(pl.Series(digests <= share * 2.0**63))
    if tagged:
        drawn = drawn.filter(pl.col(TAG).is_not_null())
    if customer_id:
        drawn = drawn.with_columns(pl.col(customer_id).cast(pl.String).alias(ID)).drop(customer_id)
    return drawn


def _digests(numbers: Counts, *, seed: int) -> Counts:
    """A number from 0 to 2**63 for each, spread evenly: SplitMix64 (Steele et al. 2014)."""
    start = np.uint64(seed * 0xD1B54A32D192ED03 % 2**64)
    mixed = (numbers.astype(np.uint64) + start + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)
