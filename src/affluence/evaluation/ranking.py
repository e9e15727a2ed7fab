"""Ranking quality against the tag, with intervals: recall, precision and lift at every capacity, AUC, differences.

Intervals come from a Poisson bootstrap of customers. Customers of neighbouring rank are gathered in groups first:
the sum of their Poisson weights is again Poisson, so the groups' tagged and untagged counts can be drawn as a whole,
and the cost does not depend on the size of the table. The models are held fixed: the intervals say how the figures
would move with other customers, not with another training.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from affluence.evaluation.results import CapacityPoint, Confusion, Estimate

Scores = NDArray[np.float64]
Tags = NDArray[np.int8]

LEVEL = 0.9
REPLICATES = 400
GROUPS = 1_000
ASSUMPTION = (
    f"Poisson bootstrap over customers in {GROUPS:,} groups of neighbouring rank, {REPLICATES} replicates; models fixed"
)
DIFFERENCE_ASSUMPTION = "paired difference of proportions on the same customers, normal approximation; models fixed"


@dataclass(frozen=True)
class RankGroups:
    """A ranking in groups of neighbouring rank, best first: where each ends, and the tagged and others in it.

    `ends[i]` is the number of customers down to the end of group i.
    """

    ends: NDArray[np.int64]
    tagged: NDArray[np.int64]
    others: NDArray[np.int64]


def best_first(scores: Scores, *, seed: int = 0) -> NDArray[np.intp]:
    """Positions from the highest score to the lowest, ties in a random order that `seed` fixes."""
    return np.lexsort((np.random.default_rng(seed).random(len(scores)), -scores))


def recall_at(scores: Scores, tags: Tags, *, capacity: int) -> float:
    """The share of the tagged among the `capacity` customers with the highest scores; NaN when nobody is tagged."""
    tagged = int(tags.sum())
    return float(tags[best_first(scores)[:capacity]].sum() / tagged) if tagged else float("nan")


def capacity_curve(
    scores: Scores, tags: Tags, *, capacities: Sequence[int], seed: int = 0
) -> tuple[CapacityPoint, ...]:
    """Recall, precision and lift of the tag at each of `capacities` (numbers of customers), with intervals."""
    groups = _group(scores, tags, at=capacities)
    draws = Draws.of(groups, seed=seed)
    return tuple(_point(groups, draws, capacity) for capacity in sorted({int(c) for c in capacities}))


def roc_auc(scores: Scores, tags: Tags, *, seed: int = 0) -> Estimate:
    """The ROC AUC of the tag with its interval; NaN throughout when all tags are alike."""
    if tags.min() == tags.max():
        return Estimate(float("nan"), float("nan"), float("nan"), ASSUMPTION)
    value = float(roc_auc_score(tags, scores))
    return around(value, Draws.of(_group(scores, tags), seed=seed).roc_auc())


def average_precision(scores: Scores, tags: Tags, *, seed: int = 0) -> Estimate:
    """The average precision of the tag with its interval; NaN throughout when nobody is tagged."""
    if not tags.any():
        return Estimate(float("nan"), float("nan"), float("nan"), ASSUMPTION)
    value = float(average_precision_score(tags, scores))
    return around(value, Draws.of(_group(scores, tags), seed=seed).average_precision())


def recall_difference(first: Scores, second: Scores, tags: Tags, *, capacity: int) -> Estimate:
    """Recall at `capacity` of `first` less that of `second`, on the same customers.

    Only tagged customers on one list and not on the other count, as in McNemar's test.
    """
    on_first, on_second = np.zeros((2, len(tags)), dtype=bool)
    on_first[best_first(first)[:capacity]] = True
    on_second[best_first(second)[:capacity]] = True
    tagged = tags == 1
    gained = int((tagged & on_first & ~on_second).sum())
    lost = int((tagged & on_second & ~on_first).sum())
    total = max(1, int(tagged.sum()))
    value = (gained - lost) / total
    error = np.sqrt(max(0.0, gained + lost - (gained - lost) ** 2 / total)) / total
    reach = float(norm.ppf(0.5 + LEVEL / 2) * error)
    return Estimate(value, value - reach, value + reach, DIFFERENCE_ASSUMPTION, LEVEL)


def confusion_at(scores: Scores, tags: Tags, *, cut: int) -> Confusion:
    """The four cells when the `cut` highest scores are taken, tagged and untagged ranked together."""
    above = tags[best_first(scores)[:cut]]
    tagged = int(tags.sum())
    tagged_above = int(above.sum())
    candidates = len(above) - tagged_above
    return Confusion(
        cut=len(above),
        tagged_above=tagged_above,
        candidates=candidates,
        tagged_below=tagged - tagged_above,
        unlabelled_below=len(tags) - tagged - candidates,
    )


def _group(scores: Scores, tags: Tags, *, at: Sequence[int] = ()) -> RankGroups:
    size = len(scores)
    ends = np.unique(np.concatenate([np.linspace(0, size, GROUPS + 1).round().astype(np.int64)[1:], list(at)]))
    ends = ends[(ends > 0) & (ends <= size)].astype(np.int64)
    reached = np.concatenate([[0], np.cumsum(tags[best_first(scores)], dtype=np.int64)])
    tagged = np.diff(reached[np.concatenate([[0], ends])])
    return RankGroups(ends=ends, tagged=tagged, others=np.diff(ends, prepend=0) - tagged)


@dataclass(frozen=True)
class Draws:
    """Bootstrap replicates x groups: how many tagged and how many others each group holds."""

    tagged: NDArray[np.int64]
    others: NDArray[np.int64]

    @classmethod
    def of(cls, groups: RankGroups, *, seed: int) -> "Draws":
        """Replicates of a ranking in groups, every customer drawn a Poisson number of times."""
        generator = np.random.default_rng(seed)
        shape = (REPLICATES, len(groups.ends))
        return cls(generator.poisson(groups.tagged, shape), generator.poisson(groups.others, shape))

    def tagged_within(self, share: float) -> NDArray[np.float64]:
        """By replicate, the tagged among the first `share` of its customers, between groups in proportion."""
        sizes = (self.tagged + self.others).cumsum(axis=1)
        tagged = self.tagged.cumsum(axis=1)
        return np.array(
            [
                np.interp(share * size[-1], np.append(0, size), np.append(0, found))
                for size, found in zip(sizes, tagged, strict=True)
            ]
        )

    def tagged_above_last_listed(self, share: float) -> NDArray[np.float64]:
        """By replicate, the tagged ranked above the end of a list of the first `share` of the others."""
        return np.array(
            [
                np.interp(share * untagged[-1], np.append(0, untagged), np.append(0, tagged))
                for untagged, tagged in zip(self.others.cumsum(axis=1), self.tagged.cumsum(axis=1), strict=True)
            ]
        )

    def roc_auc(self) -> NDArray[np.float64]:
        """By replicate, the AUC of the grouped ranking; within a group, half of the pairs are in order."""
        tagged_above = self.tagged.cumsum(axis=1) - self.tagged / 2
        in_order = (self.others * tagged_above).sum(axis=1)
        areas: NDArray[np.float64] = in_order / np.maximum(1, self.others.sum(axis=1) * self.tagged.sum(axis=1))
        return areas

    def average_precision(self) -> NDArray[np.float64]:
        """By replicate, the average precision of the grouped ranking, precision taken at each group's middle."""
        tagged = self.tagged.cumsum(axis=1) - self.tagged / 2
        customers = (self.tagged + self.others).cumsum(axis=1) - (self.tagged + self.others) / 2
        precision = tagged / np.maximum(0.5, customers)
        average: NDArray[np.float64] = (self.tagged * precision).sum(axis=1) / np.maximum(1, self.tagged.sum(axis=1))
        return average


def _point(groups: RankGroups, draws: Draws, capacity: int) -> CapacityPoint:
    size, tagged = int(groups.ends[-1]), int(groups.tagged.sum())
    capacity = min(capacity, size)
    found = int(groups.tagged[groups.ends <= capacity].sum())
    share = capacity / size
    drawn_found = draws.tagged_within(share)
    drawn_size = (draws.tagged + draws.others).sum(axis=1)
    drawn_recall = drawn_found / np.maximum(1, draws.tagged.sum(axis=1))
    recall = found / tagged if tagged else float("nan")
    return CapacityPoint(
        capacity=capacity,
        share=share,
        recall=_between(recall, drawn_recall),
        precision=_between(found / capacity, drawn_found / np.maximum(1, share * drawn_size)),
        lift=_between(recall / share, drawn_recall / share),
    )


def around(value: float, draws: NDArray[np.float64]) -> Estimate:
    """The interval of grouped draws, moved to the exact value: grouping shifts the level, hardly the spread."""
    return _between(value, draws - np.median(draws) + value)


def _between(value: float, draws: NDArray[np.float64]) -> Estimate:
    low, high = np.quantile(draws, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Estimate(value, min(value, float(low)), max(value, float(high)), ASSUMPTION, LEVEL)
