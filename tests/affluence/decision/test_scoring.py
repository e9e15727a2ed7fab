from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from affluence import steps
from affluence.errors import UserError


@pytest.fixture(scope="module")
def scores(model, customers) -> pl.DataFrame:
    return steps.score(model, customers)


@pytest.fixture(scope="module")
def candidates(model, scores) -> pl.DataFrame:
    return steps.candidates(model, scores)


def test_everyone_is_scored_in_the_tables_order(scores, customers):
    told = ["score", "affluent_probability", "labelled_probability", "scored_by_fold"]
    assert scores.columns == ["row", "customer_id", "tag", *told]
    assert scores["customer_id"].equals(customers["customer_id"])
    assert scores["scored_by_fold"].null_count() == 0
    assert scores["labelled_probability"].to_numpy() == pytest.approx(expit(scores["score"].to_numpy()))


def test_candidates_are_all_the_unlabelled_and_nobody_else(candidates, customers):
    assert set(candidates["customer_id"]) == set(customers.filter(pl.col("tag") == 0)["customer_id"])
    told = ["score", "affluent_probability", "labelled_probability"]
    assert candidates.columns == ["rank", "row", "customer_id", *told]


def test_ranks_count_from_one_and_follow_the_score(candidates):
    assert candidates["rank"].to_list() == list(range(1, candidates.height + 1))
    assert (np.diff(candidates["score"].to_numpy()) <= 0).all()


def test_shuffling_the_rows_changes_no_rank(model, customers, candidates):
    order = np.random.default_rng(4).permutation(customers.height)
    assert steps.candidates(model, steps.score(model, customers[order])).equals(candidates)


def test_equal_scores_are_ranked_alike_in_any_order(model):
    scores = pl.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(50)],
            "tag": [0] * 50,
            "score": [1.0] * 50,
            "labelled_probability": [0.7] * 50,
        }
    )
    first, second = steps.candidates(model, scores), steps.candidates(model, scores.reverse())
    assert first.equals(second)
    assert first["customer_id"].to_list() != scores["customer_id"].to_list()


def test_without_a_tag_everyone_is_a_candidate(model, customers):
    scores = steps.score(model, customers.drop("tag"))
    assert "tag" not in scores.columns
    assert steps.candidates(model, scores).height == customers.height


def test_a_new_customer_is_scored_by_no_single_fold(model, customers):
    stranger = customers.head(1).with_columns(customer_id=pl.lit("somebody new"))
    assert steps.score(model, stranger)["scored_by_fold"].to_list() == [None]


def test_a_table_that_lacks_a_feature_is_refused_in_words(model, customers):
    with pytest.raises(UserError, match="lacks balance_usd, job, on which"):
        steps.score(model, customers.drop("balance_usd", "job"))


def test_an_empty_table_gives_an_empty_list(model, customers):
    assert steps.candidates(model, steps.score(model, customers.clear())).height == 0


def test_a_list_of_made_customers_says_so_in_every_row(model, scores):
    made = replace(model, contract=model.contract.model_copy(update={"simulated": True}))
    assert set(steps.candidates(made, scores)["simulated"]) == {"SIMULATED"}
    assert "simulated" not in steps.candidates(model, scores).columns


def test_categories_that_training_never_saw_are_counted_aloud_and_never_quoted(model, customers, caplog):
    steps.score(model, customers.with_columns(job=pl.lit("astronaut")))
    (warning,) = caplog.messages
    assert warning == "job: 3000 cells hold a category that the training table did not; read as missing"
    caplog.clear()
    steps.score(model, customers)
    assert not caplog.messages
