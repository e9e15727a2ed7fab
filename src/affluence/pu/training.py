"""Training: every learner cross-fitted on one deal of folds, and the champion's fold models kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from affluence.data.contract import Contract
from affluence.data.doctor import CellRule
from affluence.errors import UserError
from affluence.evaluation.results import Evaluation
from affluence.features.definitions import features_of
from affluence.features.preprocessing import Preprocessing, fit_preprocessing
from affluence.pu.cross_fitting import (
    CrossFit,
    FoldMap,
    Folds,
    canonical_order,
    cross_fit,
    customer_digests,
    deal_folds,
    map_folds,
)
from affluence.pu.fold_models import TrainedModel
from affluence.pu.learners import learner_of
from affluence.pu.learners.protocol import Tags


@dataclass(frozen=True)
class Training:
    """What one training gave: tags and folds row by row, the fitted features, and every learner cross-fitted."""

    contract: Contract
    tags: Tags
    folds: Folds
    fold_map: FoldMap
    preprocessing: Preprocessing
    fits: tuple[CrossFit, ...]
    seed: int
    rules: tuple[CellRule, ...] = ()

    def fit_of(self, key: str) -> CrossFit:
        """The cross-fit of one learner."""
        return next(fit for fit in self.fits if fit.learner.key == key)


def train(
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
    *,
    learners: Sequence[str],
    folds: int,
    seed: int,
    rules: tuple[CellRule, ...] = (),
) -> Training:
    """Each of `learners` (keys) cross-fitted on the same folds; customers, not rows, are split.

    `customers` and `features` are row by row the same customers; `rules` is what was done to their cells. The result
    does not depend on the order of the rows.

    Errors: UserError when the table has no tag, no learner is named, or there are too few customers for the folds.
    """
    chosen = [learner_of(key) for key in learners]
    _require_trainable(customers, contract, chosen=len(chosen), folds=folds)
    tags = customers["tag"].to_numpy().astype(np.int8)
    digests = customer_digests(customers["customer_id"], key=seed)
    fold_of_row = deal_folds(digests, tags, folds=folds)
    preprocessing = fit_preprocessing(features, features=features_of(contract))
    order = canonical_order(digests, features)
    design = preprocessing.design(features).rows(order)
    in_order = [cross_fit(learner, design, tags[order], fold_of_row[order], seed=seed) for learner in chosen]
    back = np.argsort(order)
    return Training(
        contract=contract,
        tags=tags,
        folds=fold_of_row,
        fold_map=map_folds(digests, fold_of_row, key=seed),
        preprocessing=preprocessing,
        fits=tuple(CrossFit(fit.learner, fit.models, fit.out_of_fold[back]) for fit in in_order),
        seed=seed,
        rules=rules,
    )


def choose(training: Training, evaluation: Evaluation) -> TrainedModel:
    """The trained model of the champion that `evaluation` names."""
    champion = training.fit_of(evaluation.champion)
    return TrainedModel(
        contract=training.contract,
        learner=champion.learner,
        preprocessing=training.preprocessing,
        models=champion.models,
        fold_map=training.fold_map,
        calibrated=evaluation.reliability.calibrated,
        rules=training.rules,
    )


def _require_trainable(customers: pl.DataFrame, contract: Contract, *, chosen: int, folds: int) -> None:
    if "tag" not in customers.columns:
        raise UserError(
            f"The table has no tag column '{contract.tag.source}'. Training needs the bank's tag; "
            "a table without it can be scored (affluence score)."
        )
    if not chosen:
        raise UserError("No learner is named. Name at least one in the training parameters.")
    if folds < 2:
        raise UserError(f"Cross-fitting needs at least 2 folds; {folds} was asked for.")
