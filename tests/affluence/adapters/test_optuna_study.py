"""The search, on real studies in SQLite files: it goes on, repeats itself, ends trials early and says what is kept."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import optuna
import pytest

from affluence import progress, steps
from affluence.adapters import optuna_study
from affluence.adapters.optuna_study import Budget, SearchStopped, Study
from affluence.errors import UserError
from affluence.pu.learners.settings import BOUNDS, checked_settings
from affluence.pu.tuning import Ground, best_of, default_settings, lay_ground

LONG = 5.0


def lay(customers, contract, **changes) -> Ground:
    options = {"folds": 3, "seed": 0, "capacity_share": 0.1, **changes}
    return lay_ground(customers, steps.build_features(customers, contract), contract, **options)


@pytest.fixture(scope="module")
def ground(customers, contract) -> Ground:
    return lay(customers.head(500), contract)


@pytest.fixture
def study(ground, tmp_path) -> Study:
    return Study("logistic", ground, tmp_path / "models" / "tuning.db")


@pytest.fixture(scope="module")
def searched(ground, tmp_path_factory):
    """Twenty trials in one go."""
    whole = Study("logistic", ground, tmp_path_factory.mktemp("whole") / "tuning.db")
    return whole.search(Budget(LONG, trials=20))


@pytest.mark.parametrize("key", list(BOUNDS))
def test_the_default_settings_come_first_and_every_trial_is_within_the_bounds(ground, tmp_path, key):
    trials = Study(key, ground, tmp_path / "tuning.db").search(Budget(LONG, trials=3))
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert trials[0].settings == default_settings(key)
    assert trials[1].settings != trials[2].settings
    for trial in trials:
        assert checked_settings(key, trial.settings) == trial.settings
        assert trial.state == "complete"
        assert len(trial.fold_recalls) == 3
        assert trial.found.tagged == ground.tags.sum()


def test_equal_seeds_give_equal_trials_and_other_seeds_others(customers, contract, ground, searched, tmp_path):
    again = Study("logistic", ground, tmp_path / "again.db").search(Budget(LONG, trials=20))
    assert again == searched
    elsewhere = lay(customers.head(500), contract, seed=1)
    other = Study("logistic", elsewhere, tmp_path / "other.db").search(Budget(LONG, trials=3))
    assert other[0].settings == searched[0].settings
    assert other[1].settings != searched[1].settings


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(study, searched):
    new = []
    for trials in (1, 7, 13, 20):
        trials_so_far = study.search(Budget(LONG, trials=trials), told=new.append)
        assert len(trials_so_far) == trials
    assert trials_so_far == searched
    assert tuple(new) == searched
    assert study.search(Budget(LONG, trials=20)) == searched


def test_trials_that_fall_behind_are_ended_early_and_on_record(searched):
    pruned = [trial for trial in searched if trial.state == "pruned"]
    assert pruned
    assert {len(trial.fold_recalls) for trial in pruned} == {2}
    assert all(trial.found is None for trial in pruned)
    assert min(trial.number for trial in pruned) >= 5
    best = best_of(searched)
    assert best.found.recall >= searched[0].found.recall
    assert all(sum(trial.fold_recalls) < sum(best.fold_recalls[:2]) for trial in pruned)


def test_a_table_a_seed_or_a_share_that_changed_begins_a_study_of_its_own(customers, contract, study):
    study.search(Budget(LONG, trials=3))
    few = customers.head(500)
    for ground in (lay(few.head(499), contract), lay(few, contract, capacity_share=0.2), lay(few, contract, folds=4)):
        changed = Study("logistic", ground, study.store)
        assert changed.name != study.name
        assert len(changed.search(Budget(LONG, trials=1))) == 1
    assert len(study.search(Budget(LONG, trials=1))) == 3


def test_the_time_ends_a_search_and_one_trial_is_always_made(study):
    assert len(study.search(Budget(1e-9))) == 1
    assert len(study.search(Budget(1e-9))) == 1
    began = time.monotonic()
    assert len(study.search(Budget(0.02))) > 1
    assert time.monotonic() - began < 10


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(study, monkeypatch):
    study.search(Budget(LONG, trials=3))
    tried = []

    def break_off(*_, after_fold, **__):
        tried.append(1)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(optuna_study, "try_settings", break_off)
        with pytest.raises(SearchStopped) as stopped:
            study.search(Budget(LONG, trials=9))
    assert tried == [1]
    assert f"kept in {study.store}, and the same command goes on" in str(stopped.value)
    trials = study.search(Budget(LONG, trials=4))
    assert [trial.state for trial in trials] == ["complete", "complete", "complete", "failed", "complete"]


def test_ctrl_c_between_two_trials_keeps_both(study):
    def stop_at_the_second(trial):
        if trial.number == 1:
            raise KeyboardInterrupt

    with pytest.raises(SearchStopped):
        study.search(Budget(LONG, trials=9), told=stop_at_the_second)
    assert len(study.search(Budget(LONG, trials=2))) == 2


def test_a_trial_that_breaks_is_on_record_without_what_the_engine_said_and_the_search_goes_on(study, monkeypatch):
    whole = optuna_study.try_settings

    def break_sometimes(key, settings, ground, *, after_fold):
        if settings != default_settings("logistic"):
            raise ValueError("customer C12 holds 3")
        return whole(key, settings, ground, after_fold=after_fold)

    monkeypatch.setattr(optuna_study, "try_settings", break_sometimes)
    with monkeypatch.context() as patched:
        patched.setattr(Study, "_spent", lambda _, study, *__, **___: len(study.trials) >= 3)
        trials = study.search(Budget(LONG))
    assert [trial.state for trial in trials] == ["complete", "failed", "failed"]
    assert best_of(trials).number == 0
    assert b"C12" not in study.store.read_bytes()
    assert b"ValueError" in study.store.read_bytes()


def test_a_search_in_which_nothing_could_be_finished_says_so(study, monkeypatch):
    def break_down(*_, **__):
        raise MemoryError

    monkeypatch.setattr(optuna_study, "try_settings", break_down)
    with pytest.raises(UserError, match=r"None of \d+ trials of Logistic regression could be finished"):
        study.search(Budget(0.002))


def test_an_error_that_a_person_can_mend_is_not_swallowed(study, monkeypatch):
    def refuse(*_, **__):
        raise UserError("mend this")

    monkeypatch.setattr(optuna_study, "try_settings", refuse)
    with pytest.raises(UserError, match="mend this"):
        study.search(Budget(LONG))


def test_a_file_that_is_no_study_is_refused_in_words(study):
    study.store.parent.mkdir()
    study.store.write_bytes(b"this is not a database, it is a letter to somebody" * 100)
    with pytest.raises(UserError, match=r"cannot be read or written .* Move the file away"):
        study.search(Budget(LONG))


KILLED = """
    import os, sys
    sys.path.insert(0, sys.argv[2])
    from pathlib import Path
    from conftest import made_contract, made_customers
    from affluence import steps
    from affluence.adapters import optuna_study
    from affluence.pu.tuning import lay_ground

    customers, contract = made_customers().head(500), made_contract()
    ground = lay_ground(
        customers, steps.build_features(customers, contract), contract, folds=3, seed=0, capacity_share=0.1
    )
    study = optuna_study.Study("logistic", ground, Path(sys.argv[1]))
    if sys.argv[3] == "killed":
        whole = optuna_study.try_settings
        def die(key, settings, ground, *, after_fold):
            if len(trials) == 4:
                os.kill(os.getpid(), 9)
            return whole(key, settings, ground, after_fold=after_fold)
        optuna_study.try_settings = die
    trials = []
    study.search(optuna_study.Budget(5, trials=9), told=trials.append)
    print(len(trials))
