"""One check for every learner."""

import numpy as np
import pytest
from scipy.special import expit

from affluence.features.preprocessing import Design
from affluence.pu.learners import LEARNERS


@pytest.fixture(params=LEARNERS.values(), ids=LEARNERS.keys())
def learner(request):
    return request.param


@pytest.fixture(scope="module")
def design() -> Design:
    random = np.random.default_rng(0)
    matrix = np.column_stack([random.normal(size=4_000), random.integers(0, 5, 4_000), random.normal(size=4_000)])
    matrix[random.random(4_000) < 0.2, 2] = np.nan
    return Design(matrix.astype(np.float32), ("amount", "job", "sparse"), (0, 5, 0), {})


@pytest.fixture(scope="module")
def tags(design) -> np.ndarray:
    amount, job = design.matrix[:, 0], design.matrix[:, 1]
    chance = expit(1.5 * amount + 2 * (job == 3) - 1.5)
    return (np.random.default_rng(1).random(len(design)) < chance).astype(np.int8)


def test_it_learns_numbers_and_categories(learner, design, tags):
    scores = learner.fit(design, tags, seed=0).log_odds(design)
    rich, poor = design.matrix[:, 0] > 1, design.matrix[:, 0] < -1
    doctors = design.matrix[:, 1] == 3
    assert scores[rich].mean() > scores[poor].mean() + 1
    assert scores[doctors].mean() > scores[~doctors].mean() + 0.5


def test_its_shares_sum_to_the_tagged(learner, design, tags):
    scores = learner.fit(design, tags, seed=0).log_odds(design)
    assert expit(scores).sum() == pytest.approx(tags.sum(), rel=0.05)


def test_an_equal_seed_gives_an_equal_fit(learner, design, tags):
    first, second = (learner.fit(design, tags, seed=5).log_odds(design) for _ in range(2))
    assert (first == second).all()


def test_its_state_survives_bytes_to_the_bit(learner, design, tags):
    fitted = learner.fit(design, tags, seed=0)
    assert (learner.from_bytes(fitted.to_bytes()).log_odds(design) == fitted.log_odds(design)).all()


def test_missing_values_are_information(learner, design):
    tags = np.isnan(design.matrix[:, 2]).astype(np.int8)
    scores = learner.fit(design, tags, seed=0).log_odds(design)
    assert scores[tags == 1].min() > scores[tags == 0].max()


@pytest.mark.parametrize("tag", [0, 1])
def test_one_class_alone_gives_everyone_the_same_finite_score(learner, design, tag):
    scores = learner.fit(design, np.full(len(design), tag, dtype=np.int8), seed=0).log_odds(design)
    assert np.isfinite(scores).all()
    assert np.ptp(scores) < 1e-6
    assert (scores[0] > 0) == bool(tag)


def test_rows_are_scored_one_by_one(learner, design, tags):
    fitted = learner.fit(design, tags, seed=0)
    whole = fitted.log_odds(design)
    single = [fitted.log_odds(design.rows(np.array([row])))[0] for row in range(5)]
    assert single == whole[:5].tolist()


def test_settings_are_told_and_gains_sum_to_one(learner, design, tags):
    assert learner.settings
    gains = learner.fit(design, tags, seed=0).gains()
    assert gains is None or sum(gains.values()) == pytest.approx(1)
