"""What is believed of each customer after the ranking and the verdicts: probabilities that add up to the count."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from affluence.evaluation.calibration import wilson
from affluence.evaluation.results import ReliabilityBin
from affluence.pu.class_prior import HiddenCount, count_of_review, range_under_scar
from affluence.pu.discovery import shift_to_sum
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.review import Review

Floats = NDArray[np.float64]

# So many reviewed make a bin of the reliability, and so many bins there are at most.
REVIEWED_A_BIN, MOST_BINS = 10, 5


@dataclass(frozen=True)
class Belief:
    """What is believed, row by row and of all: see the attributes of `affluence.AffluentFinder`.

    `tags_right` is the share of tags that are right; `shift` is what the log-odds of being hidden move by, so that the
    unlabelled sum to `count`; 0 without a count.
    """

    tags_right: float
    count: HiddenCount
    shift: float
    affluent: Floats
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Reviewers:
    """How careless reviewers are: the share of affluent whom they miss, of others whom they wrongly name affluent."""

    missed: float
    wrongly_named: float

    def verdicts(self, review: Review) -> Verdicts:
        """What they said, as evidence of the true class; positions as in `review`."""
        return Verdicts(review.rows, review.verdicts.astype(np.float64), self.missed, self.wrongly_named)


def count_hidden(
    labelled: Floats, tags: Tags, review: Review | None, *, reviewers: Reviewers, seed: int
) -> HiddenCount:
    """How many of the unlabelled are affluent: by a review that was drawn for it, else a range under SCAR.

    `labelled` is P(tagged | x), out of fold. Errors: UserError for a review that cannot be counted with.
    """
    of_unlabelled = _of_unlabelled(review, tags)
    if of_unlabelled is None or not of_unlabelled.sampled.any():
        return range_under_scar(labelled, tags)
    drawn = of_unlabelled.those(of_unlabelled.strata >= 0)
    return count_of_review(
        drawn.strata,
        drawn.weights,
        drawn.verdicts,
        missed=reviewers.missed,
        wrongly_named=reviewers.wrongly_named,
        seed=seed,
    )


def believe(
    hidden: LogOdds, labelled: Floats, tags: Tags, review: Review | None, *, reviewers: Reviewers, seed: int
) -> Belief:
    """What is believed after `review`; `hidden` are the log-odds of being affluent without a tag, out of fold."""
    tags_right = _share_of_right_tags(review, tags)
    count = count_hidden(labelled, tags, review, reviewers=reviewers, seed=seed)
    unshifted = _affluent(hidden, tags, tags_right, review, reviewers)
    shift = _shift_to(count, hidden, unshifted, tags, review)
    return Belief(
        tags_right=tags_right,
        count=count,
        shift=shift,
        affluent=_affluent(hidden + shift, tags, tags_right, review, reviewers),
        reliability=_reliability(hidden + shift, _of_unlabelled(review, tags)),
    )


def _of_unlabelled(review: Review | None, tags: Tags) -> Review | None:
    return None if review is None else review.those(tags[review.rows] == 0)


def _share_of_right_tags(review: Review | None, tags: Tags) -> float:
    """The share of reviewed tags that were confirmed, drawn half a customer each way; 1 where none was reviewed."""
    if review is None:
        return 1.0
    said = review.verdicts[tags[review.rows] == 1]
    return float((said.sum() + 0.5) / (len(said) + 1)) if len(said) else 1.0


def _affluent(hidden: LogOdds, tags: Tags, tags_right: float, review: Review | None, reviewers: Reviewers) -> Floats:
    affluent = np.where(tags == 1, tags_right, expit(hidden))
    if review is not None:
        affluent[review.rows] = reviewers.verdicts(review).truth(affluent[review.rows])
    return affluent


def _shift_to(count: HiddenCount, hidden: LogOdds, affluent: Floats, tags: Tags, review: Review | None) -> float:
    """By how much the log-odds of those without tag and verdict move so that all without a tag sum to the count."""
    if count.value is None:
        return 0.0
    told = _of_unlabelled(review, tags)
    confirmed = 0.0 if told is None else float(affluent[told.rows].sum())
    unseen = tags == 0
    if review is not None:
        unseen[review.rows] = False
    return shift_to_sum(hidden[unseen], wanted=count.value - confirmed)


def _reliability(hidden: LogOdds, review: Review | None) -> tuple[ReliabilityBin, ...]:
    if review is None:
        return ()
    believed = expit(hidden[review.rows])
    order = np.argsort(believed)
    bins = np.array_split(order, max(1, min(MOST_BINS, len(order) // REVIEWED_A_BIN)))
    return tuple(
        ReliabilityBin(len(part), float(believed[part].mean()), wilson(int(review.verdicts[part].sum()), len(part)))
        for part in bins
        if len(part)
    )
