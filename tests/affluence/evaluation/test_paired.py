"""Replicates of two rankings at once: differences move as they do when every customer is drawn by itself."""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from affluence.evaluation.paired import paired_draws
from affluence.evaluation.ranking import Draws


def two_rankings(size: int, *, apart: float, seed: int = 0):
    random = np.random.default_rng(seed)
    tags = (random.random(size) < 0.2).astype(np.int8)
    first = random.normal(size=size) + 1.2 * tags
    return first, first + apart * random.normal(size=size), tags


def drawn_by_customer(first, second, tags, figure, *, replicates: int = 200) -> np.ndarray:
    random = np.random.default_rng(1)
    weights = random.poisson(1, (replicates, len(tags)))
    return np.array(
        [figure(tags, second, sample_weight=w) - figure(tags, first, sample_weight=w) for w in weights.astype(float)]
    )


def test_differences_spread_as_they_do_when_each_customer_is_drawn_alone():
    first, second, tags = two_rankings(2_000, apart=0.7)
    one, other = paired_draws(first, second, tags)
    for figure, grouped in (
        (roc_auc_score, Draws.roc_auc),
        (average_precision_score, Draws.average_precision),
    ):
        ours = np.std(grouped(other) - grouped(one))
        exact = np.std(drawn_by_customer(first, second, tags, figure))
        assert 0.85 < ours / exact < 1.15


def test_a_pair_is_told_apart_more_surely_than_two_strangers():
    first, second, tags = two_rankings(2_000, apart=0.1)
    one, other = paired_draws(first, second, tags)
    _, stranger = paired_draws(first, second, tags, seed=1)
    assert np.std(other.roc_auc() - one.roc_auc()) < 0.5 * np.std(stranger.roc_auc() - one.roc_auc())


def test_both_rankings_hold_the_same_customers_in_every_replicate():
    one, other = paired_draws(*two_rankings(500, apart=2))
    np.testing.assert_array_equal(one.tagged.sum(axis=1), other.tagged.sum(axis=1))
    np.testing.assert_array_equal(one.others.sum(axis=1), other.others.sum(axis=1))


def test_a_ranking_against_itself_never_differs():
    first, _, tags = two_rankings(500, apart=0)
    one, other = paired_draws(first, first, tags)
    np.testing.assert_array_equal(one.tagged, other.tagged)


def test_one_customer_can_be_drawn():
    one, _ = paired_draws(np.array([1.0]), np.array([2.0]), np.array([1], dtype=np.int8))
    assert one.tagged.shape[1] == 1
