"""The second layer of one fold: blend, label propensity, learners of the true class."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from affluence.pu.cross_fitting import customer_digests, deal_folds
from affluence.pu.first_layer import cross_fit_first_layers
from affluence.pu.label_propensity import LabelPropensity, Verdicts
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.second_layer import Blend, _fit_blend, _hidden, _known, fit_second_layer

LITTLE = replace(EFFORTS["fast"], rounds=30, renewed=5)


@pytest.fixture(scope="module")
def design(bank):
    return bank.design()


@pytest.fixture(scope="module", params=[(), (2, 3)], ids=["without drivers", "with drivers"])
def drivers(request):
    return request.param


@pytest.fixture(scope="module")
def layers(design, bank, drivers):
    digests = customer_digests(map(str, range(len(bank.tags))), key=0)
    folds = deal_folds(digests, bank.tags, folds=3)
    return cross_fit_first_layers(design, bank.tags, folds, drivers=drivers, effort=LITTLE, seed=0)


@pytest.fixture(scope="module")
def fit(layers, design, bank, drivers):
    def fitted(verdicts=None, begun=None):
        settings = {"drivers": drivers, "effort": LITTLE, "seed": 0, "verdicts": verdicts, "begun": begun}
        return fit_second_layer(layers.layers[0], layers.scores[0], design, bank.tags, **settings)

    return fitted


@pytest.fixture(scope="module")
def finder(fit):
    return fit()


def checked(bank, rows) -> Verdicts:
    return Verdicts(rows, bank.truth[rows].astype(float))


def test_it_ranks_the_hidden_above_the_other_untagged(finder, design, bank):
    scores = finder.score(design)[1]
    assert scores[bank.hidden].mean() > scores[bank.truth == 0].mean() + 1


def test_the_propensity_is_learned_with_drivers_and_one_number_without(finder, drivers):
    assert isinstance(finder.propensity, LabelPropensity if drivers else float)


def test_gains_are_shares_of_the_features(finder, design):
    gains = finder.gains()
    assert set(gains) == set(design.names)
    assert sum(gains.values()) == pytest.approx(1)
    assert min(gains.values()) >= 0
    assert gains["savings"] > gains["noise"]


def test_the_first_of_both_scores_is_that_of_the_tag(finder, design, bank):
    labelled, hidden = finder.score(design)
    assert (labelled == finder.log_odds(design)).all()
    assert labelled[bank.tags == 1].mean() > labelled[bank.tags == 0].mean() + 1
    assert (labelled != hidden).any()


def test_rows_are_scored_one_by_one(fit, finder, design, bank):
    reviewed = fit(checked(bank, np.flatnonzero(bank.tags == 0)[:80]), finder)
    for model in (finder, reviewed):
        whole = np.stack(model.score(design))
        for row in range(40):
            assert (np.stack(model.score(design.rows(np.array([row]))))[:, 0] == whole[:, row]).all()


def test_verdicts_correct_without_drivers_and_renew_with_them(fit, finder, bank, drivers):
    reviewed = fit(checked(bank, np.flatnonzero(bank.tags == 0)[:80]), finder)
    rounds = [model.boosters[0].booster.num_boosted_rounds() for model in (finder, reviewed)]
    assert rounds == [LITTLE.rounds, LITTLE.rounds + (LITTLE.renewed if drivers else 0)]
    assert (reviewed.correction is None) == bool(drivers)
    assert finder.correction is None
    assert reviewed.blend == finder.blend


def test_verdicts_on_tagged_customers_alone_are_borne(fit, finder, design, bank):
    reviewed = fit(checked(bank, np.flatnonzero(bank.tags == 1)[:20]), finder)
    assert reviewed.correction is None
    assert np.isfinite(reviewed.score(design)[1]).all()


def test_one_verdict_is_borne(fit, finder, design, bank):
    reviewed = fit(checked(bank, np.flatnonzero(bank.tags == 0)[:1]), finder)
    assert np.isfinite(reviewed.score(design)[1]).all()


def test_verdicts_on_customers_of_the_fold_alone_change_nothing(fit, finder, layers, design, bank):
    inside = layers.scores[0].rows
    outside = np.setdiff1d(np.flatnonzero(bank.tags == 0), inside)[:30]
    assert (fit(checked(bank, outside)).score(design)[1] == finder.score(design)[1]).all()


def test_a_blend_is_an_intercept_and_weights():
    members = np.array([[1.0, 2.0], [0.0, -1.0]])
    assert Blend(0.5, (2.0, 1.0)).log_odds(members).tolist() == [4.5, -0.5]
    assert Blend(0.5, (3.0, 1.0)).shares.tolist() == [0.75, 0.25]
    assert Blend(0.5, (0.0, 0.0)).shares.tolist() == [1, 0]


def test_a_member_that_counts_against_itself_counts_nothing():
    random = np.random.default_rng(0)
    good = random.normal(size=2_000)
    tags = (random.random(2_000) < expit(2 * good)).astype(np.int8)
    both = _fit_blend(np.column_stack([good, good + random.normal(size=2_000)]), tags)
    assert min(both.weights) >= 0
    one = _fit_blend(np.column_stack([good, -random.normal(size=2_000) - good]), tags)
    assert one.weights[1] == 0
    assert one.weights[0] == pytest.approx(2, abs=0.3)
    neither = _fit_blend(np.column_stack([-good, -good]), tags)
    assert neither.weights == (0, 0)
    assert expit(neither.intercept) == pytest.approx(tags.mean())


def test_what_verdicts_tell_is_known_of_the_reviewed_alone():
    tagged, before = np.array([0, 1, 0, 1], dtype=np.int8), np.full(4, 0.5)
    told = Verdicts(np.array([0, 1]), np.array([1.0, 1.0]), missed=0.2, wrongly_named=0.2)
    known = _known(before, told, tagged)
    assert known[0] == pytest.approx(0.8)
    assert known[1] == pytest.approx(0.9 * 0.8 / (0.9 * 0.8 + 0.1 * 0.2))
    assert np.isnan(known[2:]).all()
    assert np.isnan(_known(before, None, tagged)).all()


def test_hidden_is_affluent_and_not_tagged():
    affluent, propensity = np.array([0.5, 0.5, 0.2]), np.array([0.1, 0.9, 0.5])
    hidden = expit(_hidden(np.log(affluent / (1 - affluent)), propensity, None))
    assert hidden == pytest.approx(affluent * (1 - propensity) / (1 - affluent * propensity))
    certain = _hidden(np.zeros(2), np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert np.isfinite(certain).all()
