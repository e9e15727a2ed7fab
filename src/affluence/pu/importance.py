"""Which columns the ranking needs: what it loses when one column is shuffled among the held-out customers.

Breiman (2001), Machine Learning 45, section 10, out of fold: each fold's held-out customers get each other's values
of one column, their features are computed again, and the model that never saw them ranks them. Unlike split gain it
is measured on customers the model did not learn from, and it says the same of every learner.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

from affluence import progress
from affluence.evaluation.ranking import LEVEL, recall_at
from affluence.evaluation.results import Estimate, Importance
from affluence.features.definitions import Feature, compute_features
from affluence.features.preprocessing import Preprocessing
from affluence.pu.cross_fitting import CrossFit, Folds
from affluence.pu.learners.protocol import FittedLearner, Tags

# Held-out customers looked at in each fold: enough for a fall of a point, and the cost stays bounded.
CUSTOMERS_A_FOLD = 6_000
ASSUMPTION = "mean over the folds, Student's t on as many falls as folds; one shuffle a fold"


def shuffled_importance(
    fitted: CrossFit,
    customers: pl.DataFrame,
    *,
    tags: Tags,
    folds: Folds,
    columns: Sequence[str],
    features: Sequence[Feature],
    preprocessing: Preprocessing,
    share: float,
    seed: int,
) -> tuple[Importance, ...]:
    """The fall in recall of the tag at a capacity of `share`, by column, the largest first.

    Assumes `customers`, `tags` and `folds` row by row as they were cross-fitted.
    """
    generator = np.random.default_rng(seed)
    falls: dict[str, list[float]] = {column: [] for column in columns}
    for fold, model in enumerate(fitted.models):
        rows = _sample(np.flatnonzero(folds == fold), generator)
        held_out = customers[rows]
        recall = partial(_recall, model, tags=tags[rows], features=features, preprocessing=preprocessing, share=share)
        intact = recall(held_out)
        order = generator.permutation(len(rows))
        for column in columns:
            falls[column].append(intact - recall(held_out.with_columns(held_out[column].gather(order))))
        progress.report("Measuring the importance of columns", done=fold + 1, total=len(fitted.models))
    gains = _gains_by_column(fitted, features)
    found = [Importance(column, _mean(falls[column]), gains.get(column) if gains else None) for column in columns]
    return tuple(sorted(found, key=lambda importance: -importance.fall.value))


def _recall(
    model: FittedLearner,
    customers: pl.DataFrame,
    *,
    tags: Tags,
    features: Sequence[Feature],
    preprocessing: Preprocessing,
    share: float,
) -> float:
    design = preprocessing.design(compute_features(customers, features=features))
    return recall_at(model.log_odds(design), tags, capacity=max(1, round(share * len(tags))))


def _sample(rows: NDArray[np.intp], generator: np.random.Generator) -> NDArray[np.intp]:
    if len(rows) <= CUSTOMERS_A_FOLD:
        return rows
    return np.sort(generator.choice(rows, CUSTOMERS_A_FOLD, replace=False))


def _mean(falls: Sequence[float]) -> Estimate:
    mean = float(np.mean(falls))
    error = float(np.std(falls, ddof=1) / np.sqrt(len(falls)))
    reach = float(student.ppf(0.5 + LEVEL / 2, len(falls) - 1)) * error
    return Estimate(mean, mean - reach, mean + reach, ASSUMPTION, LEVEL)


def _gains_by_column(fitted: CrossFit, features: Sequence[Feature]) -> Mapping[str, float] | None:
    """Split gain averaged over the folds; a derived feature's is shared equally among its inputs."""
    by_fold = [gains for model in fitted.models if (gains := model.gains()) is not None]
    if not by_fold:
        return None
    total: dict[str, float] = {}
    for feature in features:
        gain = float(np.mean([gains[feature.name] for gains in by_fold]))
        for column in feature.inputs:
            total[column] = total.get(column, 0.0) + gain / len(feature.inputs)
    return total
