"""What a training is worth: every figure out of fold and against the tag, at the capacity of a campaign."""

import numpy as np
import polars as pl

from affluence.errors import UserError
from affluence.evaluation.calibration import log_loss, reliability
from affluence.evaluation.ranking import (
    average_precision,
    best_first,
    capacity_curve,
    confusion_at,
    recall_at,
    recall_difference,
    roc_auc,
)
from affluence.evaluation.results import Evaluation, Importance, InSampleComparison, LearnerResult
from affluence.features.definitions import features_of
from affluence.pu.cross_fitting import CrossFit
from affluence.pu.finder_method import FINDER_KEY
from affluence.pu.importance import shuffled_importance
from affluence.pu.in_sample import DESCRIPTION
from affluence.pu.learners.protocol import LogOdds
from affluence.pu.training import Training

# Shares of the table at which recall, precision and lift are told: fine at the top, where campaigns live.
CURVE_SHARES = (*(half_point / 200 for half_point in range(1, 40)), *(two / 50 for two in range(10, 51)))


def evaluate(
    training: Training,
    customers: pl.DataFrame,
    in_sample_scores: LogOdds,
    *,
    capacity_share: float,
    champion: str | None = None,
) -> Evaluation:
    """Everything measured about `training` at a capacity of `capacity_share` of the table.

    `customers` are those that were trained on; `in_sample_scores` are theirs the in-sample way, for comparison alone.
    `champion` names a learner; without a name it is the finder where it was fitted, else the learner that finds most of
    the tagged within the capacity. Figures against the tag never choose between the finder and a learner of the tag:
    they reward whoever repeats the tagging. Where those trained on are a sample with weights, all figures are measured
    on the rows of it that are a plain sample of the table.

    Errors: UserError when the share is not above 0 and at most 1, or the champion was not fitted.
    """
    if not 0 < capacity_share <= 1:
        raise UserError(f"The capacity is {capacity_share} of the table; give a share above 0 and at most 1.")
    if training.sample is not None:
        rows, moved = training.sample.typical, training.sample.log_rate
        customers, in_sample_scores, training = (
            customers.filter(rows),
            in_sample_scores[rows] + moved,
            training.typical(),
        )
    tags, seed = training.tags, training.seed
    capacity = max(1, round(capacity_share * len(tags)))
    capacities = [capacity, *(max(1, round(share * len(tags))) for share in CURVE_SHARES)]
    chosen = _champion(training, named=champion, capacity=capacity)
    results = [_result(fit, chosen, training, capacity=capacity) for fit in training.fits]
    return Evaluation(
        table=training.contract.table,
        customers=customers["customer_id"].n_unique(),
        rows=customers.height,
        tagged=int(tags.sum()),
        folds=int(training.folds.max()) + 1,
        seed=seed,
        capacity=capacity,
        capacity_share=capacity_share,
        champion=chosen.learner.key,
        learners=tuple(sorted(results, key=lambda result: -result.recall_at_capacity.value)),
        curve=capacity_curve(chosen.out_of_fold, tags, capacities=capacities, seed=seed),
        confusion=confusion_at(chosen.out_of_fold, tags, cut=capacity),
        reliability=reliability(chosen.out_of_fold, tags),
        importances=_importances(chosen, training, customers, share=capacity_share),
        in_sample=_in_sample(chosen, training, in_sample_scores, capacity=capacity),
    )


def _champion(training: Training, *, named: str | None, capacity: int) -> CrossFit:
    fitted = {fit.learner.key: fit for fit in training.fits}
    if named is not None and named not in fitted:
        raise UserError(f"The champion is to be '{named}', which was not trained. Trained: {', '.join(fitted)}.")
    if named is not None or FINDER_KEY in fitted:
        return fitted[named or FINDER_KEY]
    return max(training.fits, key=lambda fit: recall_at(fit.out_of_fold, training.tags, capacity=capacity))


def _result(fit: CrossFit, champion: CrossFit, training: Training, *, capacity: int) -> LearnerResult:
    scores, tags, seed = fit.out_of_fold, training.tags, training.seed
    (at_capacity,) = capacity_curve(scores, tags, capacities=[capacity], seed=seed)
    is_champion = fit is champion
    return LearnerResult(
        learner=fit.learner.key,
        title=fit.learner.title,
        roc_auc=roc_auc(scores, tags, seed=seed),
        average_precision=average_precision(scores, tags, seed=seed),
        recall_at_capacity=at_capacity.recall,
        precision_at_capacity=at_capacity.precision,
        log_loss=log_loss(scores, tags),
        difference=None if is_champion else recall_difference(champion.out_of_fold, scores, tags, capacity=capacity),
    )


def _importances(
    champion: CrossFit, training: Training, customers: pl.DataFrame, *, share: float
) -> tuple[Importance, ...]:
    return shuffled_importance(
        champion,
        customers,
        tags=training.tags,
        folds=training.folds,
        columns=[column.name for column in training.contract.feature_columns],
        features=features_of(training.contract),
        preprocessing=training.preprocessing,
        share=share,
        seed=training.seed,
    )


def _in_sample(champion: CrossFit, training: Training, remembered: LogOdds, *, capacity: int) -> InSampleComparison:
    """The counts are of unlabelled customers; log-odds of 0 and above are a score of 0.5 and above."""
    scores, tags = champion.out_of_fold, training.tags
    unlabelled = tags == 0
    above_cut = np.zeros(len(tags), dtype=bool)
    above_cut[best_first(scores)[:capacity]] = True
    return InSampleComparison(
        settings=DESCRIPTION,
        roc_auc_in_sample=roc_auc(remembered, tags).value,
        roc_auc_out_of_fold=roc_auc(scores, tags).value,
        candidates_in_sample=int((unlabelled & (remembered >= 0)).sum()),
        candidates_out_of_fold=int((unlabelled & (scores >= 0)).sum()),
        cut=capacity,
        shared=int((unlabelled & above_cut & (remembered >= 0)).sum()),
    )
