"""How many of a list are truly affluent, at any length of it: cumulated once over groups of neighbouring rank."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from affluence.pu.discovery import Discovery, shift_to_sum

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

LEVEL = 0.9
# Neighbours of rank in one group, except at the top where every rank is its own: a list may be that short.
GROUPS, SINGLE_RANKS = 1_000, 500
NOISE_SEED = 0
BY_REVIEW = "verdicts are right, and the chances are off by a shift and a factor of their log-odds alone"


@dataclass(frozen=True)
class Expected:
    """A number that is expected, `low` to `high`: an interval around `value` at `level`, or a range without either.

    A range lies between two assumptions of how many are hidden; it has no confidence and is never an interval.
    """

    low: float
    high: float
    value: float | None
    assumption: str
    level: float | None = LEVEL

    @property
    def is_range(self) -> bool:
        """Whether nothing but two ends is known."""
        return self.value is None

    def times(self, factor: float, *, less: float = 0.0) -> "Expected":
        """The number times `factor`, less a certain amount: precision, value and net of finds."""
        value = None if self.value is None else self.value * factor - less
        return Expected(self.low * factor - less, self.high * factor - less, value, self.assumption, self.level)

    def __str__(self) -> str:
        reach = f"{self.low:,.4g} to {self.high:,.4g}"
        if self.value is None:
            return f"{reach} (a range, not an interval)"
        return f"{self.value:,.4g} ({self.level:.0%}: {reach})"


@dataclass(frozen=True)
class FindsByRank:
    """The finds among the first so many candidates, by draw: sums of the chances, and of their chance variation.

    `ends` are numbers of candidates, from 0; `finds` and `variance` are views x ends. A view is a recalibration (a, b)
    that the verdicts allow; without a review there are two, the least and the most that may be hidden.
    """

    ends: Whole
    views: Floats
    finds: Floats
    variance: Floats
    assumption: str
    reviewed: bool

    def between(self, first: int, last: int) -> Expected:
        """The truly affluent among the candidates after rank `first` up to rank `last`."""
        finds = self._at(self.finds, last) - self._at(self.finds, first)
        variance = np.maximum(0, self._at(self.variance, last) - self._at(self.variance, first))
        return self._expected(finds, variance, people=last - first)

    def among(self, scores: Floats) -> Expected:
        """The truly affluent among candidates with these scores, wherever they stand in the ranking."""
        chances = expit(self.views[:, :1] + self.views[:, 1:] * scores)
        return self._expected(chances.sum(axis=1), (chances * (1 - chances)).sum(axis=1), people=len(scores))

    def longest(self, precision: float) -> int:
        """The longest list whose expected share of affluent is at least `precision`; 0 where none is."""
        mean = self.finds.mean(axis=0)
        enough = np.flatnonzero(mean[1:] >= precision * self.ends[1:])
        if not len(enough):
            return 0
        last = int(enough[-1]) + 1
        ranks = np.arange(self.ends[last], self.ends[min(last + 1, len(self.ends) - 1)] + 1)
        kept = np.interp(ranks, self.ends, mean) >= precision * ranks
        return int(ranks[kept][-1]) if kept.any() else int(self.ends[last])

    def chance(self, score: float) -> float | None:
        """The chance of a candidate with that score; None without a review."""
        return float(expit(self.views[:, 0] + self.views[:, 1] * score).mean()) if self.reviewed else None

    def chances(self, scores: Floats) -> Floats | None:
        """The chance of each candidate with these scores, which add up to `among` of them; None without a review."""
        if not self.reviewed:
            return None
        # View by view: all at once would take the views' number times the memory of the scores.
        total: Floats = sum((expit(shift + factor * scores) for shift, factor in self.views), np.zeros(len(scores)))
        return total / len(self.views)

    def _expected(self, finds: Floats, variance: Floats, *, people: int) -> Expected:
        if not self.reviewed:
            return Expected(float(finds.min()), float(finds.max()), None, self.assumption, None)
        drawn = np.clip(finds + np.sqrt(variance) * _noise(len(finds)), 0, people)
        low, high = np.quantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
        value = float(finds.mean())
        return Expected(min(float(low), value), max(float(high), value), value, self.assumption)

    def _at(self, sums: Floats, rank: int) -> Floats:
        """The sums down to `rank`, between two ends in proportion."""
        right = int(np.clip(np.searchsorted(self.ends, rank), 1, len(self.ends) - 1))
        left = right - 1
        part = (rank - self.ends[left]) / (self.ends[right] - self.ends[left])
        at: Floats = sums[:, left] + part * (sums[:, right] - sums[:, left])
        return at


def finds_by_rank(scores: Floats, discovery: Discovery) -> FindsByRank:
    """The finds of a ranking whose `scores` stand best first.

    With a counting review each draw of `discovery.recalibrations` is a view; without, the scores are shifted so that
    the chances sum to the low and to the high end of the hidden count, in proportion where this is another table.
    """
    ends = _ends(len(scores))
    sizes = np.diff(ends)
    middles = np.add.reduceat(scores, ends[:-1]) / sizes
    views, assumption = _views(scores, discovery)
    chances = expit(views[:, :1] + views[:, 1:] * middles)
    return FindsByRank(
        ends=ends,
        views=views,
        finds=_cumulated(chances * sizes),
        variance=_cumulated(chances * (1 - chances) * sizes),
        assumption=assumption,
        reviewed=bool(discovery.recalibrations),
    )


def _views(scores: Floats, discovery: Discovery) -> tuple[Floats, str]:
    count = discovery.count_among(len(scores))
    if discovery.recalibrations:
        return np.array(discovery.recalibrations), f"{BY_REVIEW}; {count.assumption}"
    shifts = [shift_to_sum(scores, wanted=wanted) for wanted in (count.low, count.high)]
    return np.array([(shift, 1.0) for shift in shifts]), count.assumption


def _ends(size: int) -> Whole:
    singles = np.arange(min(size, SINGLE_RANKS) + 1)
    return np.unique(np.concatenate([singles, np.linspace(0, size, GROUPS + 1).round()])).astype(np.int64)


def _cumulated(parts: Floats) -> Floats:
    return np.concatenate([np.zeros((len(parts), 1)), parts.cumsum(axis=1)], axis=1)


def _noise(draws: int) -> Floats:
    """Normal quantiles in a fixed random order: the same at every cut, so that neighbouring cuts agree."""
    levels = (np.arange(draws) + 0.5) / draws
    shuffled: Floats = np.random.default_rng(NOISE_SEED).permutation(norm.ppf(levels))
    return shuffled
