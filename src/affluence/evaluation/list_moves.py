"""Why somebody enters or leaves a list from one time to the next: by the data, the model, the cut or an exclusion.

A rank changes for two reasons, the table and the model. Where one of them stayed, the other is the cause; where both
changed, the ranks that the old model gives the new table part them, and without these both are named.
"""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class Cause(StrEnum):
    """What moved a customer onto a list, or off it."""

    DATA = "data"
    MODEL = "model"
    BOTH = "model and data"
    CUT = "cut"
    EXCLUSION = "exclusion"


@dataclass(frozen=True)
class Listing:
    """A list as it was made: `listed` and all `candidates`, each with customer_id and rank, best first."""

    listed: pl.DataFrame
    candidates: pl.DataFrame

    @property
    def deepest(self) -> int:
        """The last rank that is on the list; 0 of an empty one."""
        return max(self.listed["rank"].to_list(), default=0)


def list_moves(
    before: Listing, now: Listing, *, same_model: bool, same_table: bool, between: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Who enters and leaves, by rank: customer_id, enters, rank (now of who enters, then of who leaves), cause.

    An exclusion is the cause where the rank would have done: of who enters that of last time, of who leaves this one's.
    A customer who is a candidate on one side alone came into the table or left it, was tagged or lost the tag: data.

    `between` are the new table's candidates as the old model ranks them. Where model and table both changed, who moves
    by these ranks already moves by the data, everybody else by the model.
    """
    entering = now.listed.join(before.listed, on="customer_id", how="anti").with_columns(enters=pl.lit(value=True))
    leaving = before.listed.join(now.listed, on="customer_id", how="anti").with_columns(enters=pl.lit(value=False))
    moved = pl.concat([frame.select("customer_id", "enters", "rank") for frame in (entering, leaving)])
    for side, name in ((before.candidates, "then"), (now.candidates, "here"), (between, "between")):
        if side is not None:
            moved = moved.join(_best_ranks(side, name), on="customer_id", how="left", maintain_order="left")
    by_rank = pl.lit((Cause.MODEL if same_table else Cause.DATA if same_model else Cause.BOTH).value)
    if between is not None and not same_model and not same_table:
        by_rank = _parted(now)
    other, here = _elsewhere(before, now)
    cause = (
        pl.when(other.is_null())
        .then(pl.lit(Cause.DATA.value))
        .when(_kept_away(before, now))
        .then(pl.lit(Cause.EXCLUSION.value))
        .when(here)
        .then(pl.lit(Cause.CUT.value))
        .otherwise(by_rank)
    )
    return moved.with_columns(cause=cause).select("customer_id", "enters", "rank", "cause").sort("rank", "customer_id")


def _elsewhere(before: Listing, now: Listing) -> tuple[pl.Expr, pl.Expr]:
    """The rank on the side where the customer is not listed, and whether the other list's length alone would do."""
    other = pl.when("enters").then("then").otherwise("here")
    mine = pl.when("enters").then("here").otherwise("then")
    # Who enters only because this list is longer stands below where the last one ended, as before; and the reverse.
    by_length = (
        pl.when("enters")
        .then((mine > before.deepest) & (other <= now.deepest))
        .otherwise((mine > now.deepest) & (other <= before.deepest))
    )
    return other, by_length


def _kept_away(before: Listing, now: Listing) -> pl.Expr:
    return pl.when("enters").then(pl.col("then") <= before.deepest).otherwise(pl.col("here") <= now.deepest)


def _parted(now: Listing) -> pl.Expr:
    """Data where the old model on the new table already moves the customer, in a list as long as this; else model."""
    inside = (pl.col("between") <= now.deepest).fill_null(value=False)
    return pl.when(inside == pl.col("enters")).then(pl.lit(Cause.DATA.value)).otherwise(pl.lit(Cause.MODEL.value))


def _best_ranks(candidates: pl.DataFrame, name: str) -> pl.DataFrame:
    """The best rank of every customer, under that name."""
    return candidates.group_by("customer_id").agg(pl.col("rank").min().alias(name))
