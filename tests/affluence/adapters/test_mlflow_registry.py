"""The registry, on a real MLflow store in a temporary folder."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import mlflow
import numpy as np
import polars as pl
import pytest
from mlflow import MlflowClient

from affluence import steps
from affluence.adapters.mlflow_registry import DOCUMENTS, Registry, model_name, signature_of
from affluence.data.reading import IntakeReport
from affluence.errors import UserError
from affluence.evaluation.results import Estimate
from affluence.pu.fold_models import score_customers
from affluence.pu.learners import learner_of
from affluence.pu.learners.settings import BOUNDS
from affluence.pu.storage import load_model
from affluence.pu.tuning import Found, Judgement, Trial, fresh_seed, lay_ground
from affluence.pu.tuning_record import Tuning

NAME = "affluence-made"


@pytest.fixture(scope="module")
def release(model, evaluation):
    intake = IntakeReport(
        file="made.csv", data_hash="0" * 64, format="CSV", encoding="utf-8", separator=",",
        rows_read=3_000, rows_kept=3_000, columns=8, violations=(),
    )  # fmt: skip
    return steps.release(model, evaluation, intake)


@pytest.fixture(scope="module")
def filled(release, tmp_path_factory):
    """A registry after three trainings, the last of them promoted, with the labels they got."""
    registry = Registry(folder=tmp_path_factory.mktemp("store"), server=None)
    labels = [registry.register(release, promote=promote) for promote in (False, False, True)]
    return registry, labels


def test_the_first_model_is_champion_the_next_challenger_and_promote_changes_that(filled):
    _, labels = filled
    assert [(label.name, label.version, label.alias) for label in labels] == [
        (NAME, "1", "champion"),
        (NAME, "2", "challenger"),
        (NAME, "3", "champion"),
    ]


def test_who_was_stopped_and_begins_again_registers_the_model_once(release, tmp_path, monkeypatch):
    registry = Registry(folder=tmp_path, server=None)
    registry.register(release, promote=False, asked_as="one")
    with monkeypatch.context() as stopped:
        stopped.setattr(MlflowClient, "set_registered_model_alias", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            registry.register(release, promote=False, asked_as="two")
    assert registry.holdings()[NAME].versions == (1, 2)
    again = [registry.register(release, promote=False, asked_as="two") for _ in range(2)]
    assert [(label.version, label.alias) for label in again] == [("2", "challenger")] * 2
    assert registry.register(release, promote=False, asked_as="one").alias == "champion"
    assert registry.holdings()[NAME].versions == (1, 2)
    registry.take_out(NAME, 2, tmp_path / "out")
    assert "version 2" in (tmp_path / "out" / "model_card.html").read_text().lower()


def test_a_model_is_found_by_alias_and_by_version(filled):
    registry, _ = filled
    assert registry.load(NAME).label.version == "3"
    assert registry.load(NAME, version_number="1").label.alias == ""


def test_approval_moves_the_alias_and_back_again(release, tmp_path):
    registry = Registry(folder=tmp_path, server=None)
    registry.register(release, promote=False)
    registry.register(release, promote=False)
    assert registry.promote(NAME, "2", by="an approver").alias == "champion"
    assert registry.load(NAME).label.version == "2"
    assert registry.promote(NAME, "1", by="an approver").alias == "champion"
    assert registry.load(NAME).label.version == "1"


@pytest.mark.parametrize("wanted", [{"version_number": "99"}, {"alias": "nobody"}])
def test_a_model_that_is_not_there_is_told_in_words(filled, wanted):
    registry, _ = filled
    with pytest.raises(UserError, match="There is no model 'affluence-made' with"):
        registry.load(NAME, **wanted)


def test_a_version_that_is_not_there_cannot_be_approved(filled):
    registry, _ = filled
    with pytest.raises(UserError, match="version 99"):
        registry.promote(NAME, "99", by="an approver")


def test_what_was_registered_scores_to_the_bit_as_what_was_trained(filled, model, customers):
    registry, _ = filled
    loaded = registry.load(NAME).model
    assert (score_customers(loaded, customers).log_odds == score_customers(model, customers).log_odds).all()


FRESH = """
import sys
from pathlib import Path
import polars as pl
from affluence import steps
from affluence.adapters.mlflow_registry import Registry
released = Registry(folder=Path(sys.argv[1]), server=None).load(sys.argv[2], alias="champion")
steps.score(released.model, pl.read_parquet(sys.argv[3])).write_parquet(sys.argv[4])
"""


def test_a_fresh_process_loads_the_champion_and_scores_to_the_bit(filled, model, customers, tmp_path):
    registry, _ = filled
    table, scored = tmp_path / "customers.parquet", tmp_path / "scored.parquet"
    strangers = customers.with_columns(customer_id="new " + customers["customer_id"])
    both = pl.concat([customers, strangers])
    both.write_parquet(table)
    subprocess.run([sys.executable, "-c", FRESH, str(registry.folder), NAME, str(table), str(scored)], check=True)
    assert (pl.read_parquet(scored)["score"] == steps.score(model, both)["score"]).all()


def test_mlflows_own_loader_gives_the_same_scores(filled, model, customers):
    registry, _ = filled
    mlflow.set_tracking_uri(registry.uri)
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    wanted = [column.name for column in model.contract.feature_columns]
    table = customers.select("customer_id", *wanted).head(200)
    found = loaded.predict(table.with_columns(pl.col("age_years").cast(pl.Float64)).to_pandas())
    assert (found["score"].to_numpy() == steps.score(model, customers.head(200))["score"].to_numpy()).all()
    assert found["labelled_probability"].between(0, 1).all()


def test_a_run_keeps_parameters_metrics_with_intervals_and_documents(filled, release):
    registry, _ = filled
    mlflow.set_tracking_uri(registry.uri)
    run = mlflow.search_runs(experiment_names=["affluence-made"], output_format="list")[0]
    assert run.info.status == "FINISHED"
    assert run.data.params["data_hash"] == "0" * 64
    assert run.data.params["contract"] == release.model.contract.fingerprint()
    assert run.data.params["champion"] == release.evaluation.champion
    for result in release.evaluation.learners:
        stem = f"{result.learner}.recall_at_capacity"
        low, value, high = (run.data.metrics[name] for name in (f"{stem}.low", stem, f"{stem}.high"))
        assert low <= value <= high
        assert value == result.recall_at_capacity.value
    figures = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/figures.html")
    assert figures.count("plotly-graph-div") == 5
    assert "<script src=" not in figures
    kept = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/evaluation.json")
    assert kept == json.loads(json.dumps(release.evaluation.to_dict()))


def test_nothing_in_the_store_is_pickled_and_no_customer_id_stands_in_it(filled):
    registry, _ = filled
    files = [path for path in registry.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".joblib"}]
    assert not [path for path in files if b"C1234" in path.read_bytes()]


def test_a_run_that_fails_is_on_record_as_failed(tmp_path):
    registry = Registry(folder=tmp_path, server=None)
    with pytest.raises(ZeroDivisionError), registry.run("made"):
        raise ZeroDivisionError
    mlflow.set_tracking_uri(registry.uri)
    (run,) = mlflow.search_runs(experiment_names=["affluence-made"], output_format="list")
    assert run.info.status == "FAILED"


def test_a_server_named_in_the_environment_is_used(tmp_path):
    program = (
        "from pathlib import Path; from affluence.adapters.mlflow_registry import Registry as R; print(R(Path()).uri)"
    )
    address = "http://127.0.0.1:5999"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": address}
    asked = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == address


def test_the_signature_names_the_features_and_no_forbidden_column(contract):
    names = signature_of(contract).inputs.input_names()
    assert names == ["customer_id", *(column.name for column in contract.feature_columns)]
    assert "origin" not in names
    assert model_name(contract) == NAME


def test_a_model_found_uncalibrated_gives_no_probability(release, customers, tmp_path):
    registry = Registry(folder=tmp_path, server=None)
    registry.register(replace(release, model=replace(release.model, calibrated=False)), promote=True)
    scores = steps.score(registry.load(NAME).model, customers)
    assert scores["labelled_probability"].null_count() == customers.height
    assert np.isfinite(scores["score"].to_numpy()).all()


@pytest.fixture(scope="module")
def tuned(customers, features, contract) -> Tuning:
    ground = lay_ground(customers, features, contract, folds=3, seed=0, capacity_share=0.1)
    trials = (
        Trial(0, {"bins": 16, "inverse_penalty": 0.3}, "complete", (0.3, 0.4, 0.5), Found(0.4, 0.6, 600)),
        Trial(1, {"bins": 9, "inverse_penalty": 1.5}, "pruned", (0.1, 0.2)),
        Trial(2, {"bins": 4, "inverse_penalty": 2.0}, "failed", ()),
    )
    recall = Estimate(0.4, 0.3, 0.5, "drawn again")
    judged = Judgement(fresh_seed(0), recall, recall, Estimate(0.01, -0.02, 0.04, "paired"))
    return Tuning("logistic", "Logistic regression", ground, trials, judged)


def runs_of(registry: Registry, what: str) -> list:
    mlflow.set_tracking_uri(registry.uri)
    return mlflow.search_runs(experiment_names=["affluence-made"], filter_string=what, output_format="list")


def test_every_trial_is_a_run_under_the_run_of_its_tuning(tuned, tmp_path):
    registry = Registry(folder=tmp_path, server=None)
    with registry.tuning("made", study="made-logistic-1", parameters={"seed": 0, "digest": "d"}) as run:
        run.keep(tuned.trials)
        run.conclude(tuned)
    (parent,) = runs_of(registry, "tags.tuning_study = 'made-logistic-1'")
    assert (parent.info.status, parent.data.params) == ("FINISHED", {"seed": "0", "digest": "d"})
    assert (parent.data.metrics["difference"], parent.data.metrics["difference.low"]) == (0.01, -0.02)
    assert parent.data.tags["outcome"] == tuned.outcome
    kept = mlflow.artifacts.load_dict(f"{parent.info.artifact_uri}/tuning.json")
    assert kept == tuned.record()
    trials = runs_of(registry, f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    by_number = {int(trial.data.tags["trial"]): trial for trial in trials}
    assert {number: trial.data.tags["state"] for number, trial in by_number.items()} == {
        0: "complete",
        1: "pruned",
        2: "failed",
    }
    assert [by_number[number].info.status for number in range(3)] == ["FINISHED", "KILLED", "FAILED"]
    assert by_number[1].data.params == {"setting_bins": "9", "setting_inverse_penalty": "1.5"}
    history = MlflowClient(registry.uri).get_metric_history(by_number[0].info.run_id, "recall_of_fold")
    assert [(metric.step, metric.value) for metric in history] == [(0, 0.3), (1, 0.4), (2, 0.5)]
    assert by_number[0].data.metrics["recall_at_capacity"] == 0.4
    assert "recall_at_capacity" not in by_number[1].data.metrics


def test_a_tuning_that_goes_on_is_the_same_run_and_tracks_no_trial_twice(tuned, tmp_path):
    registry = Registry(folder=tmp_path, server=None)

    def begin_and_break() -> None:
        with registry.tuning("made", study="one", parameters={"seed": 0}) as run:
            run.keep(tuned.trials[:1])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin_and_break()
    (stopped,) = runs_of(registry, "tags.tuning_study = 'one'")
    assert stopped.info.status == "FAILED"
    with registry.tuning("made", study="one", parameters={"seed": 0}) as run:
        run.keep(tuned.trials)
        run.keep(tuned.trials)
        run.conclude(tuned)
    (whole,) = runs_of(registry, "tags.tuning_study = 'one'")
    assert (whole.info.run_id, whole.info.status) == (stopped.info.run_id, "FINISHED")
    assert len(runs_of(registry, f"tags.`mlflow.parentRunId` = '{whole.info.run_id}'")) == 3
    with registry.tuning("made", study="two", parameters={}) as other:
        assert other.run_id != whole.info.run_id
        assert other.kept == set()


def test_a_tuned_model_says_its_settings_in_its_run_and_when_it_is_loaded(release, tmp_path):
    registry = Registry(folder=tmp_path, server=None)
    learner = release.model.learner
    tuned = learner_of(learner.key, {bound.name: bound.high for bound in BOUNDS[learner.key][:2]})
    label = registry.register(replace(release, model=replace(release.model, learner=tuned)), promote=True)
    loaded = registry.load(NAME)
    assert loaded.model.learner == tuned
    assert label.parameters == loaded.label.parameters == {name: str(value) for name, value in tuned.settings.items()}
    (run,) = runs_of(registry, "")
    assert {f"setting_{name}": str(value) for name, value in tuned.settings.items()}.items() <= run.data.params.items()


def test_what_is_held_is_told_by_name_with_the_champion(filled, tmp_path):
    registry, _ = filled
    held = registry.holdings()[NAME]
    assert (held.versions[:3], held.champion) == ((1, 2, 3), 3)
    assert Registry(folder=tmp_path, server=None).holdings() == {}
    assert not list(tmp_path.iterdir())


def test_a_version_is_taken_out_with_its_documents_and_scores_to_the_bit(filled, model, customers, tmp_path):
    registry, _ = filled
    parameters = registry.take_out(NAME, 2, tmp_path / "out")
    taken = load_model(tmp_path / "out" / "model")
    assert (score_customers(taken, customers).hidden == score_customers(model, customers).hidden).all()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model", *DOCUMENTS}
    assert parameters["table"] == "made"
    with pytest.raises(UserError, match="version 99"):
        registry.take_out(NAME, 99, tmp_path / "none")
