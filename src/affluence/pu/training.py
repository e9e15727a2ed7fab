"""Training: every learner cross-fitted on one deal of folds, and the champion's fold models kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import expit

from affluence.data.contract import Contract
from affluence.data.doctor import CellRule
from affluence.errors import UserError
from affluence.evaluation.results import Evaluation
from affluence.evaluation.sketches import Sketch, lay_sketch
from affluence.features.definitions import features_of
from affluence.features.preprocessing import Preprocessing, fit_preprocessing
from affluence.pu.class_prior import range_under_scar
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
from affluence.pu.discovery import Discovery
from affluence.pu.finder import AffluentFinder
from affluence.pu.finder_input import FEWEST_FOLDS
from affluence.pu.finder_method import FINDER_KEY, method_of
from affluence.pu.fold_models import TrainedModel
from affluence.pu.learners import learner_of
from affluence.pu.learners.effort import Mode
from affluence.pu.learners.protocol import Tags
from affluence.pu.sampled import Sample, of_the_table, sample_of
from affluence.pu.tuned import NOT_TUNED, Tuned

RANKS_BY_THE_TAG = (
    "The ranking is that of the tag: it finds those who look like the tagged, and takes tags to be given at random "
    "among the affluent. The finder corrects for selective tagging; this learner does not."
)


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
    discovery: Discovery | None = None
    sketch: Sketch | None = None
    sample: Sample | None = None

    def fit_of(self, key: str) -> CrossFit:
        """The cross-fit of one learner."""
        return next(fit for fit in self.fits if fit.learner.key == key)

    def typical(self) -> "Training":
        """The training with the rows of a plain sample of the table alone, and log-odds of the tag as in the table."""
        if self.sample is None:
            return self
        rows, moved = self.sample.typical, self.sample.log_rate
        fits = [replace(fit, out_of_fold=fit.out_of_fold[rows] + moved, hidden=fit.hidden[rows]) for fit in self.fits]
        return replace(self, tags=self.tags[rows], folds=self.folds[rows], fits=tuple(fits), sample=None)


def train(
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
    *,
    learners: Sequence[str],
    folds: int,
    seed: int,
    mode: Mode = "accurate",
    review: pl.DataFrame | None = None,
    rules: tuple[CellRule, ...] = (),
    tuned: Tuned = NOT_TUNED,
) -> Training:
    """Each of `learners` (keys) cross-fitted on the same folds; customers, not rows, are split.

    `customers` and `features` are row by row the same customers; `rules` is what was done to their cells. `mode` and
    `review` (positions in `customers` with verdicts) concern the finder alone; `tuned` settings take the place of the
    learners' own, and the finder's parts have those of XGBoost and of the logistic regression. A column
    `sampling_weight` tells that the customers are a sample (`affluence.pu.sampled`). The result does not depend on the
    order of the rows.

    Errors: UserError when the table has no tag, no learner is named, there are too few customers for the folds, or the
    settings were tuned for another table.
    """
    tuned.require_table(contract.table)
    require_trainable(customers, contract, learners=learners, folds=folds)
    tags = customers["tag"].to_numpy().astype(np.int8)
    digests = customer_digests(customers["customer_id"], key=seed)
    fold_of_row = deal_folds(digests, tags, folds=folds)
    preprocessing = fit_preprocessing(features, features=features_of(contract))
    sample = sample_of(customers, seed=seed)
    typical = customers if sample is None else customers.filter(sample.typical)
    order = canonical_order(digests, features)
    design = preprocessing.design(features).rows(order)
    back, fits, discovery = np.argsort(order), [], None
    for key in learners:
        if key == FINDER_KEY:
            finder = _fit_finder(
                customers, features, contract, folds=folds, seed=seed, mode=mode, review=review, tuned=tuned
            )
            fits.append(finder.cross_fit())
            discovery = finder.discovery()
        else:
            fit = cross_fit(learner_of(key, tuned.settings_of(key)), design, tags[order], fold_of_row[order], seed=seed)
            out_of_fold = fit.out_of_fold[back]
            fits.append(replace(fit, out_of_fold=out_of_fold, hidden=out_of_fold))
    return Training(
        contract=contract,
        tags=tags,
        folds=fold_of_row,
        fold_map=map_folds(digests, fold_of_row, key=seed),
        preprocessing=preprocessing,
        fits=tuple(fits),
        seed=seed,
        rules=rules,
        discovery=discovery,
        sketch=lay_sketch(typical, contract.feature_columns),
        sample=sample,
    )


def choose(training: Training, evaluation: Evaluation) -> TrainedModel:
    """The trained model of the champion that `evaluation` names."""
    champion, sample = training.fit_of(evaluation.champion), training.sample
    discovery = _discovery(training, champion)
    return TrainedModel(
        contract=training.contract,
        learner=champion.learner,
        preprocessing=training.preprocessing,
        models=champion.models,
        fold_map=training.fold_map,
        calibrated=evaluation.reliability.calibrated,
        rules=training.rules,
        discovery=discovery if sample is None else of_the_table(discovery, sample),
        sketch=training.sketch
        and training.sketch.with_score(champion.hidden if sample is None else champion.hidden[sample.typical]),
        rate=1.0 if sample is None else sample.rate,
    )


def _discovery(training: Training, champion: CrossFit) -> Discovery:
    """What the finder learned, or what a learner of the tag leaves open."""
    if champion.learner.key == FINDER_KEY and training.discovery is not None:
        return training.discovery
    return Discovery(
        mode=champion.learner.key,
        drivers=(),
        reviewed=0,
        hidden_count=range_under_scar(expit(champion.out_of_fold), training.tags),
        shift=None,
        warnings=(RANKS_BY_THE_TAG,),
        counted_among=int((training.tags == 0).sum()),
    )


def _fit_finder(
    customers: pl.DataFrame,
    features: pl.DataFrame,
    contract: Contract,
    *,
    folds: int,
    seed: int,
    mode: Mode,
    review: pl.DataFrame | None,
    tuned: Tuned,
) -> AffluentFinder:
    drivers = [column.name for column in contract.tag_drivers if column.name in features.columns]
    finder = AffluentFinder(
        mode=mode,
        tag_drivers=drivers or None,
        cv=folds,
        random_state=seed,
        boosting=tuned.settings_of("xgboost"),
        scorecard=tuned.settings_of("logistic"),
    )
    known = review if review is not None and review.height else None
    return finder.fit(features, customers["tag"].to_numpy(), groups=customers["customer_id"].to_numpy(), review=known)


def require_trainable(customers: pl.DataFrame, contract: Contract, *, learners: Sequence[str], folds: int) -> None:
    """Nothing, where these customers can be trained on. Errors: UserError that says why they cannot be."""
    if "tag" not in customers.columns:
        raise UserError(
            f"The table has no tag column '{contract.tag.source}'. Training needs the bank's tag; "
            "a table without it can be scored (affluence score)."
        )
    if not learners:
        raise UserError("No learner is named. Name at least one in the training parameters.")
    for key in learners:
        method_of(key)
    fewest = FEWEST_FOLDS if FINDER_KEY in learners else 2
    if folds < fewest:
        raise UserError(f"Cross-fitting needs at least {fewest} folds; {folds} was asked for.")
