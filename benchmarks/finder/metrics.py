"""How well a ranking of the untagged finds the hidden, and how near that is to the oracle's."""

from collections.abc import Mapping

import numpy as np
from benchmarks.finder.data import Stream, generator
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

FIRST_SHARES = {"recall_at_1_percent": 0.01, "recall_at_5_percent": 0.05, "recall_at_10_percent": 0.10}
FIGURES = ("recall_at_k", "average_precision", *FIRST_SHARES)
TITLES = {
    "recall_at_k": "recall at k (k = as many as are hidden)",
    "average_precision": "average precision",
    "recall_at_1_percent": "recall in the first 1 %",
    "recall_at_5_percent": "recall in the first 5 %",
    "recall_at_10_percent": "recall in the first 10 %",
}


def pool_of(tags: Tags, reviewed: Rows) -> Rows:
    """The rows that are ranked: untagged, and not checked by hand."""
    ranked = tags == 0
    ranked[reviewed] = False
    return np.flatnonzero(ranked)


def figures(scores: Floats, hidden: NDArray[np.bool_], *, seed: int) -> dict[str, float]:
    """The figures of a ranking of the pool; equal scores are ordered at random, alike for every method."""
    ties = generator(seed, Stream.TIES).random(len(scores))
    ranked = hidden[np.lexsort((ties, -scores))]
    count = int(hidden.sum())
    found = {name: ranked[: round(share * len(ranked))].sum() / count for name, share in FIRST_SHARES.items()}
    return {
        "recall_at_k": float(ranked[:count].mean()),
        "average_precision": float(average_precision_score(hidden, scores)),
        **{name: float(share) for name, share in found.items()},
    }


def ratios(of_method: Mapping[str, float], of_oracle: Mapping[str, float]) -> dict[str, float]:
    """The figures of a method over those of the oracle on the same pool; not a number where the oracle finds none."""
    return {name: of_method[name] / of_oracle[name] if of_oracle[name] else float("nan") for name in of_method}


def mean_and_error(values: list[float]) -> tuple[float, float | None]:
    """The mean over seeds and its standard error, which one seed alone does not have.

    The values are ratios to the oracle or differences of the same seed, so what a seed makes easy or hard falls out.
    """
    if len(values) < 2:
        return float(np.mean(values)), None
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
