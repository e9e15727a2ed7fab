"""The usual mistake, reproduced on purpose, so that a report can show it beside our list.

The tagged are repeated until both classes are equally many, a booster of many deep trees is fitted to the result,
and the same customers are scored with it. The model remembers the tags it is asked about, so nearly nobody who is
not tagged looks affluent. Its scores are for comparison alone and never reach a list.
"""

import numpy as np

from affluence.features.preprocessing import Design
from affluence.pu.learners.boosters import BoosterLearner
from affluence.pu.learners.protocol import LogOdds, Tags

IN_SAMPLE = BoosterLearner(
    key="in_sample",
    title="In-sample way",
    rounds=300,
    parameters={"objective": "binary:logistic", "max_depth": 10, "learning_rate": 0.3},
)
DESCRIPTION = (
    "tagged customers repeated until both classes are equally many, {rounds} trees of depth {max_depth}, "
    "scored on the rows it was fitted to"
).format(**IN_SAMPLE.settings)


def in_sample_log_odds(design: Design, tags: Tags, *, seed: int) -> LogOdds:
    """The log-odds that the in-sample way gives the very rows it was fitted to."""
    tagged, others = np.flatnonzero(tags == 1), np.flatnonzero(tags == 0)
    fewer, more = sorted((tagged, others), key=len)
    if not len(fewer):
        return IN_SAMPLE.fit(design, tags, seed=seed).log_odds(design)
    repeated = np.random.default_rng(seed).choice(fewer, size=len(more), replace=True)
    rows = np.concatenate([more, repeated])
    return IN_SAMPLE.fit(design.rows(rows), tags[rows], seed=seed).log_odds(design)
