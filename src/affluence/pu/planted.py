"""Plant and recover: known tags are hidden, everything is refitted, and it is told how many the list brings back.

This is what a bank can prove on its own table before it trusts a list: the truth about those whom it hid itself is
known. Beside it stand the coin flips: with tags dealt out at random there is nothing to find, and a finder that finds
something all the same has seen what it should not. All is told by customer; a customer with several records has the
score of the best of them, and all tags of a customer are hidden together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from affluence import progress
from affluence.errors import UserError
from affluence.evaluation.calibration import LEVEL, wilson
from affluence.evaluation.ranking import recall_at, recall_difference
from affluence.evaluation.results import Estimate
from affluence.features.preprocessing import fit_preprocessing
from affluence.pu.cross_fitting import Digests, canonical_order, cross_fit, customer_digests, deal_folds
from affluence.pu.driver_ranks import fit_driver_ranks, rank_matrix
from affluence.pu.finder import AffluentFinder
from affluence.pu.frames import described, features_of_frame
from affluence.pu.honesty import CoinFlips, Honesty, Recovery, RecoveryPoint, sentences_about
from affluence.pu.learners.effort import Mode
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.protocol import Tags
from affluence.pu.planting import (
    FEWEST_CUSTOMERS,
    WAYS,
    Customers,
    Mask,
    Way,
    count_to_plant,
    plant,
    read_tags,
    require_alike,
)

__all__ = [
    "CoinFlips",
    "Honesty",
    "Recovery",
    "RecoveryPoint",
    "Way",
    "coin_flips",
    "plant",
    "plant_and_recover",
    "prove",
]

Floats = NDArray[np.float64]
Table = Any

# Folds of the single booster by whose labelled probability customers stand where no tag driver is declared.
STANDING_FOLDS = 5
# Between the seeds of two repeats, so that neighbouring seeds share no planting.
SEED_STRIDE = 10_000
# How many standard errors of Mann-Whitney the ranking of shuffled tags may reach. Where a column goes with the shuffled
# tags by chance it does so in all folds, so honest scores spread wider than independent ones: of 500 shuffles of 2,000
# customers one went beyond four standard errors and none beyond five, of ours as of a cross-validated logistic.
CHANCE_REACH = 5.0
CHANCE_ASSUMPTION = (
    f"Mann-Whitney under pure chance, normal approximation, {CHANCE_REACH:g} standard errors each way: "
    "folds share chance associations, so that honest scores spread wider than independent ones"
)


def plant_and_recover(
    X: Table,  # noqa: N803
    tags: Any,
    *,
    capacities: Sequence[int],
    groups: Any = None,
    tag_drivers: Sequence[str | int] | None = None,
    mode: Mode = "accurate",
    cv: int = 5,
    seed: int = 0,
    share: float = 0.3,
    repeats: int = 3,
    ways: Sequence[Way] = WAYS,
) -> tuple[Recovery, ...]:
    """What lists of `capacities` untagged customers bring back when `share` of the tagged customers are hidden.

    For each of `ways`, `repeats` times: hide, refit, rank the untagged by scores of models that never saw them. `X`,
    `groups`, `tag_drivers`, `mode` and `cv` are as for `AffluentFinder`. Selective hiding follows the mean rank on the
    tag drivers; without drivers, the labelled probability of a single booster, out of fold. A capacity above the number
    of untagged customers is taken as that number.

    Errors: UserError when there is nothing to hide, too few to learn from, or a capacity below 1.
    """
    trial = _Trial.of(X, tags, groups=groups, tag_drivers=tag_drivers, mode=mode, cv=cv, seed=seed)
    _require_plan(trial, capacities=capacities, share=share, repeats=repeats)
    ranks = trial.standing() if "selective" in ways else None
    recoveries = []
    for place, way in enumerate(ways):
        plants = []
        for repeat in range(repeats):
            plants.append(_replant(trial, share=share, way=way, ranks=ranks, seed=seed + SEED_STRIDE * repeat))
            progress.report(
                "Hiding known tags and finding them again", done=place * repeats + repeat + 1, total=len(ways) * repeats
            )
        recoveries.append(_recovery(trial, plants, way=way, capacities=capacities))
    return tuple(recoveries)


def coin_flips(
    X: Table,  # noqa: N803
    tags: Any,
    *,
    groups: Any = None,
    tag_drivers: Sequence[str | int] | None = None,
    mode: Mode = "accurate",
    cv: int = 5,
    seed: int = 0,
) -> CoinFlips:
    """How well the finder ranks the tags after they were shuffled among the customers, and what chance allows.

    A customer is tagged who has any tagged row, and after the shuffle in all of them. Errors: UserError when fewer
    than 20 customers are tagged or untagged.
    """
    trial = _Trial.of(X, tags, groups=groups, tag_drivers=tag_drivers, mode=mode, cv=cv, seed=seed)
    shuffled = np.random.default_rng(seed).permutation(trial.tagged)
    scores, labelled = trial.refit(shuffled[trial.customers.places].astype(np.int8), seed=seed)
    progress.report("Ranking shuffled tags", done=1, total=1)
    tagged = int(shuffled.sum())
    untagged = len(shuffled) - tagged
    reach = CHANCE_REACH * float(np.sqrt((tagged + untagged + 1) / (12 * tagged * untagged)))
    return CoinFlips(
        tagged=tagged,
        untagged=untagged,
        roc_auc=float(roc_auc_score(shuffled, scores)),
        labelled_roc_auc=float(roc_auc_score(shuffled, labelled)),
        low=max(0.0, 0.5 - reach),
        high=min(1.0, 0.5 + reach),
        assumption=CHANCE_ASSUMPTION,
    )


def prove(
    X: Table,  # noqa: N803
    tags: Any,
    *,
    table: str,
    capacities: Sequence[int],
    groups: Any = None,
    tag_drivers: Sequence[str | int] | None = None,
    mode: Mode = "accurate",
    cv: int = 5,
    seed: int = 0,
    share: float = 0.3,
    repeats: int = 3,
) -> Honesty:
    """Both proofs on one table, named `table`, with the sentences that say what was measured and what was not.

    Refits the finder 2 x `repeats` + 1 times, telling its progress. Errors: those of `plant_and_recover`.
    """
    recoveries = plant_and_recover(
        X,
        tags,
        capacities=capacities,
        groups=groups,
        tag_drivers=tag_drivers,
        mode=mode,
        cv=cv,
        seed=seed,
        share=share,
        repeats=repeats,
    )
    flips = coin_flips(X, tags, groups=groups, tag_drivers=tag_drivers, mode=mode, cv=cv, seed=seed)
    sentences = sentences_about(table, mode=mode, seed=seed, folds=cv, recoveries=recoveries, flips=flips)
    return Honesty(table, mode, seed, share, recoveries, flips, sentences)


@dataclass(frozen=True)
class _Trial:
    """A table to be fitted again and again with other tags; `tagged` are the customers who have a tag."""

    table: Table
    tags: Tags
    groups: NDArray[Any]
    digests: Digests
    customers: Customers
    tagged: Mask
    drivers: tuple[str | int, ...]
    mode: Mode
    cv: int
    seed: int

    @classmethod
    def of(
        cls,
        table: Table,
        tags: Any,
        *,
        groups: Any,
        tag_drivers: Sequence[str | int] | None,
        mode: Mode,
        cv: int,
        seed: int,
    ) -> "_Trial":
        known = read_tags(tags)
        ids = np.arange(len(known)) if groups is None else np.asarray(groups)
        require_alike(len(known), X=table, groups=ids)
        digests = customer_digests(ids, key=seed)
        customers = Customers.of(digests)
        tagged = customers.highest(known) > 0
        _require_both_kinds(int(tagged.sum()), customers.count)
        return cls(table, known, ids, digests, customers, tagged, tuple(tag_drivers or ()), mode, cv, seed)

    def refit(self, tags: Tags, *, seed: int) -> tuple[Floats, Floats]:
        """By customer, out of fold: the score to rank by and the labelled probability, learned from other tags."""
        finder = AffluentFinder(mode=self.mode, tag_drivers=self.drivers or None, cv=self.cv, random_state=seed)
        finder.fit(self.table, tags, groups=self.groups)
        return self.customers.highest(finder.out_of_fold_), self.customers.highest(finder.labelled_probability_)

    def standing(self) -> Floats:
        """By row: the mean rank on the tag drivers, or without drivers how likely a single booster thinks the tag."""
        features = features_of_frame(self.table)
        preprocessing = fit_preprocessing(features, features=described(features))
        design = preprocessing.design(features)
        if self.drivers:
            places = [_driver_place(driver, features.columns) for driver in self.drivers]
            mean: Floats = rank_matrix(fit_driver_ranks(design, self.tags, drivers=places), design).mean(axis=1)
            return mean
        order = canonical_order(self.digests, features)
        folds = deal_folds(self.digests, self.tags, folds=STANDING_FOLDS)[order]
        fit = cross_fit(GRADIENT_BOOSTING, design.rows(order), self.tags[order], folds, seed=self.seed)
        return fit.out_of_fold[np.argsort(order)]


@dataclass(frozen=True)
class _Plant:
    """One planting after the refit: of the untagged customers who was planted, and what both scores say."""

    planted: Tags
    scores: Floats
    labelled: Floats


def _replant(trial: _Trial, *, share: float, way: Way, ranks: Floats | None, seed: int) -> _Plant:
    hidden, tags = plant(trial.tags, trial.digests, share=share, way=way, ranks=ranks, seed=seed)
    scores, labelled = trial.refit(tags, seed=seed)
    untagged = trial.customers.highest(tags) == 0
    planted = trial.customers.highest(hidden)[untagged].astype(np.int8)
    return _Plant(planted, scores[untagged], labelled[untagged])


def _recovery(trial: _Trial, plants: Sequence[_Plant], *, way: Way, capacities: Sequence[int]) -> Recovery:
    planted, pool = int(plants[0].planted.sum()), len(plants[0].planted)
    asked = sorted({min(int(capacity), pool) for capacity in capacities})
    return Recovery(
        way=way,
        tagged=int(trial.tagged.sum()),
        planted=planted,
        repeats=len(plants),
        pool=pool,
        at=tuple(_point(plants, capacity) for capacity in asked),
        at_planted=_point(plants, planted),
    )


def _point(plants: Sequence[_Plant], capacity: int) -> RecoveryPoint:
    planted, pool = int(plants[0].planted.sum()), len(plants[0].planted)
    ours = [recall_at(p.scores, p.planted, capacity=capacity) for p in plants]
    labelled = [recall_at(p.labelled, p.planted, capacity=capacity) for p in plants]
    gains = [recall_difference(p.scores, p.labelled, p.planted, capacity=capacity) for p in plants]
    return RecoveryPoint(
        capacity=capacity,
        share=capacity / pool,
        recall=_recall_over_plantings(ours, planted=planted),
        labelled_recall=_recall_over_plantings(labelled, planted=planted),
        gain=_gain_over_plantings(gains),
        chance=capacity / pool,
    )


def _recall_over_plantings(recalls: Sequence[float], *, planted: int) -> Estimate:
    """The mean recall, and between what one more planting of as many customers would come to lie.

    The repeats draw from the same tagged customers, so they do not add up to more independent ones: Wilson's interval
    is taken at the trials of one planting, or at as few as give the variance between the plantings where that is wider.
    """
    value = float(np.mean(recalls))
    alone = value * (1 - value) / planted
    trials = planted * (alone / _variance(recalls, at_least=alone) if alone else 1.0)
    trials = max(1, round(trials / (1 + 1 / len(recalls))))
    around = wilson(round(value * trials), trials, level=LEVEL)
    assumption = (
        f"mean of {len(recalls)} plantings, and where one more would lie: Wilson interval of the {planted:,} customers "
        "of one planting, widened where plantings differ by more than that"
    )
    return Estimate(value, min(around.low, value), max(around.high, value), assumption, LEVEL)


def _gain_over_plantings(gains: Sequence[Estimate]) -> Estimate:
    value = float(np.mean([gain.value for gain in gains]))
    normal = float(norm.ppf(0.5 + LEVEL / 2))
    alone = float(np.mean([((gain.high - gain.low) / (2 * normal)) ** 2 for gain in gains]))
    variance = _variance([gain.value for gain in gains], at_least=alone) * (1 + 1 / len(gains))
    reach = normal * float(np.sqrt(variance))
    assumption = (
        f"mean of {len(gains)} plantings, and where one more would lie: paired difference on the same customers, "
        "normal approximation, widened where plantings differ by more than that"
    )
    return Estimate(value, value - reach, value + reach, assumption, LEVEL)


def _variance(values: Sequence[float], *, at_least: float) -> float:
    return max(at_least, float(np.var(values, ddof=1))) if len(values) > 1 else at_least


def _require_both_kinds(tagged: int, customers: int) -> None:
    for kind, count in (("tagged affluent", tagged), ("without a tag", customers - tagged)):
        if count < FEWEST_CUSTOMERS:
            raise UserError(
                f"The table holds {count} customers {kind}; at least {FEWEST_CUSTOMERS} are needed. "
                "Check the tag column and its values in the contract."
            )


def _require_plan(trial: _Trial, *, capacities: Sequence[int], share: float, repeats: int) -> None:
    count_to_plant(int(trial.tagged.sum()), share)
    if repeats < 1:
        raise UserError(f"repeats is {repeats}; at least 1 planting is needed.")
    for capacity in capacities:
        if not isinstance(capacity, int | np.integer) or capacity < 1:
            raise UserError(f"A capacity is {capacity!r}; wanted a whole number of customers, at least 1.")


def _driver_place(driver: str | int, columns: Sequence[str]) -> int:
    if isinstance(driver, int | np.integer) and 0 <= driver < len(columns):
        return int(driver)
    if driver not in columns:
        raise UserError(f"The tag driver {driver!r} is no column of the table. Its columns: {', '.join(columns)}.")
    return list(columns).index(str(driver))
