"""Who is deliberately not contacted, so that what calling did can be told from what would have happened anyway."""

import numpy as np
import polars as pl

from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests

STRATUM = ("segment", "score_band")


def score_bands(ranks: pl.Series, *, bands: int) -> pl.Series:
    """The band of each rank, 1 for the best: `bands` of equal size within one."""
    return (((ranks.rank("ordinal") - 1) * bands) // max(1, len(ranks)) + 1).cast(pl.Int64).alias("score_band")


def draw_control(people: pl.DataFrame, *, share: float, seed: int) -> pl.Series:
    """Who of `people` (customer_id, segment, score_band; a customer once) is held back: true or false, in their order.

    Everybody has the same chance, `share`, and each segment and score band gives its share within one. The draw is
    systematic through the strata, in each by keyed digest of the customer: independent of the order of the rows.

    Errors: UserError when `share` is negative, or 1 or more. Source: Cochran (1977), Sampling Techniques, chapter 8.
    """
    if not 0 <= share < 1:
        raise UserError(f"A control share of {share:g} was asked for. Give a share from 0 to less than 1, such as 0.1.")
    start = np.random.default_rng(abs(seed)).random()
    digests = pl.Series("digest", customer_digests(people["customer_id"].cast(pl.String), key=seed))
    ordered = people.select(*STRATUM, digests, place=pl.int_range(pl.len())).sort(*STRATUM, "digest", nulls_last=True)
    steps = np.floor(start + share * np.arange(people.height + 1))
    held = np.zeros(people.height, dtype=bool)
    held[ordered["place"].to_numpy()] = np.diff(steps) > 0
    return pl.Series("control", held)
