"""The best that was known before for declared tag drivers and no review: boosting that never mixes them with the rest.

The score falls into what the drivers say and what the rest says, and the drivers' part counts a quarter, for a part of
it is how the bank gives its tag. It is frozen, as the other ways are, and out of fold by customer.
"""

import time
from collections.abc import Sequence

import numpy as np
import polars as pl
from benchmarks.finder.data import design_of
from benchmarks.finder.ways import Answer, Floats, Groups, Method, Review, folds_of

from affluence.features.preprocessing import Design
from affluence.pu.learners.boosters import booster_matrix
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.protocol import Tags
from affluence.pu.learners.split_additive import fit_split_additive
from affluence.pu.side_by_side import side_by_side

DRIVERS_COUNT = 0.25
SEED_STRIDE = 1_000


def split_score(
    columns: pl.DataFrame,
    tags: Tags,
    groups: Groups,
    *,
    drivers: Sequence[str] | None,
    review: Review | None,  # noqa: ARG001
    seed: int,
) -> Answer:
    """What the rest says of the tag, and a quarter of what the drivers say."""
    started = time.perf_counter()
    design, folds = design_of(columns), folds_of(groups, tags, seed=seed)
    places = [design.names.index(name) for name in drivers or ()]

    def score_fold(fold: int) -> Floats:
        inside = folds == fold
        return _score(design.rows(~inside), tags[~inside], design.rows(inside), places, SEED_STRIDE * seed + fold)

    scores = np.empty(len(tags))
    for fold, found in enumerate(side_by_side(score_fold, range(int(folds.max()) + 1), stage=None)):
        scores[folds == fold] = found
    return Answer(scores, count=None, seconds={"fit": time.perf_counter() - started})


def _score(design: Design, tags: Tags, scored: Design, drivers: Sequence[int], seed: int) -> Floats:
    split = fit_split_additive(design, tags, drivers=drivers, effort=EFFORTS["accurate"], seed=seed)
    both: Floats = split.booster.predict(booster_matrix(scored), output_margin=True).astype(np.float64)
    rest = split.rest(scored)
    return rest + DRIVERS_COUNT * (both - rest)


SPLIT_SCORE = Method("Split score, drivers a quarter", split_score, drivers="all")
