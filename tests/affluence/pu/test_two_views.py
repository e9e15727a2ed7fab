"""The two views of a customer: they add up, and nobody's comes from a model that saw them."""

import numpy as np
import polars as pl
import pytest
from tests.affluence.conftest import made_contract, made_customers
from tests.affluence.decision.test_hidden_types import trained

from affluence.pu.fold_models import placed
from affluence.pu.learners.boosters import booster_matrix
from affluence.pu.two_views import has_two_views, two_views

ROWS = 600


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return made_customers(ROWS, seed=2)


@pytest.fixture(scope="module")
def finder(table):
    contract = made_contract()
    columns = [column.model_copy(update={"tag_driver": column.name == "balance_usd"}) for column in contract.columns]
    return trained(contract.model_copy(update={"columns": tuple(columns)}), table)


def margins(finder, table, fold) -> np.ndarray:
    booster = finder.models[fold].first.split.booster
    return booster.predict(booster_matrix(placed(finder, table)[0]), output_margin=True)


def test_the_two_add_up_to_the_score_of_the_model_that_never_saw_the_customer(finder, table):
    views, folds = two_views(finder, table), placed(finder, table)[1]
    by_fold = np.stack([margins(finder, table, fold) for fold in range(len(finder.models))])
    assert np.allclose(views.here + views.elsewhere, by_fold[folds, np.arange(ROWS)], atol=1e-5)


def test_a_new_customer_is_seen_by_all_models(finder, table):
    new = table.with_columns(customer_id=pl.format("new {}", "customer_id"))
    views = two_views(finder, new)
    mean = np.mean([margins(finder, table, fold) for fold in range(len(finder.models))], axis=0)
    assert np.allclose(views.here + views.elsewhere, mean, atol=1e-5)


def test_what_else_is_said_does_not_depend_on_the_tag_drivers_and_what_is_here_on_nothing_else(finder, table):
    views = two_views(finder, table)
    poor = two_views(finder, table.with_columns(balance_usd=pl.lit(1.0)))
    jobless = two_views(finder, table.with_columns(job=pl.lit(None, dtype=pl.String)))
    assert np.array_equal(poor.elsewhere, views.elsewhere)
    assert np.allclose(jobless.here, views.here, atol=1e-5)
    assert not np.allclose(poor.here, views.here)
    assert not np.allclose(jobless.elsewhere, views.elsewhere)


def test_a_learner_of_the_tag_has_no_two_views(table):
    model = trained(made_contract(), table, learner="xgboost")
    assert not has_two_views(model)
    with pytest.raises(ValueError, match="has_two_views"):
        two_views(model, table)
