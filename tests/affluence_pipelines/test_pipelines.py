"""The Kedro project as Kedro sees it, and a run of it on a few people."""

import gzip
import json
import re
import shutil
from pathlib import Path

import mlflow
import polars as pl
import pytest
from click.testing import CliRunner
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

from affluence.cli import main
from affluence.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
MADE_AT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project whose default table is the first 2,500 people of Adult."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "conf" / "base", root / "conf" / "base")
    (root / "conf" / "local").mkdir()
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "src" / "affluence_pipelines", root / "src" / "affluence_pipelines")
    with gzip.open(ROOT / "data/01_raw/adult.csv.gz", "rt") as whole:
        (root / "few.csv").write_text("".join(line for _, line in zip(range(2_501), whole, strict=False)))
    contract = (ROOT / "conf/base/contract_adult.yml").read_text()
    contract = contract.replace("table: adult", "table: few").replace("data/01_raw/adult.csv.gz", "few.csv")
    (root / "conf/base/contract_few.yml").write_text(contract)
    (root / "conf/base/globals.yml").write_text("contract: conf/base/contract_few.yml\n")
    (root / "conf/base/parameters_training.yml").write_text(
        "learners: [finder, xgboost]\nmode: fast\nfolds: 3\nseed: 0\nscore_left_out: true\n"
    )
    return root


def run(project: Path, pipeline: str, **parameters: str) -> None:
    bootstrap_project(project)
    with KedroSession.create(project_path=project, runtime_params=parameters) as session:
        session.run(pipeline_names=[pipeline])


@pytest.fixture(scope="module")
def finished(project) -> Path:
    run(project, "everything")
    return project


def test_the_pipelines_have_the_names_that_people_are_told(project):
    bootstrap_project(project)
    steps = {"intake", "features", "training", "evaluation", "scoring", "deciding", "reporting"}
    assert set(pipelines) == steps | {"__default__", "campaign", "everything"}


def test_the_default_pipeline_stops_before_inference(project):
    bootstrap_project(project)
    assert "registered_model" in pipelines["__default__"].all_outputs()
    assert not {"scores@table", "candidates@table"} & pipelines["__default__"].all_outputs()
    assert not {"training", "evaluation", "features"} & pipelines["scoring"].all_outputs()


def test_everything_that_a_pipeline_reads_or_keeps_stands_in_the_catalog(project):
    bootstrap_project(project)
    with KedroSession.create(project_path=project) as session:
        context = session.load_context()
        known = set(context.catalog.keys()) | {f"params:{name}" for name in context.params}
    assert pipelines["everything"].inputs() <= known
    in_memory = pipelines["everything"].all_outputs() - known
    learning = {"accepted_customers", "all_customers", "training", "in_sample_scores", "chosen_model", "model"}
    deciding = {"worded_model", "customers_as_learned", "gains", "listed", "described", "reach", "deciding_pages"}
    assert in_memory == learning | {"reach_of_model", "stability_limits"} | deciding


def test_a_run_leaves_list_scores_report_and_a_registered_model(finished):
    results = finished / "data" / "07_model_output"
    assert json.loads((results / "known_truth.json").read_text())["points"] == []
    scores, candidates = (pl.read_parquet(results / f"{name}.parquet") for name in ("scores", "candidates"))
    assert scores.height == 2_500
    assert candidates.height == scores.filter(pl.col("tag") == 0).height
    assert (
        pl.read_csv(results / "candidates.csv")
        .select("rank", "customer_id")
        .equals(candidates.select(pl.col("rank").cast(pl.Int64), pl.col("customer_id").cast(pl.Int64)))
    )
    page = (finished / "data/08_reporting/run_report.html").read_text()
    assert "Run report: Adult" in page
    watched = json.loads((results / "watched.json").read_text())["stability"]
    assert (watched["light"], watched["rows"], watched["trained_on"]) == ("green", 2_500, 2_500)
    assert "Beside the table the model learned from" in page


def test_the_run_and_its_report_are_on_record(finished):
    mlflow.set_tracking_uri(f"sqlite:///{finished / 'data/06_models/mlflow.db'}")
    (run_record, *_) = mlflow.search_runs(experiment_names=["affluence-few"], output_format="list")
    assert run_record.info.status == "FINISHED"
    kept = {artifact.path for artifact in mlflow.artifacts.list_artifacts(run_id=run_record.info.run_id)}
    wanted = {"run_report.html", "figures.html", "evaluation.json", "intake.json", "contract.json"}
    assert wanted | {"discovery.json", "do_not_train.json"} <= kept


def test_inference_alone_gives_the_scores_of_the_run_to_the_bit(finished):
    path = finished / "data/07_model_output/scores.parquet"
    before = pl.read_parquet(path)
    path.unlink()
    run(finished, "scoring")
    assert pl.read_parquet(path).equals(before)


def test_inference_on_a_table_that_moved_says_so(finished, tmp_path):
    older = pl.col("age") + 25
    pl.read_csv(finished / "few.csv").with_columns(older.clip(upper_bound=90)).write_csv(tmp_path / "older.csv")
    run(finished, "scoring", data=str(tmp_path / "older.csv"))
    watched = json.loads((finished / "data/07_model_output/watched.json").read_text())["stability"]
    assert watched["light"] == "red"
    assert any(change["column"] == "age_years" and change["light"] == "red" for change in watched["columns"])
    run(finished, "scoring")


