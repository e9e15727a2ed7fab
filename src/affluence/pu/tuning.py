"""Tuning: which settings of one learner find most of the tagged at the capacity, out of fold.

It compares settings of one learner with each other and nothing else. It never chooses between the finder and a learner
of the tag, nor what the finder assumes of the tagging: figures against the tag reward whoever repeats the tagging.

The best of many trials on the same folds looks better than it is. So the best is held against the default settings once
more, on folds that are dealt anew and with other samples of rows and columns, and is used only if it wins there.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import numpy as np
import polars as pl
from joblib import cpu_count
from sklearn.metrics import average_precision_score

from affluence.data.contract import Contract
from affluence.errors import UserError
from affluence.evaluation.ranking import capacity_curve, recall_at, recall_difference
from affluence.evaluation.results import Estimate
from affluence.features.definitions import features_of
from affluence.features.preprocessing import Design, fit_preprocessing
from affluence.pu.cross_fitting import Folds, canonical_order, cross_fit, customer_digests, deal_folds
from affluence.pu.finder_method import FINDER_KEY
from affluence.pu.learners import learner_of
from affluence.pu.learners.protocol import Learner, LogOdds, Tags
from affluence.pu.learners.settings import BOUNDS, Settings
from affluence.pu.side_by_side import side_by_side
from affluence.pu.training import require_trainable

# The finder's boosters have the settings of XGBoost, its scorecards those of the logistic regression.
PARTS_OF_FINDER = ("xgboost", "logistic")
# Average precision decides between settings that find equally many, and never counts as much as one tagged customer.
TIE_BREAK = 0.5
# How far the seed of the fresh folds stands from that of the search: no seed that people try is as far from another.
FRESH = 1_000_003

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Ground:
    """Customers of one table dealt to folds, on which settings are compared; rows stand in an order of their own."""

    table: str
    design: Design
    tags: Tags
    folds: Folds
    seed: int
    capacity_share: float

    @property
    def fold_count(self) -> int:
        """Into how many folds the customers are dealt."""
        return int(self.folds.max()) + 1

    def capacity(self, rows: int | None = None) -> int:
        """How many of `rows` rows (of all, when not given) can be contacted."""
        return max(1, round(self.capacity_share * (len(self.tags) if rows is None else rows)))

    def digest(self, key: str) -> str:
        """A digest of everything that makes trials of one learner comparable: change any of it, and it is another.

        That is the table as the learner sees it, the tags, the folds, the seed, the capacity, the learner's own
        settings and their bounds.
        """
        design = self.design
        told = (design.names, design.categories, self.seed, self.capacity_share, key)
        hashed = sha256(repr((told, sorted(learner_of(key).settings.items()), BOUNDS[key])).encode())
        for array in (design.matrix, self.tags, self.folds):
            hashed.update(repr((array.shape, array.dtype.str)).encode())
            hashed.update(np.ascontiguousarray(array).tobytes())
        return hashed.hexdigest()


@dataclass(frozen=True)
class FoldRecall:
    """What a trial found in one fold: its recall at capacity there, and `so_far` the sum of them by all folds' number.

    `so_far` only grows, so that the latest is the best of a trial: what is compared after a fold is what is known then.
    """

    fold: int
    recall: float
    so_far: float


@dataclass(frozen=True)
class Found:
    """What settings found on a ground, out of fold and against the tag: recall at capacity, and average precision."""

    recall: float
    average_precision: float
    tagged: int

    @property
    def worth(self) -> float:
        """What is searched for: the recall, ties decided by the average precision."""
        return self.recall + TIE_BREAK * self.average_precision / self.tagged


@dataclass(frozen=True)
class Trial:
    """One trial: its settings, what came of it, and its recall in each fold it reached; `found` if it is complete."""

    number: int
    settings: Settings
    state: State
    fold_recalls: tuple[float, ...]
    found: Found | None = None


@dataclass(frozen=True)
class Judgement:
    """The best settings of a search against the default ones, on folds dealt anew with `seed`.

    Recalls are at the capacity, out of fold and against the tag; `difference` is that of the tuned less the default.
    """

    seed: int
    default: Estimate
    tuned: Estimate
    difference: Estimate

    @property
    def tuned_is_better(self) -> bool:
        """Whether the whole interval of the difference is above 0."""
        return self.difference.low > 0


def tunable(keys: Sequence[str]) -> tuple[str, ...]:
    """The learners to tune, each once: all of them when none is named; the finder stands for its parts.

    Errors: UserError that lists the known keys.
    """
    named = [part for key in keys for part in (PARTS_OF_FINDER if key == FINDER_KEY else (key,))]
    for key in named:
        if key not in BOUNDS:
            raise UserError(
                f"There is no learner '{key}' to tune. Choose among {', '.join(BOUNDS)}; {FINDER_KEY} tunes its parts, "
                f"{' and '.join(PARTS_OF_FINDER)}."
            )
    return tuple(dict.fromkeys(named)) or tuple(BOUNDS)


def require_budget(minutes: float, trials: int | None) -> None:
    """Nothing, where there is something to spend. Errors: UserError when there is not."""
    if not (math.isfinite(minutes) and minutes > 0):
        raise UserError(f"The budget is {minutes:g} minutes; give a number above 0 (--minutes).")
    if trials is not None and trials < 1:
        raise UserError(f"The budget is {trials} trials; give at least 1, or none to go by minutes alone (--trials).")


def default_settings(key: str) -> Settings:
    """The settings of the learner that tuning may change, as they are untuned."""
    settings = learner_of(key).settings
    return {bound.name: settings[bound.name] for bound in BOUNDS[key]}  # type: ignore[misc]


def lay_ground(
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
    *,
    folds: int,
    seed: int,
    capacity_share: float,
) -> Ground:
    """The ground on which `train` with the same folds and seed would cross-fit these customers.

    Errors: UserError when the table has no tag, there are too few customers for the folds, or the share is not above 0
    and at most 1.
    """
    if not 0 < capacity_share <= 1:
        raise UserError(f"The capacity is {capacity_share} of the table; give a share above 0 and at most 1.")
    require_trainable(customers, contract, learners=list(BOUNDS), folds=folds)
    tags = customers["tag"].to_numpy().astype(np.int8)
    digests = customer_digests(customers["customer_id"], key=seed)
    dealt = deal_folds(digests, tags, folds=folds)
    order = canonical_order(digests, features)
    preprocessing = fit_preprocessing(features, features=features_of(contract))
    design = preprocessing.design(features).rows(order)
    return Ground(contract.table, design, tags[order], dealt[order], seed, capacity_share)


def try_settings(key: str, settings: Settings, ground: Ground, *, after_fold: Callable[[FoldRecall], None]) -> Found:
    """What the learner of that key finds with `settings`, every customer scored by a model that never saw them.

    `after_fold` is told of each fold in turn, and may raise to end the trial.

    Errors: UserError when the settings cannot be used; whatever `after_fold` raises.
    """
    learner = learner_of(key, settings)
    out_of_fold = np.full(len(ground.tags), np.nan)
    so_far = 0.0
    for fold, scores in _folds_in_turn(learner, ground):
        held_out = ground.folds == fold
        out_of_fold[held_out] = scores
        recall = recall_at(scores, ground.tags[held_out], capacity=ground.capacity(int(held_out.sum())))
        so_far += recall / ground.fold_count
        after_fold(FoldRecall(fold, recall, so_far))
    return Found(
        recall=recall_at(out_of_fold, ground.tags, capacity=ground.capacity()),
        average_precision=float(average_precision_score(ground.tags, out_of_fold)),
        tagged=int(ground.tags.sum()),
    )


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The complete trial that is worth most, of equal ones the first; None when none is complete."""
    complete = [(trial.found.worth, -trial.number, trial) for trial in trials if trial.found is not None]
    return max(complete, key=lambda one: one[:2])[2] if complete else None


