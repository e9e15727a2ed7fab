"""Scoring with a trained model: the promise holds for known and new customers, today and next month."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from affluence import steps
from affluence.pu.fold_models import ALL_MODELS, score_customers


class Recording:
    """A fold model that remembers which rows (by their balance) it was asked about."""

    def __init__(self, fitted):
        self.fitted, self.asked = fitted, []

    def log_odds(self, design):
        self.asked.append(len(design))
        return self.fitted.log_odds(design)

    def score(self, design):
        self.asked.append(len(design))
        return self.fitted.score(design)


@pytest.fixture(params=["xgboost", "random_forest", "logistic"])
def any_model(request, training, evaluation):
    return steps.choose(training, replace(evaluation, champion=request.param))[0]


def test_scoring_the_training_table_gives_its_out_of_fold_scores_to_the_bit(any_model, training, customers):
    scored = score_customers(any_model, customers)
    assert (scored.log_odds == training.fit_of(any_model.learner.key).out_of_fold).all()
    assert (scored.fold == training.folds).all()


def test_a_known_customer_is_scored_by_the_one_model_that_never_saw_them(model, training, customers):
    for fold in range(5):
        one = customers[[int(np.flatnonzero(training.folds == fold)[0])]]
        recording = replace(model, models=tuple(Recording(fitted) for fitted in model.models))
        score_customers(recording, one)
        assert [bool(fitted.asked) for fitted in recording.models] == [own == fold for own in range(5)]


def test_a_new_customer_is_scored_by_the_mean_of_all_models(model, customers):
    stranger = customers[[0]].with_columns(customer_id=pl.lit("nobody we know"))
    design = model.preprocessing.design(steps.build_features(stranger, model.contract))
    scored = score_customers(model, stranger)
    assert scored.fold.tolist() == [ALL_MODELS]
    assert scored.log_odds[0] == pytest.approx(np.mean([fitted.log_odds(design)[0] for fitted in model.models]))


def test_next_months_balance_changes_a_known_customers_score_and_nobody_elses(model, customers):
    richer = customers.with_columns(
        balance_usd=pl.when(pl.col("customer_id") == "C5").then(5_000_000.0).otherwise("balance_usd")
    )
    before, after = score_customers(model, customers), score_customers(model, richer)
    assert after.fold[5] == before.fold[5] != ALL_MODELS
    assert after.log_odds[5] > before.log_odds[5]
    assert (np.delete(after.log_odds, 5) == np.delete(before.log_odds, 5)).all()


def test_the_tag_is_not_looked_at(model, customers):
    turned = customers.with_columns(tag=(1 - pl.col("tag")).cast(pl.Int8))
    for table in (turned, customers.drop("tag")):
        assert (score_customers(model, table).log_odds == score_customers(model, customers).log_odds).all()


def test_scores_are_the_same_in_any_order_and_in_parts(model, customers):
    whole = score_customers(model, customers).log_odds
    order = np.random.default_rng(0).permutation(customers.height)
    assert (score_customers(model, customers[order]).log_odds == whole[order]).all()
    parts = [score_customers(model, customers[start : start + 700]).log_odds for start in range(0, 3_000, 700)]
    assert (np.concatenate(parts) == whole).all()


def test_a_category_that_training_never_saw_is_counted_and_read_as_missing(model, customers):
    astronaut, unknown = (
        customers.head(10).with_columns(job=pl.lit(job, dtype=pl.String)) for job in ("astronaut", None)
    )
    scored = score_customers(model, astronaut)
    assert scored.unseen == {"job": 10}
    assert (scored.log_odds == score_customers(model, unknown).log_odds).all()
    assert score_customers(model, unknown).unseen == {}


def test_an_empty_table_and_an_all_missing_row_are_scored(model, customers):
    assert len(score_customers(model, customers.clear()).log_odds) == 0
    nothing = customers.head(1).with_columns(
        pl.lit(None).cast(customers.schema[c]).alias(c) for c in customers.columns[3:]
    )
    assert np.isfinite(score_customers(model, nothing).log_odds).all()