def test_tuned_settings_reach_the_champion_its_run_its_record_and_the_report(finished, tmp_path):
    tuned = tmp_path / "tuned.yml"
    tuned.write_text(
        "table: few\nlearners:\n  xgboost: {settings: {max_leaves: 7}}\n  logistic: {settings: {bins: 9}}\n"
    )
    run(finished, "everything", tuned=str(tuned))
    told = {"boosting_max_leaves": "7", "scorecard_bins": "9"}
    label = json.loads((finished / "data/07_model_output/model_label.json").read_text())
    assert told.items() <= label["parameters"].items()
    mlflow.set_tracking_uri(f"sqlite:///{finished / 'data/06_models/mlflow.db'}")
    newest = mlflow.search_runs(experiment_names=["affluence-few"], output_format="list")[0]
    assert {f"setting_{name}": value for name, value in told.items()}.items() <= newest.data.params.items()
    assert "boosting_max_leaves" in (finished / "data/08_reporting/run_report.html").read_text()


def test_tuned_settings_of_another_table_stop_a_run(finished, tmp_path):
    tuned = tmp_path / "tuned.yml"
    tuned.write_text("table: adult\nlearners: {xgboost: {settings: {max_leaves: 7}}}\n")
    with pytest.raises(UserError, match="for the table adult, and this one is few"):
        run(finished, "training", tuned=str(tuned))


def test_a_customer_on_the_do_not_train_list_is_not_learned_from_and_scored_all_the_same(finished, tmp_path):
    barred = tmp_path / "barred.csv"
    barred.write_text("customer_id\n" + "\n".join(str(number) for number in range(1, 41)) + "\n999999\n")
    run(finished, "everything", do_not_train=str(barred))
    scores = pl.read_parquet(finished / "data/07_model_output/scores.parquet")
    told = scores.filter(pl.col("customer_id").is_in([str(number) for number in range(1, 41)]))
    assert told.height == 40
    assert told["scored_by_fold"].null_count() == 40
    assert scores.height - scores["scored_by_fold"].null_count() == 2_460
    mlflow.set_tracking_uri(f"sqlite:///{finished / 'data/06_models/mlflow.db'}")
    newest = mlflow.search_runs(experiment_names=["affluence-few"], output_format="list")[0]
    manifest = mlflow.artifacts.load_dict(f"runs:/{newest.info.run_id}/do_not_train.json")
    assert (manifest["listed"], manifest["found_in_the_table"], manifest["rows_left_out"]) == (41, 40, 40)
    assert manifest["customers_learned_from"] == 2_460
    assert manifest["listed_and_learned_from"] == 0
    run(finished, "everything")


def test_a_report_can_be_written_again_from_what_a_run_left(finished):
    page = finished / "data/08_reporting/run_report.html"
    page.unlink()
    run(finished, "reporting")
    assert page.exists()


def test_the_report_that_is_written_again_tells_of_the_version_that_scored_and_not_of_the_champion(
    finished, monkeypatch
):
    monkeypatch.chdir(finished)
    run(finished, "everything")
    page = finished / "data/08_reporting/run_report.html"
    written = MADE_AT.sub("", page.read_text())
    answer = CliRunner().invoke(main, ["report"])
    assert answer.exit_code == 0, answer.output
    assert MADE_AT.sub("", page.read_text()) == written


def test_a_refused_table_ends_the_run_as_failed_and_leaves_what_was_there(finished):
    lines = (finished / "few.csv").read_text().splitlines()
    broken = finished / "broken.csv"
    broken.write_text("\n".join([*lines[:9], lines[9].replace(",", ";"), *lines[10:]]))
    before = (finished / "data/02_intermediate/customers.parquet").read_bytes()
    with pytest.raises(Exception, match="line 10"):
        run(finished, "everything", data=str(broken))
    assert (finished / "data/02_intermediate/customers.parquet").read_bytes() == before
    mlflow.set_tracking_uri(f"sqlite:///{finished / 'data/06_models/mlflow.db'}")
    statuses = [r.info.status for r in mlflow.search_runs(experiment_names=["affluence-few"], output_format="list")]
    assert statuses.count("FAILED") == 1


def test_a_made_bank_is_made_when_it_is_not_there_and_its_truth_with_it(project):
    made = project / "data" / "01_raw" / "reference_bank.parquet"
    contract = project / "conf" / "base" / "contract_reference_bank.yml"
    assert not made.exists()
    run(project, "intake", contract=str(contract))
    truth = pl.read_parquet(made.with_name("reference_bank_truth.parquet"))
    assert truth.height == pl.read_parquet(made).height == 66_083
    before = made.stat().st_mtime_ns
    run(project, "intake", contract=str(contract))
    assert made.stat().st_mtime_ns == before


def test_the_version_that_is_named_is_the_one_that_scores(finished):
    run(finished, "scoring", model_version="1")
    assert json.loads((finished / "data/07_model_output/model_label.json").read_text())["version"] == "1"
    with pytest.raises(DatasetError, match="with version 99"):
        run(finished, "scoring", model_version="99")
