"""How many affluent are hidden: counted from a review sample, or bounded from the tags alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affluence.errors import UserError
from affluence.evaluation.calibration import wilson
from affluence.pu.review import BATCH_STRIDE

Draws = NDArray[np.float64]

DRAWS = 2_000
# Quantiles of the draws that are reported as a 90 % interval: a little wider than 5 and 95 %, so that the interval
# holds the truth nine times in ten in samples of 50 as in samples of 300.
QUANTILES = (0.035, 0.965)
# Beta prior of a stratum's share: Jeffreys' where affluent are common, one that expects fewer in the lower strata.
COMMON, RARE = (0.5, 0.5), (0.3, 0.7)
RARE_STRATA = 2
# The surest rows are a tenth as many as are tagged, and at least 50: enough to read a share within 14 points.
SUREST_SHARE, FEWEST_SUREST = 0.1, 50
PURITY_LIMITS = (0.02, 0.98)
# Classes that overlap make the purity too low and the count of hidden by it too high: half of it is the low end.
LOW_SHARE = 0.5
# Thresholds tried for the best bin, at equal steps of the tagged, and the level of the bounds at each of them: high,
# since the smallest of a hundred bounds is taken.
THRESHOLDS = 100
BOUND_LEVEL = 0.99


@dataclass(frozen=True)
class HiddenCount:
    """How many affluent are hidden among the unlabelled: `low` to `high`, and `value` where there is an estimate.

    `level` is the confidence of the interval; None when `low` to `high` is a range between two estimates.
    """

    low: float
    high: float
    value: float | None
    assumption: str
    level: float | None = 0.9

    def __str__(self) -> str:
        reach = f"{self.low:,.0f} to {self.high:,.0f}"
        if self.level is not None:
            reach = f"{self.level:.0%}: {reach}"
        return f"{reach} (a range, not an interval)" if self.value is None else f"{self.value:,.0f} ({reach})"


@dataclass(frozen=True)
class _Reviewers:
    """How often a reviewer is wrong: `missed` of the affluent, `wrongly_named` of the others."""

    missed: float
    wrongly_named: float

    def affluent(self, confirmed: Draws, customers: float) -> Draws:
        """The affluent among `customers` of whom `confirmed` are or would be confirmed (Rogan & Gladen 1978).

        Clipped to none and all of them. Never a single stratum's: the strata below none would count as none, those
        above would stand, and the sum would come out too high.
        """
        share = (confirmed / customers - self.wrongly_named) / (1 - self.missed - self.wrongly_named)
        return customers * np.clip(share, 0, 1)


@dataclass(frozen=True)
class _Batch:
    """The strata of one batch beside each other: customers (nan when nobody knows), reviewed, confirmed, prior."""

    sizes: Draws
    reviewed: NDArray[np.int64]
    confirmed: NDArray[np.int64]
    prior: Draws

    @property
    def counts(self) -> bool:
        return not bool(np.isnan(self.sizes).any())

    def confirmed_in_all(self) -> Draws:
        """How many of all customers would be confirmed, as the sample says: one figure."""
        return np.array([float(self.sizes @ (self.confirmed / self.reviewed))])

    def draw(self, random: np.random.Generator, *, prior_share: float) -> Draws:
        """Draws of how many of all customers would be confirmed: the reviewed as they are, the others from a Beta."""
        first, second = prior_share * self.prior.T
        shares = random.beta(first + self.confirmed, second + self.reviewed - self.confirmed, (DRAWS, len(self.sizes)))
        unseen = random.binomial(self.sizes.astype(np.int64) - self.reviewed, shares)
        return np.asarray((self.confirmed + unseen).sum(axis=1), dtype=np.float64)


def count_of_review(
    review_strata: NDArray[np.int64],
    weights: NDArray[np.float64],
    verdicts: NDArray[np.int8],
    *,
    missed: float = 0.0,
    wrongly_named: float = 0.0,
    seed: int,
) -> HiddenCount:
    """The hidden affluent among those who were unlabelled and not yet reviewed when the first batch was drawn.

    The arrays are a review of unlabelled customers drawn by `sample_review`. The point is the sum of N_h x_h / n_h over
    the strata; the interval is that of draws from each stratum's Beta posterior, with a binomial for those not
    reviewed. A later batch adds what the earlier ones confirmed, and batches are averaged by their reviewed. Known
    careless reviewers, who miss a share `missed` of the affluent and wrongly name `wrongly_named` of the others, are
    corrected for (Rogan & Gladen 1978, American Journal of Epidemiology 107). A batch with a weight missing is only
    known to later batches. Assumes that those without a verdict are like those with one in their stratum.

    Errors: UserError when no batch has its weights, or when the reviewers are no better than a coin.
    """
    _require_reviewers(missed, wrongly_named)
    batches = _batches(review_strata, weights, verdicts)
    if not any(batch.counts for batch in batches):
        raise UserError(
            f"The {len(weights)} reviewed customers hold no review sample with a weight on every row, so nobody knows "
            "for how many they speak. Review customers whom the sample drew, at least one in each stratum."
        )
    reviewers = _Reviewers(missed, wrongly_named)
    value, draws = _averaged(batches, reviewers, np.random.default_rng(seed))
    low, high = np.quantile(draws, QUANTILES)
    return HiddenCount(
        low=float(min(low, value)), high=float(max(high, value)), value=value, assumption=_assumption(reviewers)
    )


def range_under_scar(labelled_probability: NDArray[np.float64], tags: NDArray[np.int8]) -> HiddenCount:
    """A range for the hidden affluent from the tags alone: from half the top-purity estimate to the best bin's.

    The first takes the share tagged among the surest for the label frequency (Elkan & Noto 2008). The second is the
    smallest upper bound, over thresholds z, of the share of the unlabelled above z to that of the tagged (Garg et al.
    2021, NeurIPS, with Wilson's bounds at each threshold). Assumes that the tagged are a random part of the affluent,
    and that `labelled_probability` is out of fold. It is no interval: it has no confidence.

    Errors: UserError when nobody is tagged.
    """
    tagged = int(tags.sum())
    if not tagged:
        raise UserError(f"None of {len(tags)} customers is tagged affluent; how many are hidden cannot be bounded.")
    unlabelled = len(tags) - tagged
    purity = top_purity(labelled_probability, tags)
    by_purity = min(float(unlabelled), LOW_SHARE * tagged * (1 - purity) / purity)
    by_best_bin = unlabelled * _best_bin(labelled_probability[tags == 0], labelled_probability[tags == 1])
    return HiddenCount(
        low=min(by_purity, by_best_bin),
        high=max(by_purity, by_best_bin),
        value=None,
        assumption="holds only if tagging picks among the affluent at random",
        level=None,
    )


def top_purity(labelled_probability: NDArray[np.float64], tags: NDArray[np.int8]) -> float:
    """The share tagged among the surest: a tenth as many rows as are tagged, at least 50; between 0.02 and 0.98.

    Rows that share the last place count by their common share. Under SCAR, with classes that do not overlap, this is
    the label frequency. Near 1, either almost nobody is hidden or the tag follows a rule: the tags cannot tell which.
    """
    surest = min(len(tags), max(FEWEST_SUREST, round(SUREST_SHARE * int(tags.sum()))))
    if not surest:
        return PURITY_LIMITS[0]
    last = np.partition(labelled_probability, -surest)[-surest]
    above, level = labelled_probability > last, labelled_probability == last
    tagged = float(tags[above].sum()) + (surest - int(above.sum())) * float(tags[level].mean())
    return float(np.clip(tagged / surest, *PURITY_LIMITS))


def _require_reviewers(missed: float, wrongly_named: float) -> None:
    if missed < 0 or wrongly_named < 0 or not missed + wrongly_named < 1:
        raise UserError(
            f"The reviewers are said to miss {missed:g} of the affluent and to name {wrongly_named:g} of the others; "
            "give two shares from 0 that add up to less than 1, or their verdicts say nothing."
        )


def _assumption(reviewers: _Reviewers) -> str:
    alike = "those without a verdict are like those with one in the same stratum"
    if not reviewers.missed and not reviewers.wrongly_named:
        return f"verdicts are right, and {alike}"
    return (
        f"reviewers miss {reviewers.missed:.1%} of the affluent and wrongly name {reviewers.wrongly_named:.1%} of the "
        f"others, and {alike}"
    )


def _batches(strata: NDArray[np.int64], weights: NDArray[np.float64], verdicts: NDArray[np.int8]) -> list[_Batch]:
    """The batches, the first one first; what was not drawn by us is left out."""
    of_rows = strata // BATCH_STRIDE
    masks = [of_rows == batch for batch in np.unique(of_rows[strata >= 0])]
    return [_batch(strata[mask], weights[mask], verdicts[mask]) for mask in masks]


def _batch(strata: NDArray[np.int64], weights: NDArray[np.float64], verdicts: NDArray[np.int8]) -> _Batch:
    numbers, places = np.unique(strata, return_inverse=True)
    reviewed = np.bincount(places)
    rare = np.arange(len(numbers)) >= max(1, len(numbers) - RARE_STRATA)
    return _Batch(
        sizes=np.maximum(reviewed, np.rint(np.bincount(places, weights=weights))),
        reviewed=reviewed,
        confirmed=np.bincount(places, weights=verdicts).astype(np.int64),
        prior=np.where(rare[:, None], RARE, COMMON),
    )


def _averaged(batches: list[_Batch], reviewers: _Reviewers, random: np.random.Generator) -> tuple[float, Draws]:
    """The point and the draws of the total, averaged over the batches whose strata have a size.

    The batches share one prior, by their reviewed: it leans upward in small samples, and a whole one in each batch
    would lean in all of them while the interval narrows.
    """
    points, draws, found_before = [], [], 0.0
    reviewed = np.array([int(batch.reviewed.sum()) for batch in batches if batch.counts], dtype=np.float64)
    shares = iter(reviewed / reviewed.sum())
    for batch in batches:
        if batch.counts:
            total = float(batch.sizes.sum())
            points.append(found_before + float(reviewers.affluent(batch.confirmed_in_all(), total)[0]))
            drawn = batch.draw(random, prior_share=next(shares))
            draws.append(found_before + reviewers.affluent(drawn, total))
        found = np.array([float(batch.confirmed.sum())])
        found_before += float(reviewers.affluent(found, float(batch.reviewed.sum()))[0])
    return float(np.average(points, weights=reviewed)), np.average(draws, axis=0, weights=reviewed)


def _best_bin(unlabelled: NDArray[np.float64], tagged: NDArray[np.float64]) -> float:
    """The smallest upper bound of the share affluent among the unlabelled, at most 1."""
    if not len(unlabelled):
        return 0.0
    steps = np.linspace(0, 1, THRESHOLDS, endpoint=False)
    thresholds = np.unique(np.quantile(tagged, steps, method="lower"))
    return min(1.0, *(_bound(unlabelled >= z, tagged >= z) for z in thresholds))


def _bound(unlabelled_above: NDArray[np.bool_], tagged_above: NDArray[np.bool_]) -> float:
    """The upper bound of one share over the lower bound of the other."""
    upper = wilson(int(unlabelled_above.sum()), len(unlabelled_above), level=BOUND_LEVEL).high
    return upper / wilson(int(tagged_above.sum()), len(tagged_above), level=BOUND_LEVEL).low
