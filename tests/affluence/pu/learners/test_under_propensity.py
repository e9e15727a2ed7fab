"""Learners of the true class under a known label propensity."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from affluence.features.preprocessing import Design
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.logistic import LOGISTIC
from affluence.pu.learners.under_propensity import (
    Evidence,
    fit_booster,
    fit_scorecard,
    renew_booster,
)

ROWS = 3_000
FAST = EFFORTS["fast"]


def untold(tags, propensity) -> Evidence:
    return Evidence(np.asarray(tags), np.broadcast_to(propensity, len(tags)).astype(float), np.full(len(tags), np.nan))


@pytest.fixture(scope="module")
def design() -> Design:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(ROWS, 4))
    matrix[:, 3] = random.integers(0, 3, ROWS)
    matrix[random.random(ROWS) < 0.2, 2] = np.nan
    return Design(matrix.astype(np.float32), ("wealth", "driver", "sparse", "job"), (0, 0, 0, 3), {})


@pytest.fixture(scope="module")
def truth(design) -> np.ndarray:
    chance = expit(2 * design.matrix[:, 0] + design.matrix[:, 1] + (design.matrix[:, 3] == 2) - 1)
    return (np.random.default_rng(1).random(ROWS) < chance).astype(np.int8)


@pytest.fixture(scope="module")
def propensity(design) -> np.ndarray:
    return expit(2 * design.matrix[:, 1].astype(float))


@pytest.fixture(scope="module")
def tags(truth, propensity) -> np.ndarray:
    return (truth * (np.random.default_rng(2).random(ROWS) < propensity)).astype(np.int8)


@pytest.fixture(scope="module")
def evidence(tags, propensity) -> Evidence:
    return untold(tags, propensity)


@pytest.fixture(scope="module")
def fitted(design, evidence):
    return fit_booster(design, evidence, effort=FAST, seed=0)


def mixed(size=60) -> tuple[Evidence, np.ndarray]:
    """Tagged and untagged customers of every propensity, a third of them told, one told by half."""
    random = np.random.default_rng(3)
    known = np.where(random.random(size) < 1 / 3, random.integers(0, 2, size).astype(float), np.nan)
    known[0] = 0.4
    evidence = Evidence(random.integers(0, 2, size).astype(np.int8), random.uniform(0.05, 0.95, size), known)
    return evidence, random.normal(0, 2, size)


def test_the_first_slope_is_the_finite_difference_of_the_loss():
    evidence, log_odds = mixed()
    step = 1e-5
    for row, slope in enumerate(evidence.slopes(log_odds)[0]):
        moved = np.zeros(len(log_odds))
        moved[row] = step
        difference = (evidence.loss(log_odds + moved) - evidence.loss(log_odds - moved)) / (2 * step)
        assert slope == pytest.approx(difference, abs=1e-6)


def test_the_second_slope_is_the_expected_square_of_the_first():
    log_odds = np.linspace(-4, 4, 30)
    propensity = np.linspace(0.05, 0.95, 30)
    tagged = propensity * expit(log_odds)
    by_tag = [untold(np.full(30, tag), propensity).slopes(log_odds)[0] for tag in (0, 1)]
    expected = (1 - tagged) * by_tag[0] ** 2 + tagged * by_tag[1] ** 2
    assert untold(np.zeros(30), propensity).slopes(log_odds)[1] == pytest.approx(expected, abs=1e-9)


def test_a_propensity_of_one_is_the_ordinary_likelihood():
    log_odds, tags = np.linspace(-5, 5, 40), np.arange(40) % 2
    evidence = untold(tags, 1.0)
    first, second = evidence.slopes(log_odds)
    affluent = expit(log_odds)
    assert first == pytest.approx(affluent - tags, abs=1e-9)
    assert second == pytest.approx(affluent * (1 - affluent), abs=1e-9)
    assert evidence.loss(log_odds) == pytest.approx((np.logaddexp(0, log_odds) - tags * log_odds).sum())


def test_a_known_class_is_the_ordinary_likelihood_whatever_the_tag_and_the_propensity():
    log_odds, known = np.linspace(-5, 5, 40), (np.arange(40) % 2).astype(float)
    for tag in (0, 1):
        evidence = Evidence(np.full(40, tag), np.linspace(0.01, 0.9, 40), known)
        first, second = evidence.slopes(log_odds)
        assert first == pytest.approx(expit(log_odds) - known)
        assert second == pytest.approx(expit(log_odds) * expit(-log_odds))
        assert evidence.loss(log_odds) == pytest.approx((np.logaddexp(0, log_odds) - known * log_odds).sum())


def test_slopes_stay_finite_where_a_model_is_certain():
    evidence = untold(np.array([0, 1, 0, 1]), [0.995, 0.005, 1.0, 1.0])
    for certain in (-800.0, 800.0):
        first, second = evidence.slopes(np.full(4, certain))
        assert np.isfinite(first).all()
        assert (second > 0).all()
        assert np.isfinite(evidence.loss(np.full(4, certain)))


def test_what_is_hard_to_tag_is_asked_for_less():
    first, _ = untold(np.zeros(2), [0.1, 0.9]).slopes(np.zeros(2))
    assert 0 < first[0] < first[1]


def test_the_start_is_the_share_that_tags_and_propensity_suggest():
    assert expit(untold(np.array([1, 0, 0, 0]), 0.5).start) == pytest.approx(0.5)
    assert expit(untold(np.ones(4), 0.1).start) == pytest.approx(0.9)
    assert expit(untold(np.zeros(4), 0.5).start) == pytest.approx(1e-3)
    assert untold(np.empty(0), 0.5).start == 0


def test_some_rows_of_the_evidence():
    evidence, _ = mixed()
    mask = np.arange(60) % 2 == 0
    by_mask, by_place = evidence.rows(mask), evidence.rows(np.flatnonzero(mask))
    assert (by_mask.tags == evidence.tags[::2]).all()
    assert (by_place.propensity == evidence.propensity[::2]).all()
    assert np.array_equal(by_place.known, by_mask.known, equal_nan=True)


def test_the_true_class_is_learned_better_than_from_the_tag(design, truth, tags, fitted):
    as_if_all_were_tagged = fit_booster(design, untold(tags, 1.0), effort=FAST, seed=0)
    seldom_tagged = design.matrix[:, 1] < 0
    aware, unaware = (model.log_odds(design)[seldom_tagged] for model in (fitted, as_if_all_were_tagged))
    assert roc_auc_score(truth[seldom_tagged], aware) > 0.8
    assert expit(aware).mean() == pytest.approx(truth[seldom_tagged].mean(), abs=0.08)
    assert expit(unaware).mean() < 0.5 * truth[seldom_tagged].mean()


@pytest.fixture(scope="module")
def of_tag(design, tags):
    return LOGISTIC.fit(design, tags, seed=0)


def test_a_scorecard_under_propensity_counts_whom_nobody_tagged(design, truth, evidence, of_tag):
    card = fit_scorecard(design, evidence, of_tag=of_tag, effort=FAST)
    assert expit(card.log_odds(design)).sum() == pytest.approx(truth.sum(), rel=0.12)
    assert roc_auc_score(truth, card.log_odds(design)) > 0.8


@pytest.fixture(scope="module")
def plain(design, truth) -> np.ndarray:
    """Log-odds of the plain scorecard, fitted as far as it goes."""
    one_hot = LOGISTIC.bins_of(design).one_hot(design).toarray()
    model = LogisticRegression(C=LOGISTIC.inverse_penalty, solver="newton-cholesky", tol=1e-10)
    return model.fit(one_hot, truth).decision_function(one_hot)


def test_with_every_tag_given_the_scorecard_is_the_plain_one(design, truth, plain, of_tag):
    card = fit_scorecard(design, untold(truth, 1.0), of_tag=of_tag, effort=FAST)
    by_learner = LOGISTIC.fit(design, truth, seed=0)
    assert card.edges == by_learner.edges
    assert card.log_odds(design) == pytest.approx(plain, abs=2e-3)
    # The learner of the tag stops a little earlier.
    assert card.log_odds(design) == pytest.approx(by_learner.log_odds(design), abs=0.05)


def test_known_classes_alone_are_the_plain_scorecard_too(design, truth, plain, of_tag):
    known = Evidence(np.zeros(ROWS), np.full(ROWS, 0.3), truth.astype(float))
    card = fit_scorecard(design, known, of_tag=of_tag, effort=FAST)
    assert card.log_odds(design) == pytest.approx(plain, abs=2e-3)


def test_renewing_adds_trees_and_leaves_the_booster_it_began_from(design, tags, truth, propensity, fitted):
    before, scores = bytes(fitted.booster.save_raw("ubj")), fitted.log_odds(design)
    known = np.where(np.arange(ROWS) < 300, truth, np.nan).astype(float)
    renewed = renew_booster(fitted, design, Evidence(tags, propensity, known), effort=FAST, seed=1)
    assert bytes(fitted.booster.save_raw("ubj")) == before
    assert (fitted.log_odds(design) == scores).all()
    assert fitted.booster.num_boosted_rounds() == FAST.rounds
    assert renewed.booster.num_boosted_rounds() == FAST.rounds + FAST.renewed
    assert renewed.intercept == fitted.intercept
    told = roc_auc_score(truth[:300], renewed.log_odds(design)[:300])
    assert told > roc_auc_score(truth[:300], scores[:300]) + 0.01


def test_renewing_goes_on_from_where_it_was(design, evidence, fitted):
    """The first new tree is fitted to what the begun booster left, base margin included: it moves little."""
    renewed = renew_booster(fitted, design, evidence, effort=FAST, seed=1)
    assert np.corrcoef(renewed.log_odds(design), fitted.log_odds(design))[0, 1] > 0.95
    assert evidence.loss(renewed.log_odds(design)) < evidence.loss(fitted.log_odds(design))


def test_renewing_twice_is_renewing_equally_whatever_was_fitted_between(design, evidence, fitted):
    """XGBoost goes on with a thread's random numbers where it was left, unless told otherwise."""
    first = renew_booster(fitted, design, evidence, effort=FAST, seed=0).log_odds(design)
    fit_booster(design, evidence, effort=FAST, seed=5)
    assert (renew_booster(fitted, design, evidence, effort=FAST, seed=0).log_odds(design) == first).all()
    assert (renew_booster(fitted, design, evidence, effort=FAST, seed=1).log_odds(design) != first).any()


def test_equal_seeds_fit_equally_and_a_row_is_scored_alone(design, evidence, fitted):
    again = fit_booster(design, evidence, effort=FAST, seed=0)
    whole = fitted.log_odds(design)
    assert (again.log_odds(design) == whole).all()
    assert [fitted.log_odds(design.rows(np.array([row])))[0] for row in range(10)] == whole[:10].tolist()