"""


def test_a_search_that_was_killed_in_the_middle_of_a_trial_goes_on(study, searched):
    def call(how: str) -> subprocess.CompletedProcess:
        program = [sys.executable, "-c", textwrap.dedent(KILLED), str(study.store), str(Path(__file__).parents[1]), how]
        return subprocess.run(program, capture_output=True, text=True, check=False, env={**os.environ})

    assert call("killed").returncode == -signal.SIGKILL
    with sqlite3.connect(study.store) as store:
        states = [state for (state,) in store.execute("select state from trials order by number")]
    assert states == ["COMPLETE"] * 4 + ["RUNNING"]
    assert call("again").stdout.strip() == "5"
    trials = study.search(Budget(LONG, trials=9))
    assert trials[:4] == searched[:4]
    assert [trial.state for trial in trials].count("failed") == 1
    assert trials[4].state == "failed"
    assert len(trials) == 10


def test_defaults_that_were_killed_are_tried_again(study):
    with study._opened() as opened:
        opened.enqueue_trial(dict(default_settings("logistic")), user_attrs={"defaults": True})
        opened.ask()
    trials = study.search(Budget(LONG, trials=1))
    assert [trial.state for trial in trials] == ["failed", "complete"]
    assert trials[1].settings == default_settings("logistic")


def test_progress_tells_the_trials_the_best_and_the_minutes_left(study, monkeypatch):
    told = []
    monkeypatch.setattr(progress, "report", lambda stage, **how: told.append((stage, how)))
    study.search(Budget(LONG, trials=2))
    stages = {stage for stage, _ in told}
    assert stages == {"Tuning Logistic regression"}
    assert [how["note"].split(",")[0] for _, how in told] == ["0 tried", "1 tried", "2 tried"]
    assert "none finished" in told[0][1]["note"]
    assert all("minutes left" in how["note"] for _, how in told)
    assert "best recall 0." in told[-1][1]["note"]
    assert all(0 <= how["done"] <= how["total"] == 300 for _, how in told)


def test_settings_are_tried_and_kept_with_the_digits_that_a_person_reads(searched):
    penalties = [trial.settings["inverse_penalty"] for trial in searched]
    assert all(float(f"{penalty:.4g}") == penalty for penalty in penalties)
    assert all(isinstance(trial.settings["bins"], int) for trial in searched)


def test_optuna_says_nothing_itself(study, capfd):
    study.search(Budget(LONG, trials=2))
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == optuna.logging.ERROR


def test_no_customer_stands_in_the_file(customers, contract, study):
    study.search(Budget(LONG, trials=2))
    content = study.store.read_bytes()
    assert not any(customer.encode() in content for customer in customers["customer_id"].head(500) if len(customer) > 3)
