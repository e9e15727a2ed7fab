"""Several rows of one customer, settled by the contract's rule so that one row stands for one person."""

from typing import Literal

import polars as pl

Rule = Literal["latest", "strongest"]


def settle_identities(customers: pl.DataFrame, *, rule: Rule, decided_by: str) -> pl.DataFrame:
    """One row a customer, the one with the largest `decided_by`, in the order of the table.

    Of equal ones the first stands, and a missing value is the smallest. With "latest" (`decided_by` tells time) the
    row's own tag counts, for a tag can be taken back; with "strongest" (it tells worth) a customer is tagged who is
    tagged in any row.
    """
    ordered = customers.sort(decided_by, "row", descending=[True, False], nulls_last=True)
    settled = ordered.unique("customer_id", keep="first", maintain_order=True).sort("row")
    if rule == "latest" or "tag" not in customers.columns:
        return settled
    tagged = customers.group_by("customer_id").agg(pl.col("tag").max())
    return settled.drop("tag").join(tagged, on="customer_id", how="left").select(customers.columns).sort("row")
