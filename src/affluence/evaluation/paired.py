"""Two rankings of the same customers drawn anew together, so that a difference has the interval of a difference.

A Poisson bootstrap as in `affluence.evaluation.ranking`, but over cells of customers who stand alike in *both*
rankings: what moves both rankings alike then moves no difference. The cost does not depend on the size of the table.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from affluence.evaluation.ranking import REPLICATES, Draws, Scores, Tags, best_first

# Cells are pairs of groups: these keep them few enough to draw within two seconds, and the head of a list fine.
EVEN_GROUPS = 150
HEAD_GROUPS = 50
ASSUMPTION = (
    f"paired Poisson bootstrap over customers in cells of neighbouring rank in both, {REPLICATES} replicates; "
    "models fixed"
)

Figure = Callable[[Draws], NDArray[np.float64]]


def paired_draws(first: Scores, second: Scores, tags: Tags, *, seed: int = 0) -> tuple[Draws, Draws]:
    """Replicates of both rankings, each replicate of the same customers."""
    ends = _ends(len(tags))
    places = [np.searchsorted(ends, _positions(scores), side="right") for scores in (first, second)]
    cells, counts = np.unique((places[0] * len(ends) + places[1]) * 2 + tags, return_counts=True)
    places_of_cells, tags_of_cells = np.divmod(cells, 2)
    generator = np.random.default_rng(seed)
    drawn = [np.zeros((2, REPLICATES, len(ends)), dtype=np.int64) for _ in places]
    by_group = [2 * group + tags_of_cells for group in np.divmod(places_of_cells, len(ends))]
    for replicate in range(REPLICATES):
        weights = generator.poisson(counts)
        for target, group in zip(drawn, by_group, strict=True):
            summed = np.bincount(group, weights, minlength=2 * len(ends)).astype(np.int64)
            target[0, replicate], target[1, replicate] = summed[1::2], summed[::2]
    return Draws(*drawn[0]), Draws(*drawn[1])


def _ends(size: int) -> NDArray[np.int64]:
    """Where groups of neighbouring rank end: evenly, and beside that ever closer towards the head."""
    ends = np.concatenate([np.linspace(0, size, EVEN_GROUPS + 1), np.geomspace(1, size, HEAD_GROUPS)])
    rounded: NDArray[np.int64] = np.unique(ends.round().astype(np.int64))
    return rounded[rounded > 0]


def _positions(scores: Scores) -> NDArray[np.intp]:
    positions = np.empty(len(scores), dtype=np.intp)
    positions[best_first(scores)] = np.arange(len(scores))
    return positions
