"""A table that is asked for counts: its parts are counted apart and the counts added up, so it may be of any length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

ROW = "\0row"
"""The column with the number of a row: a table's own where it has one, else its place."""

Part = Callable[[pl.DataFrame], pl.DataFrame]
"""A question to a part of a table, or a reading of it. A part may have no rows."""


class Countable(Protocol):
    """Rows that are asked part by part, in no order.

    What is asked is a function of a module, or a `partial` of one: it may be sent to other machines. It sees `columns`
    of a part, and nothing else.
    """

    @property
    def empty(self) -> pl.DataFrame:
        """The columns with their types, without rows; `ROW` is among them."""

    def read_as(self, reading: Part, *, always: Sequence[str] = ()) -> "Countable":
        """The same rows, each made by `reading` from what it was; that needs the columns `always` of every part."""

    def gather(self, columns: Sequence[str], of: Part) -> pl.DataFrame:
        """All rows that `of` leaves, in no order."""

    def tally(self, columns: Sequence[str], of: Part, *, by: Sequence[str], fewest: int = 0) -> pl.DataFrame:
        """The sums of what `of` counts in the parts, one row a key that has `fewest` of `rows` at least, in no order.

        `of` gives the columns `by`, in which a key stands once, and counts, `rows` among them.
        """

    def spread(
        self, columns: Sequence[str], of: Part, *, by: Sequence[str], within: Sequence[str] = ()
    ) -> pl.DataFrame:
        """How many keys have the same sums: `within`, which is part of `by`, the sums, and `keys`; in order."""


@dataclass(frozen=True)
class CountableFrame:
    """A table that this process holds: one part."""

    frame: pl.DataFrame

    @property
    def empty(self) -> pl.DataFrame:
        """As `Countable` says."""
        return self.frame.clear()

    def read_as(self, reading: Part, *, always: Sequence[str] = ()) -> "CountableFrame":  # noqa: ARG002
        """As `Countable` says; every column is there always."""
        return CountableFrame(reading(self.frame))

    def gather(self, columns: Sequence[str], of: Part) -> pl.DataFrame:
        """As `Countable` says."""
        return of(self.frame.select(columns))

    def tally(self, columns: Sequence[str], of: Part, *, by: Sequence[str], fewest: int = 0) -> pl.DataFrame:
        """As `Countable` says."""
        counted = whole_counts(of(self.frame.select(columns)), by=by)
        return counted.filter(pl.col("rows") >= fewest) if fewest else counted

    def spread(
        self, columns: Sequence[str], of: Part, *, by: Sequence[str], within: Sequence[str] = ()
    ) -> pl.DataFrame:
        """As `Countable` says."""
        counted = self.tally(columns, of, by=by)
        same = [*within, *(name for name in counted.columns if name not in by)]
        return whole_counts(counted.group_by(same).agg(pl.len().alias("keys")), by=within).sort(same)


def whole_counts(counted: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """`counted` with every column that is no key as Int64."""
    return counted.cast({name: pl.Int64 for name in counted.columns if name not in by})


def numbered(frame: pl.DataFrame, *, own: str | None) -> CountableFrame:
    """The frame with `ROW`: its column `own` where that numbers the rows, else their places from 1."""
    if own and frame[own].dtype.is_integer() and not frame[own].null_count() and frame[own].is_unique().all():
        return CountableFrame(frame.with_columns(pl.col(own).cast(pl.Int64).alias(ROW)))
    return CountableFrame(frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW)))
