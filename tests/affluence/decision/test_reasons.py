"""Reasons on a made table whose tag follows balance and job alone."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.affluence.conftest import made_customers

from affluence import steps
from affluence.data.contract import Contract
from affluence.decision import explainer
from affluence.decision.population import FramePopulation
from affluence.decision.reasons import LEAST_AGREEMENT, MOST_ADDITIVITY_ERROR, Explanation, explain
from affluence.errors import UserError

HOSTILE = '=cmd|"/c"!A1<script>\u202eevil\u200b'


@pytest.fixture(scope="module")
def tag_model(training):
    """A model whose own trees explain it."""
    return _model(training, "xgboost")


@pytest.fixture(scope="module")
def card(training):
    """A model without trees, so that others are fitted to its score."""
    return _model(training, "logistic")


def _model(training, key):
    from affluence.pu.discovery import Discovery
    from affluence.pu.fold_models import TrainedModel

    fit = next(fit for fit in training.fits if fit.learner.key == key)
    return TrainedModel(
        contract=training.contract,
        learner=fit.learner,
        preprocessing=training.preprocessing,
        models=fit.models,
        fold_map=training.fold_map,
        calibrated=False,
        discovery=Discovery("fast", (), 0, None, None, ()),
    )


def _explained(model, customers, *, listed=100, seed=0, **wanted) -> Explanation:
    scores = steps.score(model, customers)
    candidates = steps.candidates(model, scores)
    population = FramePopulation(customers, scores, candidates)
    return explain(model, population, candidates.head(listed), seed=seed, **wanted)


@pytest.fixture(scope="module", params=["tag_model", "card"])
def explained(request, customers) -> Explanation:
    return _explained(request.getfixturevalue(request.param), customers)


def test_contributions_and_base_add_up_to_the_output(explained):
    shares = explained.contributions.drop("row", "base", "output")
    together = explained.contributions["base"] + shares.sum_horizontal()
    assert np.abs(together - explained.contributions["output"]).max() <= MOST_ADDITIVITY_ERROR
    assert explained.additivity_error == pytest.approx(
        float(np.abs(together - explained.contributions["output"]).max())
    )


def test_the_explainer_ranks_the_listed_as_the_score_does(explained):
    assert explained.agreement >= LEAST_AGREEMENT
    assert explained.said


def test_what_the_tag_follows_is_what_is_said(explained):
    for_them = explained.reasons.filter(pl.col("direction") == "for")
    strength = for_them.group_by("column").agg(pl.col("contribution").sum()).sort("contribution", descending=True)
    assert set(strength["column"].head(2)) == {"balance_usd", "job"}


def test_every_reason_that_is_said_has_passed_and_may_be_spoken(explained):
    told = explained.wide.unpivot(index="row", on=["reason_1", "reason_2", "reason_3"], value_name="sentence")
    told = told.drop_nulls("sentence").join(explained.reasons, on=["row", "sentence"], how="left")
    assert told.height > 0
    assert told["passes"].all()
    assert set(told["audience"]) == {"speakable"}
    assert not told["sentence"].str.contains("For analysts").any()


def test_internal_columns_stand_marked_in_the_long_frame(explained):
    internal = explained.reasons.filter(pl.col("column") == "age_years")
    assert set(internal["audience"]) == {"internal"}
    assert internal["sentence"].str.starts_with("For analysts: ").all()
    assert internal["passes"].null_count() == internal.height


def test_forbidden_columns_have_no_contribution(explained):
    assert "origin" not in explained.contributions.columns
    assert "origin" not in explained.reasons["column"].to_list()


def test_a_passing_reason_lowers_the_score_when_taken_away(card, customers):
    explained = _explained(card, customers, listed=30)
    line = explained.reasons.filter(pl.col("passes"), pl.col("column") == "balance_usd").row(0, named=True)
    person = customers.filter(pl.col("row") == line["row"])
    usual = customers.filter(pl.col("tag") == 0)["balance_usd"].drop_nulls().quantile(0.5, "lower")
    before, after = (
        steps.score(card, each)["score"][0]
        for each in (person, person.with_columns(pl.lit(usual).alias("balance_usd")))
    )
    assert after < before


def test_the_pass_rate_is_that_of_the_lines(explained):
    tested = explained.reasons["passes"].drop_nulls()
    assert explained.pass_rate == pytest.approx(tested.mean())
    assert explained.by_column["tested"].sum() == len(tested)


def test_a_derived_feature_is_shared_equally_among_its_columns(tag_model, customers):
    from affluence.decision.reasons import _by_column

    names = [feature.name for feature in tag_model.features]
    features = np.zeros((1, len(names)))
    features[0, names.index("capital_result_usd")] = 2.0
    shares = dict(
        zip(
            [c.name for c in tag_model.contract.feature_columns],
            _by_column(tag_model, features, tag_model.contract.feature_columns)[0],
            strict=True,
        )
    )
    assert shares == {"balance_usd": 0, "age_years": 0, "job": 0, "capital_gain_usd": 1, "capital_loss_usd": 1}


def test_nothing_is_said_where_the_explainer_ranks_otherwise(card, customers, monkeypatch):
    monkeypatch.setattr(explainer, "ROUNDS", 1)
    explained = _explained(card, customers)
    assert explained.agreement < LEAST_AGREEMENT
    assert not explained.said
    assert explained.wide["reason_1"].null_count() == explained.wide.height


def test_equal_seeds_give_equal_reasons_and_nothing_is_changed(card, customers):
    before = customers.clone()
    first, second = (_explained(card, customers, listed=20, seed=3) for _ in range(2))
    assert first.reasons.equals(second.reasons)
    assert customers.equals(before)


@pytest.mark.parametrize("key", ["tag_model", "card"])
def test_one_listed_person_gets_reasons(key, customers, request):
    explained = _explained(request.getfixturevalue(key), customers, listed=1)
    assert explained.said
    assert explained.wide.height == 1
    assert explained.wide["reason_1"][0]


def test_nobody_listed_is_an_empty_explanation(card, customers):
    explained = _explained(card, customers, listed=0)
    assert explained.wide.height == explained.reasons.height == 0
    assert explained.pass_rate is None


def test_more_or_fewer_reasons_are_given_when_asked(card, customers):
    assert _explained(card, customers, listed=5, reasons=1).wide.columns == ["row", "reason_1", "code_1"]


def test_customers_without_tag_are_explained_by_others_alone(card, customers):
    explained = _explained(card, customers.drop("tag"), listed=20)
    assert explained.reasons["typical_affluent"].null_count() == explained.reasons.height
    assert "affluent" not in " ".join(explained.reasons["sentence"])


def test_new_customers_are_explained_by_all_fold_models(tag_model):
    strangers = made_customers(300, seed=7).with_columns("new " + pl.col("customer_id"))
    explained = _explained(tag_model, strangers, listed=20)
    assert explained.said
    assert explained.additivity_error <= MOST_ADDITIVITY_ERROR


def test_ties_throughout_leave_nothing_to_explain(card, customers):
    alike = pl.concat([customers.head(1)] * 200).with_columns(
        row=pl.int_range(1, 201, dtype=pl.Int64), tag=pl.lit(0, dtype=pl.Int8)
    )
    explained = _explained(card, alike, listed=10)
    assert np.isnan(explained.agreement)
    assert not explained.said


def test_all_missing_is_survived(card, customers):
    names = [column.name for column in card.contract.feature_columns]
    blank = customers.with_columns(pl.lit(None, dtype=customers[name].dtype).alias(name) for name in names)
    explained = _explained(card, blank, listed=10)
    assert not explained.said
    assert explained.wide.height == 10


def test_hostile_text_in_a_category_is_shown_in_visible_marks_alone(card, customers):
    hostile = customers.with_columns(job=pl.when(pl.col("row") % 2 == 0).then(pl.lit(HOSTILE)).otherwise("job"))
    explained = _explained(card, hostile, listed=50)
    words = " ".join(explained.reasons["sentence"]) + " ".join(explained.reasons["value"].drop_nulls())
    assert "\u202e" not in words
    assert "\u200b" not in words
    assert not explained.reasons["sentence"].str.starts_with("=").any()


def test_a_model_with_one_feature_is_explained(customers, contract):
    alone = Contract.model_validate({**contract.model_dump(), "columns": [contract.column("balance_usd").model_dump()]})
    few = customers.head(1_000)
    training = steps.train(few, steps.build_features(few, alone), alone, learners=("logistic",), folds=3, seed=0)
    explained = _explained(_model(training, "logistic"), few, listed=20)
    assert set(explained.reasons["column"]) == {"balance_usd"}
    assert explained.additivity_error <= MOST_ADDITIVITY_ERROR


def test_listed_people_who_were_not_scored_are_refused(card, customers):
    scores = steps.score(card, customers)
    with pytest.raises(UserError, match="1 of 1 listed customers are not in the table"):
        explain(card, FramePopulation(customers, scores, scores), pl.DataFrame({"row": [999_999]}), seed=0)
    with pytest.raises(UserError, match="have no score"):
        explain(card, FramePopulation(customers, scores.head(10), scores), scores.head(1), seed=0)


def test_rows_in_another_order_follow_the_list(tag_model, customers):
    scores = steps.score(tag_model, customers)
    listed = steps.candidates(tag_model, scores).head(10)
    turned = customers.reverse()
    first = explain(tag_model, FramePopulation(customers, scores, listed), listed, seed=0)
    second = explain(tag_model, FramePopulation(turned, scores, listed), listed, seed=0)
    assert first.wide.equals(second.wide)
    assert first.wide["row"].to_list() == listed["row"].to_list()


def test_the_frozen_result_cannot_be_changed(explained):
    with pytest.raises(AttributeError):
        explained.said = False
    assert replace(explained, said=False).said is False
