"""The same pipelines in the environment of Spark leave what they leave with frames; a long table is sampled."""

import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from affluence.data.reference_bank import simulate

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS = 4_000
RECORDS = ("examination", "left_out", "contract_in_use")
RESULTS = ("evaluation", "cut", "discovery", "watched")


def project_at(root: Path, bank: pl.DataFrame) -> Path:
    """A copy of the project, and a made bank in a folder of two files beside one with the same rows."""
    for name in ("base", "spark"):
        shutil.copytree(ROOT / "conf" / name, root / "conf" / name)
    (root / "conf" / "local").mkdir()
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "src" / "affluence_pipelines", root / "src" / "affluence_pipelines")
    bank.write_parquet(root / "bank.parquet")
    (root / "bank").mkdir()
    bank.head(1_000).write_parquet(root / "bank" / "1.parquet")
    bank.slice(1_000).write_parquet(root / "bank" / "2.parquet")
    return root


def run(root: Path, *, env: str, data: Path, pipeline: str = "everything") -> None:
    bootstrap_project(root)
    parameters = {"data": str(data), "mode": "fast", "learners": ["finder", "xgboost"]}
    with KedroSession.create(project_path=root, env=env, runtime_params=parameters) as session:
        session.run(pipeline_names=[pipeline])


@pytest.fixture(scope="module")
def bank() -> pl.DataFrame:
    return simulate(customers=CUSTOMERS, seed=5).table


@pytest.fixture(scope="module")
def by_frames(tmp_path_factory, bank) -> Path:
    root = project_at(tmp_path_factory.mktemp("frames"), bank)
    run(root, env="local", data=root / "bank.parquet")
    return root / "data"


@pytest.fixture(scope="module")
def by_spark(tmp_path_factory, bank) -> Path:
    root = project_at(tmp_path_factory.mktemp("spark"), bank)
    run(root, env="spark", data=root / "bank")
    run(root, env="spark", data=root / "bank", pipeline="campaign")
    spark.start().stop()
    return root / "data"


def in_parts(data: Path, name: str, *, by: str) -> pl.DataFrame:
    return pl.read_parquet(data / "07_model_output" / f"{name}_in_parts" / "*.parquet").sort(by)


@pytest.mark.parametrize(("name", "by"), [("scores", "row"), ("candidates", "rank")])
def test_scores_and_ranks_are_the_same_to_the_last_bit(by_frames, by_spark, name, by):
    wanted = pl.read_parquet(by_frames / "07_model_output" / f"{name}.parquet")
    found = in_parts(by_spark, name, by=by)
    assert found.select(pl.col(column).cast(wanted[column].dtype) for column in wanted.columns).equals(wanted)


def test_findings_evaluation_and_cut_are_the_same(by_frames, by_spark):
    places = [f"02_intermediate/{name}.json" for name in RECORDS]
    places += [f"07_model_output/{name}.json" for name in RESULTS]
    assert [place for place in places if (by_frames / place).read_bytes() != (by_spark / place).read_bytes()] == []


def test_the_list_with_reasons_segments_and_offers_is_the_same_file(by_frames, by_spark):
    assert (by_frames / "07_model_output/list.csv").read_bytes() == (by_spark / "07_model_output/list.csv").read_bytes()


def test_a_campaign_is_made_of_what_spark_ranked(by_spark):
    listed = pl.read_csv(by_spark / "07_model_output" / "campaign" / "list.csv")
    assert set(listed["row"]) <= set(in_parts(by_spark, "candidates", by="rank")["row"])
    assert listed.height


def test_of_a_table_that_is_too_long_a_sample_is_learned_from_and_everyone_is_ranked(tmp_path, bank):
    root = project_at(tmp_path, bank)
    catalog = yaml.safe_load((root / "conf/spark/catalog.yml").read_text())
    for entry in catalog.values():
        if isinstance(entry.get("engine"), dict):
            entry["engine"]["training_rows"] = CUSTOMERS // 2
    (root / "conf/spark/catalog.yml").write_text(yaml.safe_dump(catalog))
    run(root, env="spark", data=root / "bank")
    spark.start().stop()
    learned_from = pl.read_parquet(root / "data/02_intermediate/learned_from.parquet")
    scores = in_parts(root / "data", "scores", by="row")
    assert learned_from.height < 0.6 * CUSTOMERS
    assert learned_from["tag"].sum() == scores["tag"].sum()
    # Nobody is scored by a model that saw them: who was learned from has a fold, who was not has none.
    known = scores["customer_id"].is_in(learned_from["customer_id"].implode())
    assert (scores.filter(known)["scored_by_fold"] >= 0).all()
    assert scores.filter(~known)["scored_by_fold"].max() in (None, -1)
