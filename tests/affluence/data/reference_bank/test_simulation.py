import time

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from xgboost import XGBClassifier

from affluence.data.reference_bank import ReferenceBank, Scenario, scenario_named, simulate
from affluence.data.reference_bank.published import profile
from affluence.errors import UserError

SMALL = 3_000


def test_the_table_has_the_published_headers_in_their_order(bank):
    assert bank.table.columns == list(profile()["columns"])
    assert bank.table.shape == (66_083, 30)


def test_the_tag_is_the_published_one(bank):
    assert bank.table["C_seg"].value_counts().sort("count").rows() == [("AFFLUENT", 10_926), ("NORMAL", 55_157)]


def test_no_number_is_nan_or_infinite(bank):
    numbers = bank.table.select(pl.col(pl.Float64))
    assert numbers.select(pl.all().drop_nulls().is_finite().all()).row(0) == (True,) * numbers.width


def test_the_truth_stands_apart_row_by_row(bank):
    assert bank.truth.columns == ["row", "customer_id", "affluent", "hidden_type", "share_kept_here"]
    assert (bank.truth["customer_id"] == bank.table["C_ID"]).all()
    assert bank.truth["row"].to_list() == list(range(1, 66_084))


def test_hidden_means_affluent_and_not_tagged(bank):
    hidden = bank.truth["hidden_type"] != "none"
    assert (hidden == (bank.truth["affluent"] & (bank.table["C_seg"] == "NORMAL"))).all()
    assert hidden.sum() == round(0.05 * 55_157)
    assert bank.truth["hidden_type"].n_unique() == 4


def test_the_same_arguments_make_the_same_bank(small):
    again = simulate(customers=SMALL, seed=1)
    assert_frame_equal(again.table, small.table)
    assert_frame_equal(again.truth, small.truth)


def test_another_seed_makes_another_bank(small):
    assert not simulate(customers=SMALL, seed=2).table["MTHCASA"].equals(small.table["MTHCASA"])


@pytest.mark.parametrize("scenario", [Scenario(hidden_share=0.15), Scenario(true_share=0.3), Scenario(reach=1.0)])
def test_no_column_moves_when_only_the_truth_does(small, scenario):
    other = simulate(customers=SMALL, seed=1, scenario=scenario)
    assert_frame_equal(other.table, small.table)
    assert not other.truth.equals(small.truth)


def test_rows_stand_in_no_order_that_gives_the_tag_away(bank):
    tagged = (bank.table["C_seg"] == "AFFLUENT").to_numpy()
    assert roc_auc_score(tagged, np.arange(len(tagged))) == pytest.approx(0.5, abs=0.02)


def ranked(bank: ReferenceBank) -> np.ndarray:
    """Out-of-fold scores of the tag for every row."""
    numbers = bank.table.select(pl.exclude("C_seg", "C_ID").cast(pl.Float64, strict=False)).fill_null(np.nan)
    tagged = (bank.table["C_seg"] == "AFFLUENT").cast(pl.Int8).to_numpy()
    model = XGBClassifier(n_estimators=40, learning_rate=0.2, max_bin=64, n_jobs=1)
    return cross_val_predict(model, numbers.to_numpy(), tagged, cv=3, method="predict_proba")[:, 1]


def test_hidden_affluents_rank_high_and_a_shuffled_truth_gives_chance(bank):
    normal = (bank.table["C_seg"] == "NORMAL").to_numpy()
    scores, hidden = ranked(bank)[normal], (bank.truth["hidden_type"] != "none").to_numpy()[normal]
    shuffled = np.random.default_rng(0).permutation(hidden)
    assert roc_auc_score(hidden, scores) > 0.65
    assert roc_auc_score(shuffled, scores) == pytest.approx(0.5, abs=0.02)


def test_the_published_columns_stay_when_only_the_labelling_changes(small):
    for name in ("random", "rule"):
        other = simulate(customers=SMALL, seed=1, scenario=scenario_named(name))
        assert (
            other.table.null_count()
            .select("MTHTD", "UT_AVE")
            .equals(small.table.null_count().select("MTHTD", "UT_AVE"))
        )


@pytest.mark.parametrize("customers", [0, -1, 499])
def test_too_few_customers_are_refused(customers):
    with pytest.raises(UserError, match="simulate 500 or more"):
        simulate(customers=customers)


@pytest.mark.parametrize("customers", [500, 777, 10_001])
def test_any_other_number_of_customers_is_made(customers):
    made = simulate(customers=customers)
    assert made.table.shape == (customers, 30)
    tagged = (made.table["C_seg"] == "AFFLUENT").sum()
    assert tagged == round(customers * 10_926 / 66_083)


@pytest.mark.slow
def test_a_million_customers_take_under_a_minute():
    started = time.perf_counter()
    made = simulate(customers=1_000_000)
    assert time.perf_counter() - started < 60
    assert made.table.height == 1_000_000
    assert made.table.estimated_size("gb") < 1
