"""Who may not be learned from: the do-not-train list, and the proof that a model kept to it."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from affluence.pu.cross_fitting import FoldMap, customer_digests


@dataclass(frozen=True)
class LeftOut:
    """The do-not-train list as it was kept: `listed` customers, `found` of them in the table with `rows` rows.

    `digests` are the listed customers' keyed digests, ascending, under the key of the model's fold map.
    """

    listed: int
    found: int
    rows: int
    digests: tuple[int, ...]

    def manifest(self, fold_map: FoldMap) -> dict[str, object]:
        """The proof that goes with a model: how many of the listed are among the customers it learned from.

        `fingerprint` is the SHA-256 of the digests: it names the list without holding an id.
        """
        listed = np.array(self.digests, dtype=np.uint64)
        return {
            "listed": self.listed,
            "found_in_the_table": self.found,
            "rows_left_out": self.rows,
            "fingerprint": hashlib.sha256(listed.tobytes()).hexdigest(),
            "customers_learned_from": len(fold_map.digests),
            "listed_and_learned_from": int(np.isin(fold_map.digests, listed).sum()),
        }


NOBODY_LEFT_OUT = LeftOut(listed=0, found=0, rows=0, digests=())


def leave_out(customers: pl.DataFrame, listed: Collection[str], *, key: int) -> tuple[pl.DataFrame, LeftOut]:
    """The customers who may be learned from, and what was left out: every row of every customer who is `listed`."""
    if not listed:
        return customers, NOBODY_LEFT_OUT
    barred = customers["customer_id"].is_in(list(listed))
    digests = np.unique(customer_digests(listed, key=key))
    left_out = LeftOut(
        listed=len(digests),
        found=customers.filter(barred)["customer_id"].n_unique(),
        rows=int(barred.sum()),
        digests=tuple(int(digest) for digest in digests),
    )
    return customers.filter(~barred), left_out
