"""What a tuning keeps, and what it says of it."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from affluence import steps
from affluence.evaluation.results import Estimate
from affluence.pu.learners.settings import checked_settings
from affluence.pu.tuned import NOT_TUNED, tuned_from_yaml
from affluence.pu.tuning import Found, Judgement, Trial, default_settings, fresh_seed, lay_ground
from affluence.pu.tuning_record import Tuning, tuned_to_yaml

OTHER = {"bins": 8, "inverse_penalty": 1.5}


@pytest.fixture(scope="module")
def ground(customers, contract):
    few = customers.head(400)
    return lay_ground(few, steps.build_features(few, contract), contract, folds=3, seed=2, capacity_share=0.1)


def judged(low: float) -> Judgement:
    recall = Estimate(0.4, 0.35, 0.45, "drawn again")
    return Judgement(fresh_seed(2), recall, recall, Estimate(low + 0.01, low, low + 0.02, "paired"))


@pytest.fixture
def tuning(ground) -> Tuning:
    trials = (
        Trial(0, default_settings("logistic"), "complete", (0.3, 0.3, 0.3), Found(0.3, 0.5, 80)),
        Trial(1, OTHER, "complete", (0.4, 0.4, 0.4), Found(0.4, 0.5, 80)),
        Trial(2, {"bins": 5, "inverse_penalty": 0.1}, "pruned", (0.1,)),
        Trial(3, {"bins": 6, "inverse_penalty": 0.1}, "failed", ()),
    )
    return Tuning("logistic", "Logistic regression", ground, trials, judged(0.001))


def test_the_best_of_the_search_is_used_when_it_won_on_the_fresh_folds(tuning):
    assert tuning.best.number == 1
    assert tuning.settings == OTHER
    assert tuning.outcome.startswith("The tuned settings are used")


@pytest.mark.parametrize("low", [0.0, -0.01])
def test_the_default_settings_stay_when_the_gain_may_be_chance(tuning, low):
    unsure = replace(tuning, judgement=judged(low))
    assert unsure.settings == {}
    assert unsure.outcome.startswith("The default settings stay: on folds dealt anew")
    assert unsure.record()["best_trial"]["settings"] == OTHER
    assert unsure.record()["judged_anew"]["difference"]["low"] == low


def test_the_default_settings_stay_when_nothing_found_more(tuning):
    alone = replace(tuning, trials=tuning.trials[:1], judgement=judged(0.0))
    assert alone.best_is_default
    assert alone.settings == {}
    assert "no trial found more" in alone.outcome


def test_the_file_is_read_as_it_was_written_and_holds_seeds_digest_and_figures(tuning, ground):
    text = tuned_to_yaml([tuning], before=NOT_TUNED)
    tuned = tuned_from_yaml(text, name="tuned.yml")
    assert tuned.table == "made"
    assert tuned.settings_of("logistic") == checked_settings("logistic", OTHER)
    kept = yaml.safe_load(text)["learners"]["logistic"]
    assert kept == tuning.record()
    assert (kept["seed"], kept["folds"], kept["capacity_share"]) == (2, 3, 0.1)
    assert kept["judged_anew"]["seed"] == fresh_seed(2)
    assert kept["digest"] == ground.digest("logistic")
    assert kept["trials"] == {"complete": 2, "pruned": 1, "failed": 1}
    assert text.startswith("# Written by `affluence tune`.")


def test_a_learner_that_is_not_tuned_again_stays_in_the_file(tuning):
    before = tuned_from_yaml(
        "table: made\nlearners:\n  xgboost: {settings: {rounds: 90}, by: hand}\n  logistic: {settings: {bins: 4}}",
        name="before.yml",
    )
    after = tuned_from_yaml(tuned_to_yaml([tuning], before=before), name="after.yml")
    assert after.settings_of("xgboost") == {"rounds": 90}
    assert after.content["learners"]["xgboost"]["by"] == "hand"
    assert after.settings_of("logistic") == OTHER


def test_what_is_kept_are_plain_numbers_and_words(tuning):
    odd = replace(
        tuning, judgement=replace(tuning.judgement, default=Estimate(*np.array([0.1, 0.2, 0.3], dtype=np.float64), "a"))
    )
    assert yaml.safe_load(tuned_to_yaml([odd], before=NOT_TUNED))
    assert not any(customer in tuned_to_yaml([odd], before=NOT_TUNED) for customer in ("C12", "C399"))


def test_a_tuning_without_a_complete_trial_has_no_best_one(tuning):
    with pytest.raises(ValueError, match="no best one"):
        _ = replace(tuning, trials=tuning.trials[2:]).best
