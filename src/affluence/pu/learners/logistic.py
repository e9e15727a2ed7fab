"""Logistic regression on bins: a scorecard, in which every bin of every feature has its points.

Numbers are cut at the quantiles of the customers it was fitted to; missing is a bin of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from affluence.features.preprocessing import Design
from affluence.pu.learners.protocol import LogOdds, Tags

Floats = NDArray[np.float64]

# So many customers are held against all edges at once: a few megabytes.
ROWS_AT_ONCE = 8_192


@dataclass(frozen=True)
class Cuts:
    """Where each feature is cut into bins (None for a category), and how many bins each has; the last is "missing"."""

    edges: tuple[tuple[float, ...] | None, ...]
    sizes: tuple[int, ...]

    def bins(self, matrix: NDArray[np.float32]) -> NDArray[np.intp]:
        """Customers x features: the bin of each value."""
        bins = np.empty(matrix.shape, dtype=np.intp)
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            bins[part] = self._bins(matrix[part])
        return bins

    def _bins(self, matrix: NDArray[np.float32]) -> NDArray[np.intp]:
        missing = np.isnan(matrix)
        known = np.where(missing, 0, matrix)
        edges, category, last = self._arrays
        places = np.where(category, known, (edges < known[:, :, None]).sum(axis=2))
        return np.where(missing, last, places).astype(np.intp)

    @cached_property
    def _arrays(self) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.intp]]:
        """Features x edges, filled up with infinity, above which nothing is; which are categories; the last bins."""
        edges = [() if edge is None else edge for edge in self.edges]
        filled = np.array(list(zip_longest(*edges, fillvalue=np.inf)), dtype=np.float32).reshape(-1, len(edges)).T
        category = np.array([edge is None for edge in self.edges])
        return filled, category, np.array(self.sizes) - 1


@dataclass(frozen=True)
class Scorecard:
    """A fitted scorecard: `edges[i]` cuts feature i into bins (None for a category), `points[i]` are its bins' points.

    Log-odds are `intercept` plus the points of a customer's bin in every feature; the last bin is "missing".
    """

    names: tuple[str, ...]
    intercept: float
    edges: tuple[tuple[float, ...] | None, ...]
    points: tuple[tuple[float, ...], ...]

    def log_odds(self, design: Design) -> LogOdds:
        """The log-odds of the tag for each customer of `design`."""
        total = np.full(len(design), self.intercept)
        for points in self._points_in(design):
            total += points
        return total

    def _points_in(self, design: Design) -> Floats:
        """Features x customers: the points of the bin that a customer is in."""
        bins, points = self._cuts.bins(design.matrix), self._points
        return points[np.arange(len(points))[:, None], bins.T]

    @cached_property
    def _cuts(self) -> "Cuts":
        return Cuts(self.edges, tuple(len(points) for points in self.points))

    @cached_property
    def _points(self) -> Floats:
        """Features x the most bins that one has."""
        return np.array(list(zip_longest(*self.points, fillvalue=np.nan))).T

    def score(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """The log-odds of the tag, twice: whoever is likelier to be tagged is taken to be likelier to be affluent."""
        log_odds = self.log_odds(design)
        return log_odds, log_odds

    def gains(self) -> None:
        """None: a scorecard has no splits."""

    def to_bytes(self) -> bytes:
        """The scorecard as JSON, its numbers to the last bit."""
        state = {"names": self.names, "intercept": self.intercept, "edges": self.edges, "points": self.points}
        return json.dumps(state).encode()


@dataclass(frozen=True)
class ScorecardBins:
    """Where a scorecard cuts each feature, how many bins each has, and how its points are penalised."""

    names: tuple[str, ...]
    edges: tuple[tuple[float, ...] | None, ...]
    sizes: tuple[int, ...]
    inverse_penalty: float

    def one_hot(self, design: Design) -> sparse.csr_matrix:
        """Customers x bins: one in the bin of each feature that a customer is in."""
        return _one_hot(design, Cuts(self.edges, self.sizes))

    def scorecard(self, intercept: float, points: NDArray[np.float64]) -> Scorecard:
        """The scorecard that gives these points, bin after bin."""
        parts = np.split(points, np.cumsum(self.sizes)[:-1])
        return Scorecard(self.names, intercept, self.edges, tuple(tuple(part.tolist()) for part in parts))


@dataclass(frozen=True)
class LogisticLearner:
    """The scorecard method: at most `bins` bins a number, ridge penalty 1 / (2 `inverse_penalty`)."""

    bins: int = 16
    inverse_penalty: float = 0.3
    key: str = "logistic"
    title: str = "Logistic regression"

    @property
    def settings(self) -> Mapping[str, float | int | str]:
        """The settings that were chosen on purpose, for the record."""
        return {"bins": self.bins, "inverse_penalty": self.inverse_penalty}

    def with_settings(self, settings: Mapping[str, float | int | str]) -> Self:
        """The same method with other `settings`; those that are not named stay."""
        changed = {**self.settings, **settings}
        return replace(self, bins=int(changed["bins"]), inverse_penalty=float(changed["inverse_penalty"]))

    def fit(self, design: Design, tags: Tags, *, seed: int) -> Scorecard:  # noqa: ARG002
        """The scorecard of these customers; `seed` changes nothing, for nothing in it is random.

        With one class among the tags every customer gets the log-odds of the smoothed share tagged.
        """
        bins = self.bins_of(design)
        if tags.min() == tags.max():
            share = (float(tags.sum()) + 0.5) / (len(tags) + 1)
            return bins.scorecard(float(np.log(share / (1 - share))), np.zeros(sum(bins.sizes)))
        model = LogisticRegression(C=self.inverse_penalty, max_iter=500).fit(bins.one_hot(design), tags)
        return bins.scorecard(float(model.intercept_[0]), model.coef_[0])

    def bins_of(self, design: Design) -> ScorecardBins:
        """The bins into which this method cuts these customers."""
        edges = tuple(self._edges(design, position) for position in range(len(design.names)))
        sizes = tuple(_bin_count(edge, categories) for edge, categories in zip(edges, design.categories, strict=True))
        return ScorecardBins(design.names, edges, sizes, self.inverse_penalty)

    def bins_like(self, scorecard: Scorecard) -> ScorecardBins:
        """The bins of `scorecard`, for another one of the same customers."""
        sizes = tuple(len(points) for points in scorecard.points)
        return ScorecardBins(scorecard.names, scorecard.edges, sizes, self.inverse_penalty)

    def from_bytes(self, state: bytes) -> Scorecard:
        """The fitted scorecard that `to_bytes` wrote."""
        read = json.loads(state)
        return Scorecard(
            names=tuple(read["names"]),
            intercept=read["intercept"],
            edges=tuple(None if edge is None else tuple(edge) for edge in read["edges"]),
            points=tuple(tuple(points) for points in read["points"]),
        )

    def _edges(self, design: Design, position: int) -> tuple[float, ...] | None:
        if design.categories[position]:
            return None
        values = design.matrix[:, position]
        known = values[~np.isnan(values)]
        if not len(known):
            return ()
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, self.bins + 1)[1:-1], method="lower"))
        return tuple(float(cut) for cut in cuts)


LOGISTIC = LogisticLearner()


def _bin_count(edges: tuple[float, ...] | None, categories: int) -> int:
    return categories + 1 if edges is None else len(edges) + 2


def _one_hot(design: Design, cuts: Cuts) -> sparse.csr_matrix:
    offsets = np.concatenate([[0], np.cumsum(cuts.sizes)[:-1]])
    columns = offsets + cuts.bins(design.matrix)
    rows, width = columns.shape
    starts = np.arange(0, rows * width + 1, width)
    return sparse.csr_matrix((np.ones(rows * width), columns.ravel(), starts), shape=(rows, sum(cuts.sizes)))
