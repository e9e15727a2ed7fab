"""Boosters joined, and boosters with some columns settled, say the same to the last bit."""

import numpy as np
import pytest
import xgboost as xgb
from scipy.special import expit

from affluence.features.preprocessing import Design
from affluence.pu.learners.boosters import raw_output
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.joined_trees import joined, settled
from affluence.pu.learners.split_additive import fit_split_additive
from affluence.pu.learners.under_propensity import Evidence, fit_booster, renew_booster

ROWS = 1_500
FAST = EFFORTS["fast"]
DRIVERS = (1, 2)


@pytest.fixture(scope="module")
def design() -> Design:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(ROWS, 4))
    matrix[:, 2] = random.integers(0, 6, ROWS)
    matrix[random.random(ROWS) < 0.2, 1] = np.nan
    matrix[random.random(ROWS) < 0.1, 2] = np.nan
    return Design(matrix.astype(np.float32), ("rest", "driver", "branch", "other"), (0, 0, 6, 0), {})


@pytest.fixture(scope="module")
def tags(design) -> np.ndarray:
    rest, driver, branch, _ = design.matrix.T
    chance = expit(1.5 * rest + 1.5 * np.nan_to_num(driver) + (branch == 3) - 1)
    return (np.random.default_rng(1).random(ROWS) < chance).astype(np.int8)


@pytest.fixture(scope="module")
def boosters(design, tags) -> list[xgb.Booster]:
    evidence = Evidence(tags, np.full(ROWS, 0.6), np.full(ROWS, np.nan))
    of_class = fit_booster(design, evidence, effort=FAST, seed=1)
    return [
        GRADIENT_BOOSTING.fit(design, tags, seed=0).booster,
        of_class.booster,
        renew_booster(of_class, design, evidence, effort=FAST, seed=2).booster,
        fit_split_additive(design, tags, drivers=DRIVERS, effort=FAST, seed=3).booster,
    ]


def test_joined_boosters_say_what_each_says_alone(boosters, design):
    said = raw_output(joined(boosters), design.matrix)
    assert said.shape == (ROWS, len(boosters))
    for place, booster in enumerate(boosters):
        assert (said[:, place] == raw_output(booster, design.matrix)).all()
    alone = joined(boosters[1:2])
    assert (raw_output(alone, design.matrix).reshape(-1) == said[:, 1]).all()


def test_a_joined_booster_says_the_same_of_one_row(boosters, design):
    whole = joined(boosters)
    said = raw_output(whole, design.matrix)
    assert all((raw_output(whole, design.matrix[[row]]) == said[row]).all() for row in range(20))


def test_boosters_that_begin_elsewhere_are_not_joined(boosters, design, tags):
    matrix = xgb.DMatrix(design.matrix, label=tags, feature_types=["q", "q", "c", "q"], enable_categorical=True)
    other = xgb.train({"objective": "reg:squarederror", "base_score": 0.25}, matrix, num_boost_round=2)
    with pytest.raises(ValueError, match=r"begins at 0\.25"):
        joined([boosters[0], other])


@pytest.mark.parametrize("values", [(0.5, 3.0), (np.nan, 1.0), (0.0, np.nan)])
def test_settled_columns_are_at_their_values_for_everybody(boosters, design, values):
    there = np.array(values, dtype=np.float32)
    matrix = design.matrix.copy()
    matrix[:, list(DRIVERS)] = there
    settled_there = settled(boosters[-1], DRIVERS, there)
    assert (raw_output(settled_there, design.matrix) == raw_output(boosters[-1], matrix)).all()
    kept = settled_there.trees_to_dataframe()
    assert not {"driver", "branch"} & set(kept["Feature"])
    assert {"rest", "other"} <= set(kept["Feature"])
