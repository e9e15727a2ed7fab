from affluence.pu.learners.effort import EFFORTS, booster_settings


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
