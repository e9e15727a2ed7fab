"""The two rankings by which a column is said to give the tag away."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from affluence.data.doctor.leaks import group_auc, rank_auc


def test_the_auc_is_that_of_scikit_learn_ties_included(random):
    tag = random.random(500) < 0.3
    scores = np.round(random.normal(size=500) + tag, 1)
    assert rank_auc(scores, tag) == pytest.approx(roc_auc_score(tag, scores))


def test_groups_of_one_row_rank_nobody(random):
    tag = random.random(2_000) < 0.3
    assert group_auc(np.arange(2_000), tag) == pytest.approx(0.5)


def test_groups_that_have_nothing_to_do_with_the_tag_rank_by_chance(random):
    tag = random.random(4_000) < 0.3
    assert abs(group_auc(random.integers(0, 50, 4_000), tag) - 0.5) < 0.06


def test_a_group_that_is_the_tag_ranks_it_whole(random):
    tag = random.random(2_000) < 0.3
    assert group_auc(tag.astype(np.int64), tag) == 1.0
