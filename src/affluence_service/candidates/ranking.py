"""The candidates of a run, a page at a time, straight from the file: filtered, ordered, counted.

The file stands in the order of the ranks, in small groups of rows. A page in that order unpacks one group; any other
reads the columns that are asked about, and then the groups in which the page's people stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence_service.api_errors import Refused

OWN_KEYS = ("rank", "score", "chance")
GROUPS = {"segment": "segment", "type": "hidden_type", "offer": "offer"}


@dataclass(frozen=True)
class Ranking:
    """Candidates by filters and in an order, as a sequence of which a page is read at a time.

    `columns` are the numeric columns that are shown. `wanted` are the filters, as `candidates.forms.Wanted` reads them.

    Errors: Refused for a column that is not shown, or a bound that is no number.
    """

    file: Path
    columns: Sequence[str]
    candidates: int
    wanted: Mapping[str, Any]

    def __post_init__(self) -> None:
        self._key_and_direction()
        self._conditions()

    def __len__(self) -> int:
        return self.candidates if self._whole else self._hits.height

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        first, last, _ = part.indices(len(self))
        return self._people(first, last).to_dicts()

    def _people(self, first: int, last: int) -> pl.DataFrame:
        key, descending = self._key_and_direction()
        if self._whole and key == "rank":
            return self._consecutive(first, last, descending=descending)
        ranks = self._hits["rank"].gather(_places(self._hits[key], first, last, descending=descending))
        there = self._table.filter(pl.col("rank").is_in(ranks.to_list())).collect()
        return ranks.to_frame().join(there, on="rank", how="left", maintain_order="left")

    @property
    def _table(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.file)

    @property
    def _whole(self) -> bool:
        """Whether every candidate is wanted."""
        return not self._conditions()

    @cached_property
    def _hits(self) -> pl.DataFrame:
        """The wanted candidates: rank, and what they are ordered by."""
        key, _ = self._key_and_direction()
        found = self._table.filter(*self._conditions()) if self._conditions() else self._table
        return found.select(list(dict.fromkeys(["rank", key]))).collect()

    def _consecutive(self, first: int, last: int, *, descending: bool) -> pl.DataFrame:
        if not descending:
            return self._table.slice(first, last - first).collect()
        return self._table.slice(self.candidates - last, last - first).collect().reverse()

    def _key_and_direction(self) -> tuple[str, bool]:
        asked = str(self.wanted.get("sort", "rank"))
        key = asked.removeprefix("-")
        if key not in OWN_KEYS:
            self._require_shown(key)
        return key, asked.startswith("-")

    def _conditions(self) -> list[pl.Expr]:
        wanted = self.wanted
        conditions = [pl.col(column).is_in(wanted[name]) for name, column in GROUPS.items() if wanted.get(name)]
        if "min_chance" in wanted:
            conditions.append(pl.col("chance") >= wanted["min_chance"])
        if "customer" in wanted:
            conditions.append(pl.col("customer_id") == wanted["customer"])
        conditions += [pl.col(column) >= bound for column, bound in self._bounds("at_least")]
        conditions += [pl.col(column) <= bound for column, bound in self._bounds("at_most")]
        return conditions

    def _bounds(self, name: str) -> list[tuple[str, float]]:
        return [self._bound(name, asked) for asked in self.wanted.get(name, ())]

    def _bound(self, name: str, asked: str) -> tuple[str, float]:
        column, _, text = asked.partition(":")
        self._require_shown(column)
        try:
            bound = float(text)
        except ValueError as error:
            raise Refused(f"{name} is '{asked}'; give a column and a number, as {column}:1000.") from error
        return column, bound

    def _require_shown(self, column: str) -> None:
        if column not in self.columns:
            raise Refused(f"No numeric column '{column}' is shown. Choose among {', '.join(self.columns) or 'none'}.")


def _places(values: pl.Series, first: int, last: int, *, descending: bool) -> NDArray[np.intp]:
    """Where those from `first` to `last` of the values in order stand; equal ones as they stand, missing ones last.

    Sorting a million to show fifty takes long, so the values at both ends are found first, and those between sorted.
    """
    if first >= last:
        return np.array([], dtype=np.intp)
    numbers = values.cast(pl.Float64).to_numpy()
    keys = np.nan_to_num(-numbers if descending else numbers, nan=np.inf, posinf=np.inf, neginf=-np.inf)
    low, high = np.partition(keys, [first, last - 1])[[first, last - 1]]
    between = np.flatnonzero((keys >= low) & (keys <= high))
    ordered = between[np.argsort(keys[between], kind="stable")]
    skipped = first - int((keys < low).sum())
    return ordered[skipped : skipped + last - first]
