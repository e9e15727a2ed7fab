"""How sure each person's rank is: where the score would stand if the finder had learned from other customers."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from affluence.errors import UserError
from affluence.pu.discovery import Discovery

# Two-sided 90 % of a normal error.
REACH = 1.645
# Below this an error is none, and a division by it would overflow.
LEAST_ERROR = 1e-9


def rank_certainty(
    candidates: pl.DataFrame, ranking: NDArray[np.float64], *, discovery: Discovery, contacts: int
) -> pl.DataFrame:
    """One row a row of `candidates` (row, rank, score): row, rank_low, rank_high (the better first), chance_listed.

    `ranking` holds the scores of all candidates, best first. The ranks are those that the score would have in it if it
    moved by 1.645 standard errors up or down; the chance is that of a score above the cut after `contacts`. Assumes
    errors that are normal and the others' scores as they are. Missing where the model keeps no standard errors.

    Errors: UserError when the cut lies outside of the ranking.
    """
    if not 1 <= contacts <= len(ranking):
        raise UserError(f"A cut after {contacts:,} contacts was given, and there are {len(ranking):,} candidates.")
    scores = candidates["score"].cast(pl.Float64).to_numpy()
    if not discovery.score_errors:
        nothing = {"rank_low": pl.Int64, "rank_high": pl.Int64, "chance_listed": pl.Float64}
        return candidates.select("row", *(pl.lit(None, dtype=kind).alias(name) for name, kind in nothing.items()))
    knots, at_knots = np.array(discovery.score_errors).T
    errors = np.interp(scores, knots, at_knots)
    ascending = ranking[::-1]
    better = len(ranking) - np.searchsorted(ascending, scores + REACH * errors, side="right") + 1
    worse = len(ranking) - np.searchsorted(ascending, scores - REACH * errors, side="left")
    ranks = candidates["rank"].cast(pl.Int64).to_numpy()
    away = (scores - ranking[contacts - 1]) / np.maximum(errors, LEAST_ERROR)
    return candidates.select(
        "row",
        pl.Series("rank_low", np.clip(np.minimum(better, ranks), 1, len(ranking))),
        pl.Series("rank_high", np.clip(np.maximum(worse, ranks), 1, len(ranking))),
        pl.Series("chance_listed", ndtr(away)),
    )
