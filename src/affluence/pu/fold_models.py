"""A trained model: the fold models of one learner, and which customers each of them never saw.

A known customer's row, today's or next month's, is scored by the fold model that never saw that customer; an unknown
customer's by all of them, as the mean of their log-odds.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from affluence.data.contract import Contract
from affluence.data.doctor import CellRule, apply_cell_rules
from affluence.evaluation.sketches import Sketch
from affluence.features.definitions import Feature, compute_features, features_of
from affluence.features.preprocessing import Design, Preprocessing
from affluence.pu.cross_fitting import UNKNOWN_FOLD, Digests, FoldMap, Folds, customer_digests, score_by_folds
from affluence.pu.discovery import Discovery
from affluence.pu.learners.protocol import FittedLearner, LogOdds, Method
from affluence.pu.second_layer import FoldFinder

ALL_MODELS = UNKNOWN_FOLD


@dataclass(frozen=True)
class TrainedModel:
    """Everything that scoring needs: contract, fitted features, fold models, and the map from customer to fold.

    `calibrated` says whether its log-odds, turned into shares, were found to be probabilities of the tag. `rules` are
    what was done to cells of the training table; they are done to every table that is scored. `discovery` is what was
    learned beside the ranking; `sketch` the training table as counts, None of a model of before these were kept. `rate`
    is the share of those without a tag whom it learned from.
    """

    contract: Contract
    learner: Method
    preprocessing: Preprocessing
    models: tuple[FittedLearner, ...]
    fold_map: FoldMap
    calibrated: bool
    discovery: Discovery
    rules: tuple[CellRule, ...] = ()
    sketch: Sketch | None = None
    rate: float = 1.0

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The features it was trained on, in order."""
        return features_of(self.contract)


@dataclass(frozen=True)
class Scored:
    """Log-odds of each row, and which fold's model gave them (`ALL_MODELS` where the mean of all did).

    `log_odds` are of the tag, `hidden` of being affluent without one; `digests` are the customers' own.
    """

    log_odds: LogOdds
    hidden: LogOdds
    fold: NDArray[np.int8]
    digests: Digests
    unseen: dict[str, int]


def score_customers(model: TrainedModel, customers: pl.DataFrame) -> Scored:
    """The scores of `customers`, row by row, each from models that never saw that customer.

    `customers` has the contract's columns by our names and `customer_id`; the tag is not looked at.
    """
    digests = customer_digests(customers["customer_id"], key=model.fold_map.key)
    design, folds = _design(model, customers), model.fold_map.folds_by(digests)
    log_odds, hidden = score_by_folds(model.models, design, folds)
    unseen = {name: count for name, count in design.unseen.items() if count}
    # Among those learned from, tags are more frequent than in the table (`affluence.pu.sampled`).
    return Scored(log_odds=log_odds + np.log(model.rate), hidden=hidden, fold=folds, digests=digests, unseen=unseen)


def review_order(model: TrainedModel, customers: pl.DataFrame) -> NDArray[np.float64]:
    """By what review sheets are drawn: halfway between the ranking by the tag and the one wholly corrected for tagging.

    Where the two disagree a verdict tells most of which is right. Each customer is scored as in `score_customers`.
    """
    design, folds = placed(model, customers)
    wholly = [fitted.wholly_corrected() if isinstance(fitted, FoldFinder) else fitted for fitted in model.models]
    order: NDArray[np.float64] = np.sum([rankdata(view) for view in score_by_folds(wholly, design, folds)], axis=0)
    return order


def placed(model: TrainedModel, customers: pl.DataFrame) -> tuple[Design, Folds]:
    """The customers as the fold models read them, and the fold in which each was trained on; -1 for a new one."""
    return _design(model, customers), model.fold_map.folds_of(customers["customer_id"])


def _design(model: TrainedModel, customers: pl.DataFrame) -> Design:
    treated = apply_cell_rules(customers, model.rules)
    return model.preprocessing.design(compute_features(treated, features=model.features))
