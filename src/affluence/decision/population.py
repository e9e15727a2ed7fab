"""Everyone who was scored, asked for what deciding needs of those who are not listed.

A list is made of a few people, and of numbers that everyone has a part in. Whoever holds the whole table, a frame in
memory or a cluster, answers these questions; no answer grows with the table but `scores`, which are numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import polars as pl

from affluence.data.contract import Column, Contract
from affluence.decision.group_figures import GroupFigures, figures_of, with_group
from affluence.decision.reason_words import Typical, typical_of
from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests


class Population(Protocol):
    """The customers of a table as their model learned to read them, their scores and their ranks."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the customers' columns."""

    @property
    def scores(self) -> pl.DataFrame:
        """A row a customer record, in the order of the table: row, score and, where there is one, tag.

        Errors: UserError when somebody has no score, or two.
        """

    def first(self, contacts: int) -> pl.DataFrame:
        """The so many best candidates, best first, with all that the ranking has of them."""

    def until(self, contacts: int, *, without: pl.Series) -> pl.DataFrame:
        """The ranking down to where so many customers stand who are not `without` (ids); all where they are fewer.

        A customer with several rows counts once.
        """

    def known(self, customer_ids: pl.Series) -> pl.Series:
        """Those of the ids (text) that the table has."""

    def people(self, rows: pl.Series) -> pl.DataFrame:
        """All columns of the customers with these rows, in that order; who is not in the table is left out."""

    def compared(self, most: int, *, key: int) -> pl.Series:
        """The rows of at most so many, who stand for everyone: those with the least keyed digests of the id."""

    def typical(self, columns: Sequence[Column]) -> Typical:
        """What is usual of everyone, with and without the tag, as `typical_of` tells it."""

    def figures(self, placed: pl.DataFrame, contract: Contract) -> GroupFigures:
        """What is counted of the segments in `placed` (row, segment) and of all others, as `figures_of` counts it."""


@dataclass(frozen=True)
class FramePopulation:
    """A population in memory: `customers` as learned, the score table and the ranked candidates, best first."""

    customers: pl.DataFrame
    scored: pl.DataFrame
    candidates: pl.DataFrame

    @property
    def columns(self) -> Sequence[str]:
        """The names of the customers' columns."""
        return self.customers.columns

    @cached_property
    def scores(self) -> pl.DataFrame:
        """See `Population`."""
        told = self.scored.select(name for name in ("row", "score", "tag") if name in self.scored.columns)
        known = self.customers.select("row").join(told, on="row", how="left", maintain_order="left")
        if known.height != self.customers.height or known["score"].null_count():
            raise UserError(
                f"{known['score'].null_count():,} of {self.customers.height:,} customers have no score, or some have "
                "two. Score this table again (affluence score)."
            )
        return known

    def first(self, contacts: int) -> pl.DataFrame:
        """See `Population`."""
        return self.candidates.head(contacts)

    def until(self, contacts: int, *, without: pl.Series) -> pl.DataFrame:
        """See `Population`."""
        away = pl.col("customer_id").cast(pl.String).is_in(without.implode())
        free = self.candidates.filter(~away).unique("customer_id", keep="first", maintain_order=True).head(contacts)
        if free.height < contacts:
            return self.candidates
        return self.candidates.filter(pl.col("rank") <= free["rank"].max())

    def known(self, customer_ids: pl.Series) -> pl.Series:
        """See `Population`."""
        return customer_ids.filter(customer_ids.is_in(self.customers["customer_id"].cast(pl.String).implode()))

    def people(self, rows: pl.Series) -> pl.DataFrame:
        """See `Population`."""
        wanted = rows.rename("row").to_frame()
        return wanted.join(self.customers, on="row", how="inner", maintain_order="left").select(self.columns)

    def compared(self, most: int, *, key: int) -> pl.Series:
        """See `Population`."""
        if self.customers.height <= most:
            return self.customers["row"]
        digest = pl.Series("digest", customer_digests(self.customers["customer_id"], key=key))
        return self.customers.select("row", digest).sort("digest", "row").head(most)["row"]

    def typical(self, columns: Sequence[Column]) -> Typical:
        """See `Population`."""
        return typical_of(self.customers, columns)

    def figures(self, placed: pl.DataFrame, contract: Contract) -> GroupFigures:
        """See `Population`."""
        return figures_of(with_group(self.customers, placed), contract)
