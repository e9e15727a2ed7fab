"""How sure each person's rank is: where the score would stand if the finder had learned from other customers."""

import numpy as np
import polars as pl
from scipy.special import ndtr

from affluence.errors import UserError
from affluence.pu.discovery import Discovery

# Two-sided 90 % of a normal error.
REACH = 1.645
# Below this an error is none, and a division by it would overflow.
LEAST_ERROR = 1e-9


def rank_certainty(ranked: pl.DataFrame, *, discovery: Discovery, contacts: int) -> pl.DataFrame:
    """One row a candidate: row, rank_low, rank_high (the better rank first), chance_listed.

    The ranks are those that the score would have among the candidates if it moved by 1.645 standard errors up or down;
    the chance is that of a score above the cut after `contacts`. Assumes errors that are normal and the others' scores
    as they are. Missing throughout where the model keeps no standard errors.

    Errors: UserError when the cut lies outside of the ranking.
    """
    if not 1 <= contacts <= ranked.height:
        raise UserError(f"A cut after {contacts:,} contacts was given, and there are {ranked.height:,} candidates.")
    scores = ranked["score"].cast(pl.Float64).to_numpy()
    if not discovery.score_errors:
        nothing = {"rank_low": pl.Int64, "rank_high": pl.Int64, "chance_listed": pl.Float64}
        return ranked.select("row", *(pl.lit(None, dtype=kind).alias(name) for name, kind in nothing.items()))
    knots, at_knots = np.array(discovery.score_errors).T
    errors = np.interp(scores, knots, at_knots)
    ascending = scores[::-1]
    better = len(scores) - np.searchsorted(ascending, scores + REACH * errors, side="right") + 1
    worse = len(scores) - np.searchsorted(ascending, scores - REACH * errors, side="left")
    ranks = np.arange(1, len(scores) + 1)
    away = (scores - scores[contacts - 1]) / np.maximum(errors, LEAST_ERROR)
    return ranked.select(
        "row",
        pl.Series("rank_low", np.clip(np.minimum(better, ranks), 1, len(scores))),
        pl.Series("rank_high", np.clip(np.maximum(worse, ranks), 1, len(scores))),
        pl.Series("chance_listed", ndtr(away)),
    )