def judge(key: str, settings: Settings, fresh: Ground) -> Judgement:
    """`settings` against the default ones on a `fresh` ground, on which nothing was searched; see `fresh_seed`."""
    default = _out_of_fold(learner_of(key), fresh)
    same = settings == default_settings(key)
    tuned = default if same else _out_of_fold(learner_of(key, settings), fresh)
    return Judgement(
        seed=fresh.seed,
        default=_recall(default, fresh),
        tuned=_recall(tuned, fresh),
        difference=recall_difference(tuned, default, fresh.tags, capacity=fresh.capacity()),
    )


def fresh_seed(seed: int) -> int:
    """The seed of the folds on which the outcome of a search with `seed` is judged."""
    return seed + FRESH


def _folds_in_turn(learner: Learner, ground: Ground) -> Iterator[tuple[int, LogOdds]]:
    """Each fold and the log-odds of its rows, fitted a few at a time so that a trial can end in between."""

    def score(fold: int) -> tuple[int, LogOdds]:
        held_out = ground.folds == fold
        inside = ~held_out
        model = learner.fit(ground.design.rows(inside), ground.tags[inside], seed=ground.seed + fold)
        return fold, model.log_odds(ground.design.rows(held_out))

    at_a_time = cpu_count()
    for first in range(0, ground.fold_count, at_a_time):
        together = range(first, min(first + at_a_time, ground.fold_count))
        # Taken whole, for a trial that ends must leave no fit behind that somebody still works on.
        yield from list(side_by_side(score, together, stage=None))


def _out_of_fold(learner: Learner, ground: Ground) -> LogOdds:
    return cross_fit(learner, ground.design, ground.tags, ground.folds, seed=ground.seed).out_of_fold


def _recall(scores: LogOdds, ground: Ground) -> Estimate:
    (at_capacity,) = capacity_curve(scores, ground.tags, capacities=[ground.capacity()], seed=ground.seed)
    return at_capacity.recall
