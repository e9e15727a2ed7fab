"""The command line, as a data scientist meets it; what runs the whole project stands in test_newcomer.py."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from affluence import workspace
from affluence.cli import main
from affluence.pu.learners import LEARNERS, learner_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """An empty project with the first 3,000 people of Adult under the name `few`."""
    (tmp_path / "conf" / "local").mkdir(parents=True)
    shutil.copytree(ROOT / "conf" / "base", tmp_path / "conf" / "base")
    (tmp_path / "pyproject.toml").touch()
    few = tmp_path / "few.csv"
    with gzip.open(ROOT / "data/01_raw/adult.csv.gz", "rt") as whole:
        few.write_text("".join(line for _, line in zip(range(3_001), whole, strict=False)))
    contract = (ROOT / "conf/base/contract_adult.yml").read_text()
    contract = contract.replace("table: adult", "table: few").replace("data/01_raw/adult.csv.gz", "few.csv")
    (tmp_path / "conf" / "base" / "contract_few.yml").write_text(contract)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_help_says_what_each_verb_does_and_what_normal_means():
    shown = call("--help").output
    assert 'NORMAL means "not tagged affluent"' in shown
    for verb in ("init", "check", "run", "train", "score", "report", "promote"):
        assert verb in shown
        assert len(call(verb, "--help").output.splitlines()) > 5


def test_help_does_not_wait_for_the_learners_to_load():
    program = "import sys, affluence.cli; print({'mlflow', 'kedro', 'xgboost', 'sklearn', 'polars'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"


def test_a_good_table_is_accepted_in_words(project):
    answer = call("check", "few.csv", "--contract", "few")
    assert answer.exit_code == 0
    assert "3,000" in answer.output


def test_a_bad_table_is_refused_with_its_lines_and_a_status(project):
    lines = Path("few.csv").read_text().splitlines()
    lines[4] = lines[4].replace("53,", "fifty-three,", 1)
    Path("bad.csv").write_text("\n".join(lines))
    answer = call("check", "bad.csv", "--contract", "few")
    assert answer.exit_code == 1
    assert "age" in answer.output
    assert "line 5" in answer.output
    assert "Traceback" not in answer.output
    assert "fifty-three" not in answer.output


def test_a_drafted_contract_accepts_the_table_it_was_drafted_from(project):
    drafted = call("init", "few.csv")
    assert drafted.exit_code == 0, drafted.output
    contract = project / "conf" / "local" / "contract_few.yml"
    assert contract.exists()
    assert call("check", "few.csv", "--contract", str(contract)).exit_code == 0


def test_a_contract_that_is_there_is_not_written_over(project):
    call("init", "few.csv")
    contract = project / "conf" / "local" / "contract_few.yml"
    contract.write_text("edited by a person")
    answer = call("init", "few.csv")
    assert answer.exit_code == 1
    assert "is there already" in answer.output
    assert contract.read_text() == "edited by a person"
    assert call("init", "few.csv", "--force").exit_code == 0
    assert contract.read_text() != "edited by a person"


def test_train_promote_and_score_without_kedro(project):
    options = ("--contract", "few", "--learner", "xgboost", "--learner", "logistic", "--folds", "3")
    trained = call("train", *options)
    assert trained.exit_code == 0, trained.output
    assert "version 1, champion" in trained.output
    challenger = call("train", *options, "--seed", "1")
    assert "affluence promote 2 --contract few" in challenger.output
    assert "version 2, champion" in call("promote", "2", "--contract", "few").output
    scored = call("score", "few.csv", "--contract", "few", "--out", "out")
    assert scored.exit_code == 0, scored.output
    assert "version 2" in scored.output
    candidates = pl.read_parquet("out/candidates.parquet")
    assert candidates["rank"].to_list() == list(range(1, candidates.height + 1))
    assert pl.read_csv("out/candidates.csv").height == candidates.height
    assert pl.read_parquet("out/scores.parquet").height == 3_000
    assert "The table is green. The table looks like the one that the model learned from." in scored.output


def test_scoring_says_when_the_table_moved_and_by_which_columns(project):
    assert call("train", "--contract", "few", "--learner", "logistic").exit_code == 0
    few = pl.read_csv("few.csv")
    few.with_columns((pl.col("age") + 25).clip(upper_bound=90)).write_csv("older.csv")
    conf = project / "conf" / "local"
    said = " ".join(call("score", "older.csv", "--contract", "few", "--out", "out").output.split())
    assert "The table is red. " in said
    assert "age_years: " in said
    conf.mkdir(exist_ok=True)
    bounds = "psi: [50, 60], level: [50, 60]"
    (conf / "parameters_stability.yml").write_text("stability: {" + bounds + "}")
    said = " ".join(call("score", "older.csv", "--contract", "few", "--out", "out").output.split())
    assert "The table is green. " in said


def test_a_table_without_its_tag_is_scored_but_not_trained_on(project):
    assert call("train", "--contract", "few", "--learner", "logistic").exit_code == 0
    pl.read_csv("few.csv").drop("income").write_csv("untagged.csv")
    assert call("check", "untagged.csv", "--contract", "few").exit_code == 1
    assert call("check", "untagged.csv", "--contract", "few", "--scoring").exit_code == 0
    assert call("score", "untagged.csv", "--contract", "few", "--out", "out").exit_code == 0
    assert pl.read_parquet("out/candidates.parquet").height == 3_000
    refused = call("train", "untagged.csv", "--contract", "few")
    assert refused.exit_code == 1
    assert "no tag column 'income'" in refused.output


def test_scoring_before_training_says_what_to_do_first(project):
    answer = call("score", "few.csv", "--contract", "few")
    assert answer.exit_code == 1
    assert "Train one first" in answer.output
    assert not (project / "data" / "07_model_output").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "few.csv", "--contract", "nobody"], "There is no contract 'nobody'. Known contracts:"),
        (["run", "--data", "few.csv"], "Draft one with 'affluence init few.csv'"),
        (["run", "--data", "missing.csv"], "There is no file missing.csv"),
        (["run", "--data", "nobody"], "There is no contract 'nobody'"),
    ],
)
def test_a_call_that_cannot_be_right_is_answered_in_words(project, arguments, words):
    answer = call(*arguments)
    assert answer.exit_code == 1
    assert words in answer.output
    assert "Traceback" not in answer.output


def test_outside_a_project_the_place_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = call("report")
    assert answer.exit_code == 1
    assert "is not inside an Affluence project" in answer.output


def test_a_fault_of_ours_shows_its_kind_and_no_value(project, monkeypatch):
    def break_down(*_, **__):
        raise KeyError("a customer's secret")

    monkeypatch.setattr("affluence.data.reading.read_table", break_down)
    answer = call("check", "few.csv", "--contract", "few")
    assert answer.exit_code == 70
    assert "KeyError" in answer.output
    assert "secret" not in answer.output


def test_the_doctor_tells_what_it_finds_and_writes_its_page(project):
    lines = Path("few.csv").read_text().splitlines()
    Path("twice.csv").write_text("\n".join([*lines, *lines[1:60]]))
    told = call("doctor", "twice.csv", "--contract", "few", "--out", "page.html")
    assert told.exit_code == 0, told.output
    assert "duplicate_rows" in told.output
    assert "-> Keep one of each" in told.output
    assert "Rows that stand twice" in Path("page.html").read_text()


def test_the_doctor_needs_no_contract_and_its_status_says_when_a_finding_stops(project):
    lines = Path("few.csv").read_text().splitlines()
    leaking = [lines[0] + ",club", *(line + f",{int(line.endswith('>50K'))}" for line in lines[1:])]
    Path("leaking.csv").write_text("\n".join(leaking))
    told = call("doctor", "leaking.csv")
    assert told.exit_code == 1
    assert "club alone gives the tag away" in told.output


def test_a_bank_is_made_where_its_contract_says_and_the_truth_apart(project):
    made = call("simulate", "--customers", "800", "--seed", "5", "--scenario", "rule", "--hidden-share", "0.1")
    assert made.exit_code == 0, made.output
    assert "SIMULATED" in made.output
    table, truth = (pl.read_parquet(f"data/01_raw/reference_bank{kind}.parquet") for kind in ("", "_truth"))
    assert table.height == truth.height == 800
    hidden = (truth["hidden_type"] != "none").sum()
    assert hidden == round(0.1 * (table["C_seg"] == "NORMAL").sum())


def test_both_sides_of_a_comparison_are_printed_and_nothing_is_written(project):
    compared = call("simulate", "--customers", "3000", "--compare")
    assert compared.exit_code == 0, compared.output
    assert "published  simulated" in compared.output
    assert "rows with a value: 42 of 42 within tolerance" in compared.output
    assert not (project / "data").exists()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--customers", "10"), "too few to show a bank"),
        (("--scenario", "odd"), "no scenario 'odd'"),
        (("--contract", "few"), "not that of a made table"),
    ],
)
def test_a_bank_that_cannot_be_made_is_told_in_words(project, option, words):
    answer = call("simulate", *option)
    assert answer.exit_code == 1
    assert words in answer.output


def shorten(file: str, *, rows: int = 1_000) -> None:
    Path(file).write_text("\n".join(Path(file).read_text().splitlines()[: rows + 1]))


@pytest.mark.slow
def test_the_finder_is_trained_and_a_sheet_teaches_it(project):
    shorten("few.csv")
    trained = call("train", "--contract", "few", "--learner", "finder", "--mode", "fast", "--folds", "3")
    assert trained.exit_code == 0, trained.output
    assert "Finder" in trained.output
    assert "version 1, champion" in trained.output
    suggest = ("review", "suggest", "--contract", "few", "--n", "60", "--purpose", "count", "--out", "sheet.csv")
    suggested = call(*suggest)
    assert suggested.exit_code == 0, suggested.output
    assert "60 customers to check stand in sheet.csv" in suggested.output
    sheet = pl.read_csv("sheet.csv")
    assert sheet["verdict"].to_list() == [""] * 60
    sheet.with_columns(verdict=(pl.int_range(60) % 3 == 0).cast(pl.Int8)).write_csv("sheet.csv")
    applied = call("review", "apply", "sheet.csv", "--contract", "few", "--mode", "fast")
    assert applied.exit_code == 0, applied.output
    assert "version 2, challenger" in applied.output
    assert re.search(r"Hidden affluent: \d+ \(90 %: \d+ to \d+\)", applied.output)
    groups = re.findall(r"Of (\d+) checked and believed affluent at \d+%, \d+% are \(90 %: ", applied.output)
    assert len(groups) > 1
    assert sum(map(int, groups)) <= 60


def test_a_second_sheet_draws_nobody_of_the_first_and_none_is_written_over(project):
    shorten("few.csv")
    assert call("train", "--contract", "few", "--learner", "logistic").exit_code == 0
    suggest = ("review", "suggest", "--contract", "few", "--n", "40", "--out")
    assert call(*suggest, "first.csv").exit_code == 0
    assert call(*suggest, "second.csv", "--after", "first.csv").exit_code == 0
    first, second = pl.read_csv("first.csv"), pl.read_csv("second.csv")
    assert not set(first["row"]) & set(second["row"])
    assert second["stratum"].min() == 10
    Path("first.csv").write_text("answers")
    again = call(*suggest, "first.csv")
    assert again.exit_code == 1
    assert "first.csv is there already and may hold answers" in again.output
    assert Path("first.csv").read_text() == "answers"


@pytest.mark.slow
def test_the_proof_of_honesty_is_printed_and_written(project):
    shorten("few.csv", rows=1_500)
    told = call("honesty", "--contract", "few", "--repeats", "1", "--out", "proof.json")
    assert told.exit_code == 0, told.output
    assert "With the tags shuffled" in told.output
    proof = json.loads(Path("proof.json").read_text())
    assert proof["coin_flips"]["passed"] is True
    assert {recovery["way"] for recovery in proof["recoveries"]} == {"random", "selective"}
    assert not (project / "data").exists()


def tune(*options: str):
    return call("tune", "--contract", "few", "--folds", "3", "--minutes", "5", *options)


def tuned_file(project: Path) -> dict:
    return yaml.safe_load((project / "conf/local/tuned_few.yml").read_text())


def test_tuning_says_what_is_used_and_why_and_keeps_every_trial(project):
    shorten("few.csv")
    told = tune("--learner", "logistic", "--learner", "xgboost", "--trials", "3")
    assert told.exit_code == 0, told.output
    assert re.search(r"Tuning XGBoost: 2 tried, best recall 0\.\d+, \d\.\d minutes left", told.output)
    assert "On folds dealt anew, out of fold, against the tag" in told.output
    assert told.output.count("The default settings stay:") + told.output.count("The tuned settings are used:") == 2
    learners = tuned_file(project)["learners"]
    assert list(learners) == ["logistic", "xgboost"]
    assert all(sum(kept["trials"].values()) == 3 for kept in learners.values())
    mlflow.set_tracking_uri(f"sqlite:///{project / 'data/06_models/mlflow.db'}")
    runs = mlflow.search_runs(experiment_names=["affluence-few"], output_format="list")
    parents = {run.info.run_id: run.data.params["learner"] for run in runs if "tuning_study" in run.data.tags}
    trials = [parents[run.data.tags["mlflow.parentRunId"]] for run in runs if "trial" in run.data.tags]
    assert sorted(trials) == ["logistic"] * 3 + ["xgboost"] * 3
    on = tune("--learner", "logistic", "--trials", "5")
    assert "Tuning Logistic regression: 3 tried" in on.output
    learners = tuned_file(project)["learners"]
    assert (sum(learners["logistic"]["trials"].values()), sum(learners["xgboost"]["trials"].values())) == (5, 3)


def test_coin_flips_cannot_be_tuned(project):
    """Shuffled tags hold nothing to find, so whatever the search liked best gains nothing on fresh folds."""
    table = pl.read_csv("few.csv", infer_schema=False).head(1_000)
    table.with_columns(pl.col("income").shuffle(seed=3)).write_csv("few.csv")
    told = tune("--learner", "logistic", "--trials", "15")
    assert told.exit_code == 0, told.output
    assert "The default settings stay" in told.output
    kept = tuned_file(project)["learners"]["logistic"]
    assert kept["settings"] == {}
    assert kept["judged_anew"]["difference"]["low"] <= 0
    assert "--tuned" not in told.output


def test_settings_that_win_are_written_and_a_training_uses_and_keeps_them(project, monkeypatch):
    shorten("few.csv")
    poor = {"rounds": 50, "learning_rate": 0.01, "max_leaves": 4, "min_child_weight": 64, "colsample_bytree": 0.2}
    monkeypatch.setitem(LEARNERS, "xgboost", learner_of("xgboost", poor))
    told = tune("--learner", "xgboost", "--trials", "6")
    assert "The tuned settings are used" in told.output, told.output
    path = str(project / "conf/local/tuned_few.yml")
    assert f"affluence train --contract few --tuned {path}" in told.output
    monkeypatch.undo()
    monkeypatch.chdir(project)
    settings = tuned_file(project)["learners"]["xgboost"]["settings"]
    trained = call("train", "--contract", "few", "--learner", "xgboost", "--folds", "3", "--tuned", path)
    assert trained.exit_code == 0, trained.output
    model = workspace.registry().load("affluence-few").model
    assert settings
    assert model.learner.settings == {**LEARNERS["xgboost"].settings, **settings}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--minutes", "0"), "The budget is 0 minutes; give a number above 0"),
        (("--minutes", "-2"), "The budget is -2 minutes"),
        (("--minutes", "nan"), "The budget is nan minutes"),
        (("--trials", "0"), "The budget is 0 trials"),
        (("--learner", "svm"), "There is no learner 'svm' to tune"),
        (("--folds", "1"), "at least 2 folds"),
        (("--capacity-share", "0"), "give a share above 0"),
    ],
)
def test_a_tuning_that_cannot_be_right_is_answered_in_words(project, options, words):
    shorten("few.csv", rows=300)
    answer = tune(*options)
    assert answer.exit_code == 1
    assert words in answer.output
    assert not (project / "conf/local/tuned_few.yml").exists()


def test_a_table_without_its_tag_cannot_be_tuned_on(project):
    pl.read_csv("few.csv").drop("income").write_csv("untagged.csv")
    answer = call("tune", "untagged.csv", "--contract", "few")
    assert answer.exit_code == 1
    assert "no tag column 'income'" in answer.output


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("table: few\nlearners: {xgboost: {settings: {depth: 3}}}", "there is no setting 'depth'"),
        (
            "table: few\nlearners: {xgboost: {settings: {subsample: 7}}}",
            "subsample is '7', wanted a number from 0.4 to 1",
        ),
        ("table: adult\nlearners: {xgboost: {settings: {rounds: 90}}}", "for the table adult, and this one is few"),
        ("settings", "holds no tuned settings"),
    ],
)
def test_a_file_of_settings_that_cannot_be_used_stops_a_training_and_a_tuning(project, content, words):
    shorten("few.csv", rows=300)
    path = project / "conf/local/tuned_few.yml"
    path.write_text(content)
    for answer in (call("train", "--contract", "few", "--learner", "xgboost", "--tuned", str(path)), tune()):
        assert answer.exit_code == 1
        assert words in answer.output
        assert "Traceback" not in answer.output
    assert path.read_text() == content


def test_a_tuning_that_is_stopped_says_what_is_kept_and_goes_on(project, monkeypatch):
    shorten("few.csv", rows=500)
    with monkeypatch.context() as patched:
        patched.setattr("affluence.steps.judge_anew", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        stopped = tune("--learner", "logistic", "--trials", "2")
    assert stopped.exit_code == 1
    assert "Stopped. The finished trials of Logistic regression are kept in" in stopped.output
    assert not (project / "conf/local/tuned_few.yml").exists()
    assert "Tuning Logistic regression: 2 tried" in tune("--learner", "logistic", "--trials", "2").output
    assert tuned_file(project)["learners"]["logistic"]["trials"]["complete"] == 2


def test_help_says_what_tuning_never_chooses():
    shown = " ".join(call("tune", "--help").output.split())
    assert "never chooses between the finder and a learner of the tag, nor its mode or tag drivers" in shown
