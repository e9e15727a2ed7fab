import numpy as np
import polars as pl
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from affluence import steps
from affluence.errors import UserError


def test_the_learner_that_finds_most_of_the_tagged_within_the_capacity_is_chosen(evaluation, training):
    assert evaluation.capacity == 300
    found = {}
    for fit in training.fits:
        best = np.argsort(-fit.out_of_fold, kind="stable")[:300]
        found[fit.learner.key] = training.tags[best].sum()
    assert evaluation.champion == max(found, key=found.get)
    assert evaluation.learners[0].learner == evaluation.champion
    assert evaluation.champion_result.recall_at_capacity.value == pytest.approx(
        max(found.values()) / training.tags.sum()
    )


def test_figures_are_those_of_scikit_learn_on_the_out_of_fold_scores(evaluation, training):
    scores, tags = training.fit_of(evaluation.champion).out_of_fold, training.tags
    assert evaluation.champion_result.roc_auc.value == pytest.approx(roc_auc_score(tags, scores))
    above = np.zeros(len(tags), dtype=int)
    above[np.argsort(-scores)[: evaluation.capacity]] = 1
    assert evaluation.confusion.f1 == pytest.approx(f1_score(tags, above))


def test_only_the_champion_has_no_difference_to_the_champion(evaluation):
    assert [result.difference is None for result in evaluation.learners] == [True, False, False]
    for result in evaluation.learners[1:]:
        gap = evaluation.learners[0].recall_at_capacity.value - result.recall_at_capacity.value
        assert result.difference.value == pytest.approx(gap)


def test_the_in_sample_way_looks_better_than_it_is_and_names_fewer_candidates(evaluation):
    compared = evaluation.in_sample
    assert compared.roc_auc_in_sample > 0.99 > compared.roc_auc_out_of_fold
    assert compared.candidates_in_sample < compared.candidates_out_of_fold
    assert 0 <= compared.shared <= evaluation.confusion.candidates


def test_the_columns_that_made_the_tag_matter_most(evaluation):
    falls = {importance.column: importance.fall.value for importance in evaluation.importances}
    assert set(falls) == {"balance_usd", "age_years", "job", "capital_gain_usd", "capital_loss_usd"}
    assert next(iter(falls)) == "balance_usd"
    assert falls["balance_usd"] > 0.1 > abs(falls["age_years"])


def test_split_gain_sums_to_one_over_the_columns(training, customers, in_sample_scores):
    kept = steps.Training(**{**vars(training), "fits": (training.fit_of("random_forest"),)})
    importances = steps.evaluate(kept, customers, in_sample_scores, capacity_share=0.1).importances
    assert sum(importance.gain for importance in importances) == pytest.approx(1)


def test_a_scorecard_has_no_split_gain(training, customers, in_sample_scores):
    kept = steps.Training(**{**vars(training), "fits": (training.fit_of("logistic"),)})
    evaluated = steps.evaluate(kept, customers, in_sample_scores, capacity_share=0.1)
    assert {importance.gain for importance in evaluated.importances} == {None}
    assert len(evaluated.learners) == 1


def test_rows_and_customers_are_counted_apart(customers, contract):
    repeated = customers.with_columns(customer_id=pl.format("C{}", pl.int_range(pl.len()) // 2))
    features = steps.build_features(repeated, contract)
    training = steps.train(repeated, features, contract, learners=["logistic"], folds=3, seed=0)
    evaluated = steps.evaluate(training, repeated, np.zeros(3_000), capacity_share=0.2)
    assert (evaluated.rows, evaluated.customers, evaluated.folds) == (3_000, 1_500, 3)


@pytest.mark.parametrize("share", [0, -0.1, 1.5, float("nan")])
def test_an_impossible_capacity_is_refused_in_words(training, customers, in_sample_scores, share):
    with pytest.raises(UserError, match="give a share above 0 and at most 1"):
        steps.evaluate(training, customers, in_sample_scores, capacity_share=share)
