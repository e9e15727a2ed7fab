"""The tag drivers and all other columns in trees of their own."""

import numpy as np
import pytest
from scipy.special import expit

from affluence.features.preprocessing import Design
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.split_additive import fit_split_additive

ROWS = 2_000
FAST = EFFORTS["fast"]
DRIVERS = (1, 2)


@pytest.fixture(scope="module")
def design() -> Design:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(ROWS, 4))
    matrix[:, 2] = random.integers(0, 4, ROWS)
    matrix[random.random(ROWS) < 0.2, 1] = np.nan
    return Design(matrix.astype(np.float32), ("rest", "driver", "branch", "other"), (0, 0, 4, 0), {})


@pytest.fixture(scope="module")
def tags(design) -> np.ndarray:
    rest, driver, branch, _ = design.matrix.T
    chance = expit(1.5 * rest + 1.5 * np.nan_to_num(driver) + (branch == 3) - 1)
    return (np.random.default_rng(1).random(ROWS) < chance).astype(np.int8)


@pytest.fixture(scope="module")
def split(design, tags):
    return fit_split_additive(design, tags, drivers=DRIVERS, effort=FAST, seed=0)


def with_column(design: Design, place: int, values) -> Design:
    matrix = design.matrix.copy()
    matrix[:, place] = values
    return Design(matrix, design.names, design.categories, design.unseen)


def test_no_tree_mixes_drivers_with_other_columns(split):
    trees = split.booster.trees_to_dataframe()
    used = [set(tree["Feature"]) - {"Leaf"} for _, tree in trees.groupby("Tree")]
    assert all(columns <= {"driver", "branch"} or columns <= {"rest", "other"} for columns in used)
    assert any("driver" in columns for columns in used)
    assert any("rest" in columns for columns in used)


def test_the_rest_does_not_see_the_drivers(split, design):
    other = with_column(with_column(design, 1, np.nan), 2, 0)
    assert (split.rest(design) == split.rest(other)).all()


def test_the_rest_sees_the_other_columns(split, design):
    rest = split.rest(design)
    assert np.corrcoef(rest, design.matrix[:, 0])[0, 1] > 0.8
    assert (split.rest(with_column(design, 0, 0.0)) != rest).mean() > 0.9


def test_the_rest_is_one_row_s_own_and_changes_no_table(split, design):
    before = design.matrix.copy()
    whole = split.rest(design)
    assert [split.rest(design.rows(np.array([row])))[0] for row in range(20)] == whole[:20].tolist()
    assert np.array_equal(before, design.matrix, equal_nan=True)


def test_an_equal_seed_gives_an_equal_split(split, design, tags):
    again = fit_split_additive(design, tags, drivers=DRIVERS, effort=FAST, seed=0)
    assert (again.rest(design) == split.rest(design)).all()


def test_typical_is_the_median_of_numbers_and_the_most_frequent_code(split, design):
    number, code = split.typical
    assert number == pytest.approx(np.nanmedian(design.matrix[:, 1]))
    assert code == np.bincount(design.matrix[:, 2].astype(int)).argmax()


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_where_most_are_missing_to_be_missing_is_typical(design, tags, share):
    values = np.where(np.arange(ROWS) < share * ROWS, np.nan, 1.0)
    split = fit_split_additive(with_column(design, 1, values), tags, drivers=[1], effort=FAST, seed=0)
    assert np.isnan(split.typical).all()
    assert np.isfinite(split.rest(design)).all()


def test_where_every_column_is_a_driver_the_rest_says_the_same_of_all(design, tags):
    split = fit_split_additive(design, tags, drivers=range(4), effort=FAST, seed=0)
    assert np.ptp(split.rest(design)) == 0
