"""The finder as a method beside the single learners."""

import pytest

from affluence.errors import UserError
from affluence.pu.finder_method import FINDER_KEY, FinderMethod, method_keys, method_of, method_with
from affluence.pu.learners import LEARNERS
from affluence.pu.learners.effort import EFFORTS

SETTINGS = {key: learner.settings for key, learner in LEARNERS.items()}
WORK = ("rounds", "learning_rate", "repeats", "renewed")


def test_the_finder_comes_first_and_every_learner_after_it():
    assert method_keys() == (FINDER_KEY, *LEARNERS)


@pytest.mark.parametrize("key", method_keys())
def test_a_method_is_found_by_its_key(key):
    method = method_of(key)
    assert method.key == key
    assert method.title
    assert method.settings


@pytest.mark.parametrize("key", list(LEARNERS))
def test_a_learner_is_the_learner_itself_whatever_the_mode(key):
    assert method_of(key, mode="fast") is LEARNERS[key]


@pytest.mark.parametrize("mode", list(EFFORTS))
def test_the_finders_settings_are_those_of_its_mode(mode):
    method = method_of(FINDER_KEY, mode=mode)
    assert method == FinderMethod(mode)
    assert method.settings == {"mode": mode, **{name: getattr(EFFORTS[mode], name) for name in WORK}}


def test_the_finder_is_accurate_unless_told_otherwise():
    assert method_of(FINDER_KEY) == FinderMethod("accurate")


@pytest.mark.parametrize("key", ["svm", "", "Finder"])
def test_an_unknown_key_is_refused_with_those_that_are_known(key):
    with pytest.raises(UserError, match=f"no learner '{key}'. Choose among finder, xgboost, random_forest, logistic"):
        method_of(key)


@pytest.mark.parametrize("key", method_keys())
def test_a_method_comes_back_from_the_settings_on_record(key):
    method = method_of(key)
    assert method_with(key, method.settings) == method


@pytest.mark.parametrize("key", list(LEARNERS))
def test_a_tuned_learner_comes_back_as_it_was_tuned(key):
    tuned = LEARNERS[key].with_settings({name: 5 for name in ("rounds", "max_depth", "bins") if name in SETTINGS[key]})
    assert tuned != LEARNERS[key]
    assert method_with(key, tuned.settings) == tuned


@pytest.mark.parametrize("mode", list(EFFORTS))
def test_a_tuned_finder_comes_back_and_tells_its_parts_settings_apart(mode):
    tuned = FinderMethod(mode, boosting={"max_leaves": 9, "rounds": 400}, scorecard={"bins": 8})
    settings = tuned.settings
    assert settings["boosting_max_leaves"] == 9
    assert settings["scorecard_bins"] == 8
    assert settings["rounds"] == 2 * EFFORTS[mode].rounds
    assert method_with(FINDER_KEY, settings) == tuned
