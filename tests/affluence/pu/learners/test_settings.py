"""What may be set on a learner: every bound is of a setting that there is, and nothing outside of one gets through."""

import math

import numpy as np
import pytest

from affluence.errors import UserError
from affluence.pu.learners import LEARNERS, learner_of
from affluence.pu.learners.settings import BOUNDS, checked_settings

EVERY_BOUND = [(key, bound) for key, bounds in BOUNDS.items() for bound in bounds]
each_bound = pytest.mark.parametrize(("key", "bound"), EVERY_BOUND, ids=lambda value: getattr(value, "name", value))


def test_every_learner_can_be_tuned():
    assert set(BOUNDS) == set(LEARNERS)


@each_bound
def test_a_bound_is_of_a_setting_that_the_learner_has_and_holds_its_default(key, bound):
    assert bound.fault(LEARNERS[key].settings[bound.name]) is None
    assert 0 < bound.low < bound.high


@each_bound
def test_both_ends_are_allowed_and_reach_the_learner_and_nothing_else_changes(key, bound):
    for end in (bound.low, bound.high):
        settings = learner_of(key, {bound.name: end}).settings
        assert settings == {**LEARNERS[key].settings, bound.name: end}
        assert isinstance(settings[bound.name], int) == (bound.whole or (isinstance(end, int) and bound.whole))


@each_bound
@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 10**30, True, "8", None, [3], {"low": 1}])
def test_a_value_that_is_no_number_within_is_refused_with_what_was_wanted(key, bound, value):
    kind = "a whole number" if bound.whole else "a number"
    with pytest.raises(UserError, match=rf"{bound.name} is .*, wanted {kind} from {bound.low:g} to {bound.high:g}"):
        checked_settings(key, {bound.name: value})


def test_half_a_leaf_is_refused_and_numbers_of_numpy_are_numbers():
    with pytest.raises(UserError, match=r"max_leaves is '7.5', wanted a whole number"):
        checked_settings("xgboost", {"max_leaves": 7.5})
    checked = checked_settings("xgboost", {"max_leaves": np.float64(8), "rounds": np.int64(60)})
    assert checked == {"rounds": 60, "max_leaves": 8}
    assert {type(value) for value in checked.values()} == {int}


def test_every_fault_is_told_at_once():
    with pytest.raises(UserError) as refused:
        checked_settings("logistic", {"bins": 1, "inverse_penalty": "much", "depth": 3, 7: 7})
    for words in ("bins is '1'", "inverse_penalty is 'much'", "no setting 'depth' (there are bins,", "no setting '7'"):
        assert words in str(refused.value)


def test_what_makes_a_method_that_method_cannot_be_set():
    with pytest.raises(UserError, match="no setting 'objective'"):
        learner_of("xgboost", {"objective": "reg:squarederror"})


def test_the_learners_own_settings_are_not_changed():
    before = dict(LEARNERS["xgboost"].settings)
    learner_of("xgboost", {"rounds": 50, "max_leaves": 4})
    assert LEARNERS["xgboost"].settings == before
    assert learner_of("xgboost") is LEARNERS["xgboost"]
    assert learner_of("xgboost", {}) is LEARNERS["xgboost"]
