from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from affluence.pu.first_layer import fit_first_layer, tag_booster
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING

FAST = EFFORTS["fast"]


@pytest.fixture(scope="module")
def design(bank):
    return bank.design()


@pytest.mark.parametrize("drivers", [(), (2, 3)])
def test_its_members_rank_the_tagged_and_the_rest_needs_drivers(design, bank, drivers):
    layer = fit_first_layer(design, bank.tags, drivers=drivers, effort=FAST, repeats=2, seed=0)
    assert len(layer.boosters) == 2
    members = layer.members(design)
    assert members.shape == (len(design), 2)
    assert all(roc_auc_score(bank.tags, members[:, member]) > 0.85 for member in (0, 1))
    assert (layer.split is None) == (not drivers)
    assert layer.parts(design)[1].any() == bool(drivers)


def test_several_boosters_have_seeds_of_their_own_and_count_by_their_mean(design, bank):
    layer = fit_first_layer(design, bank.tags, drivers=(), effort=FAST, repeats=2, seed=0)
    first, second = (booster.log_odds(design) for booster in layer.boosters)
    assert (first != second).any()
    assert layer.members(design)[:, 0] == pytest.approx((first + second) / 2)


def test_the_booster_of_the_tag_is_the_single_one_at_another_effort():
    booster = tag_booster(replace(FAST, rounds=7, learning_rate=0.3))
    assert booster.rounds == 7
    assert booster.parameters == {**GRADIENT_BOOSTING.parameters, "learning_rate": 0.3}
    assert booster.key == GRADIENT_BOOSTING.key


def test_rows_are_scored_one_by_one(design, bank):
    layer = fit_first_layer(design, bank.tags, drivers=(2, 3), effort=FAST, repeats=1, seed=0)
    whole, rest = layer.members(design), layer.parts(design)[1]
    for row in range(20):
        alone = design.rows(np.array([row]))
        assert (layer.members(alone)[0] == whole[row]).all()
        assert layer.parts(alone)[1][0] == rest[row]
