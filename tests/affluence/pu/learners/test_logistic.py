"""The bins of a scorecard; the scorecard as a learner is held by the check for all learners."""

import numpy as np
import pytest

from affluence.features.preprocessing import Design
from affluence.pu.learners.logistic import LOGISTIC, LogisticLearner


@pytest.fixture(scope="module")
def design() -> Design:
    random = np.random.default_rng(0)
    matrix = np.column_stack([random.normal(size=500), random.integers(0, 3, 500), np.full(500, np.nan)])
    matrix[::5, 0] = np.nan
    matrix[::7, 1] = np.nan
    return Design(matrix.astype(np.float32), ("amount", "job", "never"), (0, 3, 0), {})


def test_bins_are_quantiles_codes_and_one_for_missing(design):
    bins = LOGISTIC.bins_of(design)
    amount, job, never = bins.edges
    assert list(amount) == sorted(set(amount))
    assert job is None
    assert never == ()
    assert bins.sizes == (len(amount) + 2, 4, 2)
    assert bins.inverse_penalty == LOGISTIC.inverse_penalty


def test_every_customer_is_in_one_bin_of_every_feature(design):
    bins = LOGISTIC.bins_of(design)
    one_hot = bins.one_hot(design).toarray()
    for part in np.split(one_hot, np.cumsum(bins.sizes)[:-1], axis=1):
        assert (part.sum(axis=1) == 1).all()
    last_of_amount = one_hot[:, bins.sizes[0] - 1]
    assert (last_of_amount == np.isnan(design.matrix[:, 0])).all()


def test_a_scorecard_adds_the_points_of_the_bins(design):
    bins = LOGISTIC.bins_of(design)
    points = np.random.default_rng(1).normal(size=sum(bins.sizes))
    card = bins.scorecard(0.5, points)
    assert [len(part) for part in card.points] == list(bins.sizes)
    assert card.log_odds(design) == pytest.approx(0.5 + bins.one_hot(design) @ points)


def test_the_fit_has_these_bins(design):
    learner = LogisticLearner(bins=4)
    tags = (np.arange(500) % 3 == 0).astype(np.int8)
    assert learner.fit(design, tags, seed=0).edges == learner.bins_of(design).edges
    assert len(learner.bins_of(design).edges[0]) == 3
