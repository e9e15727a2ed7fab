import numpy as np
import polars as pl
import pytest

from affluence import steps
from affluence.errors import UserError


def train(customers, contract, **changes):
    options = {"learners": ["xgboost"], "folds": 5, "seed": 0, **changes}
    return steps.train(customers, steps.build_features(customers, contract), contract, **options)


def test_shuffling_the_rows_changes_no_customers_score(customers, contract):
    order = np.random.default_rng(1).permutation(customers.height)
    straight = train(customers, contract).fits[0].out_of_fold
    shuffled = train(customers[order], contract).fits[0].out_of_fold
    assert (shuffled == straight[order]).all()


def test_equal_seeds_give_equal_scores_and_other_seeds_other_folds(customers, contract):
    first, again, other = (train(customers, contract, seed=seed) for seed in (0, 0, 1))
    assert (first.fits[0].out_of_fold == again.fits[0].out_of_fold).all()
    assert (first.folds != other.folds).any()


def test_training_does_not_change_what_it_is_given(customers, contract):
    before = customers.clone()
    train(customers, contract)
    assert customers.equals(before)


def test_all_rows_of_a_customer_share_a_fold(customers, contract):
    repeated = customers.with_columns(customer_id=pl.format("C{}", pl.int_range(pl.len()) // 3))
    folds = pl.DataFrame({"customer": repeated["customer_id"], "fold": train(repeated, contract).folds})
    assert folds.group_by("customer").agg(pl.col("fold").n_unique())["fold"].max() == 1


def test_a_forbidden_column_never_reaches_a_learner(customers, contract):
    telling = customers.with_columns(origin=pl.when(pl.col("tag") == 1).then(pl.lit("a")).otherwise(pl.lit("b")))
    fitted = train(telling, contract)
    assert "origin" not in fitted.preprocessing.features
    assert (fitted.fits[0].out_of_fold == train(customers, contract).fits[0].out_of_fold).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"learners": []}, "No learner is named"),
        ({"learners": ["svm"]}, "no learner 'svm'. Choose among finder, xgboost, random_forest, logistic"),
        ({"folds": 1}, "at least 2 folds"),
    ],
)
def test_unusable_settings_are_refused_in_words(customers, contract, changes, words):
    with pytest.raises(UserError, match=words):
        train(customers, contract, **changes)


def test_a_table_without_the_tag_is_refused_in_words(customers, contract):
    with pytest.raises(UserError, match="no tag column 'SEG'"):
        train(customers.drop("tag"), contract)


def test_a_table_of_normals_alone_is_refused_in_words(customers, contract):
    with pytest.raises(UserError, match="0 customers tagged affluent"):
        train(customers.with_columns(tag=pl.lit(0, dtype=pl.Int8)), contract)


def test_columns_that_are_all_missing_do_not_stop_a_training(customers, contract):
    empty = customers.with_columns(balance_usd=pl.lit(None, dtype=pl.Float64), job=pl.lit(None, dtype=pl.String)).head(
        500
    )
    fitted = train(empty, contract, learners=["xgboost", "random_forest", "logistic"])
    assert all(np.isfinite(fit.out_of_fold).all() for fit in fitted.fits)
