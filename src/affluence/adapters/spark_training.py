"""Training on a table that one machine does not hold: here on a sample that Spark draws, or on every row by Spark."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from pyspark.sql import DataFrame
from xgboost.spark import SparkXGBClassifier

from affluence import progress
from affluence.adapters.spark import by_partition, gather, schema_of
from affluence.data.contract import Contract
from affluence.data.doctor import CellRule
from affluence.errors import UserError
from affluence.evaluation.sketches import lay_sketch
from affluence.features.definitions import FeatureKind, compute_features, features_of
from affluence.features.preprocessing import Preprocessing
from affluence.pu.cross_fitting import CrossFit, FoldMap, customer_digests, deal_folds, map_folds, score_by_folds
from affluence.pu.learners import learner_of
from affluence.pu.learners.boosters import FittedBooster
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.protocol import Learner
from affluence.pu.sampled import is_drawn, with_weight
from affluence.pu.training import Training, require_trainable

_DIGEST, _FOLD, _TAG = "digest", "fold", "tag"


def draw(customers: DataFrame, *, share: float | None = None, rows: int | None = None, seed: int = 0) -> pl.DataFrame:
    """All tagged of `customers` and a sample of the others, in the order of `row`, with the `sampling_weight` of each.

    `customers` is as in `affluence.adapters.spark.score`. The sample is a `share` of those without the tag, or as large
    as leaves about `rows` in all; without tags it is of everybody. It is the same in any partitions and any order.
    `affluence.steps.train` learns from it as it stands.

    Errors: UserError when neither or both are given, or nobody without the tag would be drawn.
    """
    counts = _rows_by_tag(customers)
    unlabelled = counts.get(0, 0)
    if share is not None and rows is None:
        wanted = share
    elif rows is not None and share is None:
        wanted = _share_for(rows, tagged=counts.get(1, 0), unlabelled=unlabelled)
    else:
        raise UserError("Give the share of those without the tag to draw, or the rows to draw in all: one of both.")

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        tags = frame[_TAG].to_numpy() if _TAG in frame.columns else np.zeros(frame.height, dtype=np.int8)
        return frame.filter(is_drawn(frame["customer_id"], tags, share=wanted, seed=seed))

    drawn = gather(by_partition(customers, of, schema=customers.schema), by="row")
    if _TAG in drawn.columns:
        return with_weight(drawn, unlabelled=unlabelled)
    return with_weight(drawn.with_columns(pl.lit(0).alias(_TAG)), unlabelled=unlabelled).drop(_TAG)


def train_on_every_row(
    customers: DataFrame,
    contract: Contract,
    *,
    folds: int,
    seed: int,
    workers: int,
    measured_rows: int,
    settings: Mapping[str, object] | None = None,
    rules: tuple[CellRule, ...] = (),
) -> tuple[Training, pl.DataFrame]:
    """Gradient boosting that learned from every row by XGBoost's own estimator on Spark, and the rows it is told on.

    A learner of the tag is cross-fitted as `affluence.steps.train` does it: customers are dealt to `folds`, and one
    model a fold is fitted by `workers` tasks at a time to the customers outside of it. The training is told on about
    `measured_rows` rows, a plain sample; that frame goes with it into `steps.evaluate`. This process holds the digest
    and the fold of every customer (9 bytes), and no more of the table. `settings` take the place of the learner's own;
    `customers` are treated by `rules` already.

    Errors: UserError when the table cannot be trained on.
    """
    learner = learner_of(GRADIENT_BOOSTING.key, settings)
    require_trainable(pl.DataFrame(schema=customers.columns), contract, learners=(learner.key,), folds=folds)
    fold_map = _deal(customers, folds=folds, key=seed)
    preprocessing = _fit_preprocessing(customers, contract)
    design = _design(customers, contract, preprocessing, fold_map).persist()
    counts = _rows_by_tag(customers)
    models = []
    for fold in range(folds):
        outside = design.filter(design[_FOLD] != fold)
        models.append(
            _fit(learner, outside, preprocessing, counts=_rows_by_tag(outside), seed=seed + fold, workers=workers)
        )
        progress.report(f"Cross-fitting {learner.title} on Spark", done=fold + 1, total=folds)
    design.unpersist()
    share = min(1.0, measured_rows / sum(counts.values()))
    measured = _plain_sample(customers, share=share, seed=seed)
    matrix = preprocessing.design(compute_features(measured, features=features_of(contract)))
    fold_of_row = fold_map.folds_of(measured["customer_id"])
    out_of_fold, hidden = score_by_folds(models, matrix, fold_of_row)
    training = Training(
        contract=contract,
        tags=measured[_TAG].to_numpy().astype(np.int8),
        folds=fold_of_row,
        fold_map=fold_map,
        preprocessing=preprocessing,
        fits=(CrossFit(learner, tuple(models), out_of_fold, hidden=hidden),),
        seed=seed,
        rules=rules,
        sketch=lay_sketch(measured, contract.feature_columns),
    )
    return training, measured


def _rows_by_tag(customers: DataFrame) -> dict[int, int]:
    if _TAG not in customers.columns:
        return {0: customers.count()}
    return {int(line[_TAG]): int(line["count"]) for line in customers.groupBy(_TAG).count().collect()}


def _share_for(rows: int, *, tagged: int, unlabelled: int) -> float:
    if rows <= tagged:
        raise UserError(
            f"{tagged:,} rows have the tag, and {rows:,} are to be drawn in all: give more, for all tagged are drawn."
        )
    return min(1.0, (rows - tagged) / max(1, unlabelled))


def _plain_sample(customers: DataFrame, *, share: float, seed: int) -> pl.DataFrame:
    def of(frame: pl.DataFrame) -> pl.DataFrame:
        everybody = np.zeros(frame.height, dtype=np.int8)
        return frame.filter(is_drawn(frame["customer_id"], everybody, share=share, seed=seed))

    return gather(by_partition(customers, of, schema=customers.schema), by="row")


def _deal(customers: DataFrame, *, folds: int, key: int) -> FoldMap:
    """The fold of every customer, as `affluence.pu.cross_fitting.deal_folds` deals them."""

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        digests = customer_digests(frame["customer_id"], key=key).view(np.int64)
        return pl.DataFrame({_DIGEST: digests, _TAG: frame[_TAG].cast(pl.Int8)})

    told = by_partition(customers, of, schema=schema_of({_DIGEST: "long", _TAG: "byte"}))
    each = pl.DataFrame(told.groupBy(_DIGEST).agg({_TAG: "max"}).withColumnRenamed(f"max({_TAG})", _TAG).toArrow())
    digests = each[_DIGEST].to_numpy().view(np.uint64)
    return map_folds(digests, deal_folds(digests, each[_TAG].to_numpy(), folds=folds), key=key)


def _fit_preprocessing(customers: DataFrame, contract: Contract) -> Preprocessing:
    """The categories that any partition holds, for every category feature, in alphabetical order."""
    features = features_of(contract)
    categories = [feature.name for feature in features if feature.kind is FeatureKind.CATEGORY]

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        computed = compute_features(frame, features=features)
        held = [
            computed.select(feature=pl.lit(name), category=pl.col(name).drop_nulls().unique()) for name in categories
        ]
        return pl.concat(held)

    vocabularies: dict[str, tuple[str, ...]] = dict.fromkeys(categories, ())
    if categories:
        found = by_partition(customers, of, schema=schema_of({"feature": "string", "category": "string"})).distinct()
        for name, known in pl.DataFrame(found.toArrow()).group_by("feature").agg(pl.col("category").sort()).iter_rows():
            vocabularies[name] = tuple(known)
    return Preprocessing(features=tuple(feature.name for feature in features), vocabularies=vocabularies)


def _design(customers: DataFrame, contract: Contract, preprocessing: Preprocessing, fold_map: FoldMap) -> DataFrame:
    """The design's matrix as columns, with the fold and the tag of each row."""
    features = features_of(contract)
    sent = customers.sparkSession.sparkContext.broadcast(fold_map)

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        matrix = preprocessing.design(compute_features(frame, features=features)).matrix
        folds, tags = sent.value.folds_of(frame["customer_id"]), frame[_TAG].cast(pl.Int8)
        return pl.DataFrame({_FOLD: folds, _TAG: tags, **dict(zip(_places(preprocessing), matrix.T, strict=True))})

    kinds: Mapping[str, str] = {_FOLD: "byte", _TAG: "byte", **dict.fromkeys(_places(preprocessing), "float")}
    return by_partition(customers, of, schema=schema_of(kinds))


def _fit(
    learner: Learner,
    design: DataFrame,
    preprocessing: Preprocessing,
    *,
    counts: Mapping[int, int],
    seed: int,
    workers: int,
) -> FittedBooster:
    settings: dict[str, Any] = {**learner.settings}
    # The estimator has the objective of ours, and takes no other.
    del settings["objective"]
    kinds = ["c" if name in preprocessing.vocabularies else "q" for name in preprocessing.features]
    estimator = SparkXGBClassifier(
        features_col=_places(preprocessing),
        label_col=_TAG,
        num_workers=workers,
        feature_types=kinds,
        n_estimators=settings.pop("rounds"),
        base_score=counts.get(1, 0) / sum(counts.values()),
        seed=seed,
        tree_method="hist",
        verbosity=0,
        **settings,
    )
    booster = estimator.fit(design).get_booster()
    booster.feature_names = list(preprocessing.features)
    return FittedBooster(booster, preprocessing.features, margins=True)


def _places(preprocessing: Preprocessing) -> list[str]:
    """Names of the columns of a design, by place: a feature may be called as one of the others here."""
    return [f"x{place}" for place in range(len(preprocessing.features))]
