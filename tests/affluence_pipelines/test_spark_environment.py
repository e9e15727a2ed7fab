"""The same pipelines in the environment of Spark leave what they leave with frames; a long table is sampled."""

import pickle
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from affluence.data.reference_bank import simulate
from affluence.decision import explainer, hidden_types
from affluence_pipelines.pipelines.campaign.pipeline import create_pipeline as campaign
from affluence_pipelines.pipelines.deciding.pipeline import create_pipeline as deciding

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")
spark_engine = pytest.importorskip("affluence.adapters.spark_engine")
spark_population = pytest.importorskip("affluence.adapters.spark_population")

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS = 4_000
RECORDS = ("examination", "left_out", "contract_in_use")
RESULTS = ("evaluation", "cut", "discovery", "watched")
CAMPAIGN = {"campaign": {"name": "spring", "day": "2026-12-01", "ignore_unknown": True}}
# What is said of the listed, kept for a look at the figures that no file of a run has.
DESCRIBED = """
described:
  type: kedro_datasets.pickle.PickleDataset
  filepath: data/07_model_output/described.pkl
"""


def project_at(root: Path, bank: pl.DataFrame) -> Path:
    """A copy of the project, and a made bank in a folder of two files beside one with the same rows."""
    for name in ("base", "spark"):
        shutil.copytree(ROOT / "conf" / name, root / "conf" / name)
    (root / "conf" / "local").mkdir()
    with (root / "conf" / "base" / "catalog.yml").open("a") as catalog:
        catalog.write(DESCRIBED)
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "src" / "affluence_pipelines", root / "src" / "affluence_pipelines")
    bank.write_parquet(root / "bank.parquet")
    (root / "bank").mkdir()
    bank.head(1_000).write_parquet(root / "bank" / "1.parquet")
    bank.slice(1_000).write_parquet(root / "bank" / "2.parquet")
    return root


def run(root: Path, *, env: str, data: Path, pipeline: str = "everything", **more: object) -> None:
    bootstrap_project(root)
    parameters = {"data": str(data), "mode": "fast", "learners": ["finder", "xgboost"], **more}
    with KedroSession.create(project_path=root, env=env, runtime_params=parameters) as session:
        session.run(pipeline_names=[pipeline])


def excluding(root: Path, bank: pl.DataFrame) -> dict[str, object]:
    """Every fifth customer as the list of those who complained, written into the project."""
    bank.select(customer_id="C_ID").unique(maintain_order=True).gather_every(5).write_csv(root / "complaints.csv")
    return {"exclusions": {"complaint": str(root / "complaints.csv")}}


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
    yield root / "data"
    spark.start().stop()


@pytest.fixture(scope="module")
def campaigns(by_frames, by_spark, bank) -> list[Path]:
    """The folders of the same campaign, by frames and by Spark; of the same file, since a folder tells its hash."""
    for data, env in ((by_frames, "local"), (by_spark, "spark")):
        asked = {**excluding(data.parent, bank), **CAMPAIGN}
        run(data.parent, env=env, data=data.parent / "bank.parquet", pipeline="campaign", **asked)
    return [data / "07_model_output" / "campaign" for data in (by_frames, by_spark)]


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


def test_the_profile_of_the_segments_and_all_that_is_said_are_the_same(by_frames, by_spark):
    places = (data / "07_model_output" / "described.pkl" for data in (by_frames, by_spark))
    wanted, found = (pickle.loads(place.read_bytes()) for place in places)  # noqa: S301  (written by this test)
    profiles = [told.segmentation.profile for told in (found, wanted)]
    assert profiles[0].groups.equals(profiles[1].groups)
    assert profiles[0].figures.equals(profiles[1].figures)
    assert found.typed.views.equals(wanted.typed.views)
    assert found.explanation.reasons.equals(wanted.explanation.reasons)


def test_the_folder_of_a_campaign_is_the_same_byte_by_byte(campaigns):
    wanted, found = campaigns
    names = sorted(path.name for path in wanted.iterdir())
    assert {"list.csv", "list.parquet", "control.parquet", "campaign.html", "summary.json"} <= set(names)
    assert sorted(path.name for path in found.iterdir()) == names
    assert [name for name in names if (found / name).read_bytes() != (wanted / name).read_bytes()] == []
    assert pl.read_csv(found / "list.csv").height > 100


def test_what_is_decided_reads_no_table_as_a_frame():
    catalog = yaml.safe_load((ROOT / "conf/spark/catalog.yml").read_text())
    whole = {name for name, entry in catalog.items() if "frame_by" in entry}
    decided = deciding() + campaign()
    assert whole == {"customers@frame", "candidates@frame"}
    assert whole.isdisjoint(name for node in decided.nodes for name in node.inputs)
    assert not any(name.endswith("@frame") for node in decided.nodes for name in node.inputs)


def test_of_everyone_a_campaign_brings_row_score_and_tag_into_this_process(by_spark, bank, monkeypatch):
    brought = []

    def gather(table, *, by):
        frame = gathered(table, by=by)
        brought.append(frame)
        return frame

    gathered = spark.gather
    for module in (spark, spark_population):
        monkeypatch.setattr(module, "gather", gather)
    monkeypatch.setattr(explainer, "MOST_FITTED", 900)
    monkeypatch.setattr(hidden_types, "MOST_COMPARED", 500)
    root = by_spark.parent
    prepared = {"capacity": {"contacts": 200}, "campaign_folder": str(root / "data" / "small"), **CAMPAIGN}
    project = {"env": "spark", "data": root / "bank", **excluding(root, bank), **prepared}
    begins = spark_engine.SparkEngine.population

    def population(*tables):
        brought.clear()
        return begins(*tables)

    monkeypatch.setattr(spark_engine.SparkEngine, "population", population)
    run(root, pipeline="campaign", **project)
    of_everyone = [frame.columns for frame in brought if frame.height > 900]
    assert of_everyone == [["row", "score", "tag"]]
    assert brought[0].drop("row").estimated_size() / brought[0].height == pytest.approx(9, abs=1)
    assert len(brought) > 5


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
