import pytest

from affluence.errors import UserError
from affluence.pu.learners.effort import EFFORTS, booster_settings, effort_of
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.logistic import LOGISTIC


def test_fast_is_less_work_than_accurate_and_steps_as_far():
    fast, accurate = EFFORTS["fast"], EFFORTS["accurate"]
    assert fast.rounds * fast.repeats < accurate.rounds * accurate.repeats
    assert fast.rounds * fast.learning_rate == accurate.rounds * accurate.learning_rate
    assert fast.renewed < fast.rounds


def test_settings_leave_the_objective_open_and_take_the_step_and_the_seed():
    settings = booster_settings(EFFORTS["fast"], seed=7)
    assert "objective" not in settings
    assert settings["learning_rate"] == EFFORTS["fast"].learning_rate
    assert settings["seed"] == 7


@pytest.mark.parametrize("mode", list(EFFORTS))
def test_without_tuned_settings_an_effort_is_that_of_its_mode(mode):
    assert effort_of(mode) == effort_of(mode, boosting={}, scorecard=None) == EFFORTS[mode]


def test_tuned_rounds_and_rate_are_multiples_of_the_single_boosters_own():
    own = {"rounds": 200, "learning_rate": 0.05}
    assert {name: GRADIENT_BOOSTING.settings[name] for name in own} == own
    for mode, effort in EFFORTS.items():
        same, twice = effort_of(mode, boosting=own), effort_of(mode, boosting={"rounds": 400, "learning_rate": 0.1})
        assert (same.rounds, same.learning_rate) == (effort.rounds, effort.learning_rate)
        assert (twice.rounds, twice.learning_rate) == (2 * effort.rounds, 2 * effort.learning_rate)
        assert (twice.repeats, twice.renewed) == (effort.repeats, effort.renewed)


def test_the_other_tuned_settings_are_taken_as_they_are():
    effort = effort_of("fast", boosting={"max_leaves": 7, "reg_lambda": 1}, scorecard={"inverse_penalty": 2})
    settings = booster_settings(effort, seed=0)
    assert (settings["max_leaves"], settings["reg_lambda"], settings["subsample"]) == (7, 1, 0.8)
    assert (effort.scorecard.inverse_penalty, effort.scorecard.bins) == (2, LOGISTIC.bins)


def test_a_tuned_setting_out_of_its_bounds_is_refused():
    with pytest.raises(UserError, match=r"subsample is '2', wanted a number from 0.4 to 1"):
        effort_of("fast", boosting={"subsample": 2})
