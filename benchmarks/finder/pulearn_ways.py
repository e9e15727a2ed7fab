"""The ways of pulearn, a library of positive-unlabelled learning, out of fold on the same folds as the others.

    pip install --no-deps pulearn==0.2.0 six

It is no dependency of the project: it limits the versions of NumPy. Where it is absent its rows are left out, and a
line says so. Its classifiers take numbers without gaps: a category becomes a column for each of its values, a missing
number the median and a column that says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from benchmarks.finder.baselines import OutOfFold, estimated_prior
from benchmarks.finder.ways import Floats, Method
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler

from affluence.features.preprocessing import Design
from affluence.pu.learners.protocol import Tags

# Leaves of one customer, scikit-learn's default, rank worse in every case that was tried.
TREES, SMALLEST_LEAF = 100, 5
Fit = Callable[[NDArray[np.float32], Tags, int], Any]


@dataclass(frozen=True)
class Forested:
    """A classifier of pulearn on trees, which do not mind in what unit a number is."""

    fit: Fit

    def __call__(self, design: Design, tags: Tags, scored: Design, seed: int) -> Floats:
        """Its share of the affluent, which may exceed 1."""
        fill = _medians(design)
        classifier = self.fit(_numbers(design, fill), tags, seed)
        scores: Floats = classifier.predict_proba(_numbers(scored, fill))[:, 1]
        return scores


def bagging(matrix: NDArray[np.float32], tags: Tags, seed: int) -> Any:
    """PU bagging as it comes: ten trees, as many untagged in each as there are."""
    from pulearn import BaggingPuClassifier  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return BaggingPuClassifier(oob_score=False, random_state=seed).fit(matrix, tags)


def elkan_noto(matrix: NDArray[np.float32], tags: Tags, seed: int) -> Any:
    """Elkan & Noto's way (2008) on a forest, a tenth held back for the label frequency."""
    from pulearn import ElkanotoPuClassifier  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return ElkanotoPuClassifier(_forest(seed), hold_out_ratio=0.1, random_state=seed).fit(matrix, tags)


def weighted_elkan_noto(matrix: NDArray[np.float32], tags: Tags, seed: int) -> Any:
    """Elkan & Noto's weighted way on the same forest."""
    from pulearn import WeightedElkanotoPuClassifier  # type: ignore[import-not-found, import-untyped, unused-ignore]

    tagged = int(tags.sum())
    way = WeightedElkanotoPuClassifier(_forest(seed), tagged, len(tags) - tagged, hold_out_ratio=0.1, random_state=seed)
    return way.fit(matrix, tags)


def nnpu(design: Design, tags: Tags, scored: Design, seed: int) -> Floats:
    """The linear nnPU on standardised numbers, with the prior that the tags suggest.

    On ranks its thousand steps do not get half as far.
    """
    from pulearn import NNPUClassifier  # type: ignore[import-not-found, import-untyped, unused-ignore]

    fill = _medians(design)
    scale = StandardScaler()
    matrix = scale.fit_transform(_numbers(design, fill))
    classifier = NNPUClassifier(prior=estimated_prior(design, tags, seed=seed), random_state=seed).fit(matrix, tags)
    scores: Floats = classifier.decision_function(scale.transform(_numbers(scored, fill)))
    return scores


def pulearn_methods() -> list[Method]:
    """The four of them, or none where pulearn is absent."""
    return list(PULEARN) if _installed() else []


@cache
def _installed() -> bool:
    there = find_spec("pulearn") is not None
    if not there:
        print("pulearn is not installed; its rows are left out (pip install --no-deps pulearn==0.2.0 six).", flush=True)
    return there


def _forest(seed: int) -> RandomForestClassifier:
    return RandomForestClassifier(TREES, min_samples_leaf=SMALLEST_LEAF, n_jobs=1, random_state=seed)


def _medians(design: Design) -> NDArray[np.float32]:
    """The median of each number; 0 where all are missing."""
    known = ~np.isnan(design.matrix)
    empty = ~known.any(axis=0)
    medians: NDArray[np.float32] = np.nanmedian(np.where(empty, 0, design.matrix), axis=0)
    return medians


def _numbers(design: Design, fill: NDArray[np.float32]) -> NDArray[np.float32]:
    """Customers x numbers, the gaps filled and marked, categories as ones and zeros; missing is none of them."""
    columns = []
    for place, categories in enumerate(design.categories):
        values = design.matrix[:, place]
        if categories:
            columns.append(values[:, None] == np.arange(categories))
        else:
            missing = np.isnan(values)
            columns.append(np.stack([np.where(missing, fill[place], values), missing], axis=1))
    return np.concatenate(columns, axis=1, dtype=np.float32)


PULEARN = (
    Method("pulearn: bagging", OutOfFold(Forested(bagging))),
    Method("pulearn: Elkan-Noto, forest", OutOfFold(Forested(elkan_noto))),
    Method("pulearn: weighted Elkan-Noto, forest", OutOfFold(Forested(weighted_elkan_noto))),
    Method("pulearn: nnPU, linear", OutOfFold(nnpu)),
)
