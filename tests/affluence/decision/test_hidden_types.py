"""Hidden types of candidates on a made table whose tag follows one declared column and another."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.affluence.conftest import made_contract, made_customers

from affluence import steps
from affluence.data.offer_table import UNCERTAIN
from affluence.decision import hidden_types as module
from affluence.decision.hidden_types import FEWEST_SHOWN, HiddenTypes, confusion_table, hidden_types
from affluence.decision.learned_types import LEARNED
from affluence.decision.type_rule import TYPES
from affluence.errors import UserError
from affluence.pu.fold_models import TrainedModel

ANYBODY = replace(LEARNED, types=tuple(replace(told, at_least=0.0) for told in LEARNED.types))


def trained(contract, customers, *, learner="finder") -> TrainedModel:
    features = steps.build_features(customers, contract)
    training = steps.train(customers, features, contract, learners=(learner,), folds=3, seed=0, mode="fast")
    fit = training.fit_of(learner)
    from affluence.pu.discovery import Discovery

    return TrainedModel(
        contract=training.contract,
        learner=fit.learner,
        preprocessing=training.preprocessing,
        models=fit.models,
        fold_map=training.fold_map,
        calibrated=False,
        discovery=Discovery("fast", (), 0, None, None, ()),
    )


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return made_customers(800, seed=1)


@pytest.fixture(scope="module")
def finder(table) -> TrainedModel:
    contract = made_contract()
    columns = [
        column.model_copy(update={"tag_driver": True}) if column.name == "balance_usd" else column
        for column in contract.columns
    ]
    return trained(contract.model_copy(update={"columns": tuple(columns)}), table)


@pytest.fixture(scope="module")
def scores(finder, table) -> pl.DataFrame:
    return steps.score(finder, table)


@pytest.fixture(scope="module")
def listed(finder, scores) -> pl.DataFrame:
    return steps.candidates(finder, scores).head(80)


@pytest.fixture(scope="module")
def told(finder, table, scores, listed) -> HiddenTypes:
    return hidden_types(finder, table, scores, listed)


def test_everyone_listed_has_one_type_in_the_order_of_the_list(told, listed):
    assert told.types["row"].to_list() == told.views["row"].to_list() == listed["row"].to_list()
    assert set(told.types["hidden_type"]) <= {*TYPES, UNCERTAIN}
    assert told.types["hidden_type"].null_count() == 0


def test_chances_of_the_types_add_up_to_one(told):
    assert np.allclose(told.views.select(TYPES).sum_horizontal(), 1)


def test_a_type_that_is_never_named_is_said_to_be_so_and_is_not(told):
    assert not set(told.types["hidden_type"]) & set(told.basis.never_named)
    named = {name.name for name in told.basis.types if name.at_least is not None}
    assert named | set(told.basis.never_named) == set(TYPES)


def test_the_share_named_is_that_of_the_list(finder, table, scores, listed):
    everybody = hidden_types(finder, table, scores, listed, rule=ANYBODY)
    assert everybody.named == 1
    assert everybody.basis.why_none is None


def test_the_order_of_the_table_does_not_matter(finder, table, scores, listed, told, monkeypatch):
    monkeypatch.setattr(module, "MOST_COMPARED", 300)
    fewer = hidden_types(finder, table, scores, listed)
    turned = hidden_types(finder, table.reverse(), scores.sample(fraction=1, shuffle=True, seed=3), listed)
    assert fewer.views.equals(turned.views)
    assert fewer.types.equals(turned.types)


def test_a_small_list_gets_the_same_types_as_it_has_in_a_long_one(finder, table, scores, listed, told):
    assert hidden_types(finder, table, scores, listed.head(1)).types.equals(told.types.head(1))


def test_the_tag_of_the_listed_is_not_looked_at(finder, table, scores, listed, told):
    other = table.with_columns(tag=1 - pl.col("tag"))
    assert hidden_types(finder, other, scores, listed).views.equals(told.views)


def test_nothing_given_is_changed(finder, table, scores, listed):
    before = table.clone(), scores.clone(), listed.clone()
    hidden_types(finder, table, scores, listed)
    assert all(one.equals(other) for one, other in zip(before, (table, scores, listed), strict=True))


def test_an_empty_list_has_no_types(finder, table, scores, listed):
    nobody = hidden_types(finder, table, scores, listed.head(0))
    assert nobody.types.height == nobody.views.height == 0
    assert nobody.named == 0


@pytest.mark.parametrize("learner", ["xgboost", "finder"])
def test_a_model_without_two_views_names_nobody_and_says_why(table, learner):
    model = trained(made_contract(), table, learner=learner)
    scores = steps.score(model, table)
    told = hidden_types(model, table, scores, steps.candidates(model, scores).head(20), rule=ANYBODY)
    assert set(told.types["hidden_type"]) == {UNCERTAIN}
    assert told.named == 0
    assert "tag drivers" in told.basis.why_none
    assert told.views.drop("row").null_count().sum_horizontal().item() == 20 * (told.views.width - 1)


@pytest.mark.parametrize("tag", [None, 0, 1])
def test_without_tagged_and_others_there_is_no_line_and_nobody_is_named(finder, table, scores, listed, tag):
    tagless = scores.drop("tag") if tag is None else scores.with_columns(tag=pl.lit(tag))
    told = hidden_types(finder, table, tagless, listed, rule=ANYBODY)
    assert set(told.types["hidden_type"]) == {UNCERTAIN}
    assert "no line" in told.basis.why_none


def test_somebody_listed_who_was_not_scored_is_refused(finder, table, scores, listed):
    stranger = listed.head(2).with_columns(row=pl.lit(9_999_999).cast(listed["row"].dtype))
    with pytest.raises(UserError, match="2 of 2 listed customers have no score"):
        hidden_types(finder, table, scores, stranger)


def test_a_column_that_is_missing_throughout_is_borne(finder, table, listed):
    empty = table.with_columns(balance_usd=pl.lit(None, dtype=pl.Float64))
    told = hidden_types(finder, empty, steps.score(finder, empty), listed)
    assert told.views.null_count().sum_horizontal().item() == 0


def test_the_confusion_table_counts_and_hides_small_cells():
    kinds = ["look-alike"] * 20 + [UNCERTAIN] * 3
    types = pl.DataFrame({"row": range(23), "hidden_type": kinds})
    truth = pl.DataFrame({"row": range(30), "affluent": False, "hidden_type": ["none"] * 20 + ["mis-tagged"] * 10})
    table = confusion_table(types, truth)
    counts = {row["true type"]: row for row in table.to_dicts()}
    assert list(counts) == list(TYPES)
    assert counts["look-alike"]["look-alike"] == 20
    assert counts["mis-tagged"][UNCERTAIN] is None  # 3 people
    assert counts["about to cross"]["look-alike"] == 0
    shown = table.drop("true type").to_numpy().ravel()
    assert all(np.isnan(cell) or cell == 0 or cell >= FEWEST_SHOWN for cell in shown.astype(float))


def test_a_truth_of_another_table_is_refused():
    types = pl.DataFrame({"row": [1, 2], "hidden_type": [UNCERTAIN] * 2})
    truth = pl.DataFrame({"row": [1], "affluent": [True], "hidden_type": ["mis-tagged"]})
    with pytest.raises(UserError, match="1 of 2 listed customers is not known"):
        confusion_table(types, truth)
