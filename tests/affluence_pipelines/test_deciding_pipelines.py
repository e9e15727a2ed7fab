"""The pipelines from candidates to a list and to a campaign, run by Kedro on a few people."""

import gzip
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from affluence.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path("data/07_model_output")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A project after a whole run on the first 2,000 people of Adult, by one learner."""
    root = tmp_path_factory.mktemp("deciding")
    shutil.copytree(ROOT / "conf" / "base", root / "conf" / "base")
    (root / "conf" / "local").mkdir()
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "src" / "affluence_pipelines", root / "src" / "affluence_pipelines")
    with gzip.open(ROOT / "data/01_raw/adult.csv.gz", "rt") as whole:
        (root / "few.csv").write_text("".join(line for _, line in zip(range(2_001), whole, strict=False)))
    contract = (ROOT / "conf/base/contract_adult.yml").read_text()
    contract = contract.replace("table: adult", "table: few").replace("data/01_raw/adult.csv.gz", "few.csv")
    (root / "conf/base/contract_few.yml").write_text(contract)
    (root / "conf/base/globals.yml").write_text("contract: conf/base/contract_few.yml\n")
    (root / "conf/base/parameters_training.yml").write_text(
        "learners: [xgboost]\nmode: fast\nfolds: 3\nseed: 0\nscore_left_out: true\n"
    )
    run(root, "everything")
    return root


def run(project: Path, pipeline: str, **parameters: object) -> None:
    bootstrap_project(project)
    with KedroSession.create(project_path=project, runtime_params=parameters) as session:
        session.run(pipeline_names=[pipeline])


def campaign(project: Path, folder: Path, **parameters: object) -> None:
    named = {"name": "spring", "day": "2026-12-01"} | dict(parameters.pop("campaign", {}))
    run(project, "campaign", campaign=named, campaign_folder=str(folder), **parameters)


def test_a_run_leaves_the_cut_and_a_tenth_of_the_candidates_with_all_that_is_said_of_them(finished):
    candidates = pl.read_parquet(finished / RESULTS / "candidates.parquet")
    listed = pl.read_parquet(finished / RESULTS / "list.parquet")
    cut = json.loads((finished / RESULTS / "cut.json").read_text())
    assert cut["contacts"] == listed.height == round(candidates.height / 10)
    assert listed["row"].to_list() == candidates["row"].head(listed.height).to_list()
    said = {"hidden_type", "segment", "offer", "opening", "offer_reason", "reason_1", "rank_low", "chance_listed"}
    assert said <= set(listed.columns)
    assert pl.read_csv(finished / RESULTS / "list.csv").height == listed.height


def test_the_report_tells_of_the_decision(finished):
    page = (finished / "data/08_reporting/run_report.html").read_text()
    for word in ("segment", "offer"):
        assert word in page


def test_another_capacity_makes_another_list_of_the_same_ranking(finished):
    candidates = (finished / RESULTS / "candidates.parquet").read_bytes()
    run(finished, "deciding", capacity={"contacts": 40})
    listed = pl.read_parquet(finished / RESULTS / "list.parquet")
    assert listed.height == 40
    assert json.loads((finished / RESULTS / "cut.json").read_text())["asked_for"] == "40 contacts"
    assert (finished / RESULTS / "candidates.parquet").read_bytes() == candidates


def test_a_capacity_of_nobody_stops_the_run_and_leaves_the_list_that_was_there(finished):
    before = (finished / RESULTS / "list.parquet").read_bytes()
    with pytest.raises(UserError, match="The capacity's contacts is 0"):
        run(finished, "deciding", capacity={"contacts": 0})
    assert (finished / RESULTS / "list.parquet").read_bytes() == before


def test_a_campaign_is_made_twice_equal_to_the_byte(finished, tmp_path):
    for folder in ("one", "two"):
        campaign(finished, tmp_path / folder, capacity={"contacts": 60})
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert first == second
    summary = json.loads(first["summary.json"])
    assert set(first) == {*summary["files"], "summary.json"}
    assert summary["rows"]["written"] + summary["rows"]["held_back"] == 60
    assert summary["settings"]["day"] == "2026-12-01"


def test_exclusions_given_to_a_run_are_heeded(finished, tmp_path):
    best = pl.read_parquet(finished / RESULTS / "candidates.parquet")["customer_id"][0]
    (tmp_path / "staff.csv").write_text(f"customer_id\n{best}\n")
    exclusions = {"staff": str(tmp_path / "staff.csv")}
    campaign(finished, tmp_path / "spring", capacity={"contacts": 40}, exclusions=exclusions)
    excluded = pl.read_parquet(tmp_path / "spring" / "excluded.parquet")
    assert excluded.select("customer_id", "kind").rows() == [(str(best), "staff")]
    contacts = pl.read_parquet(tmp_path / "spring" / "list.parquet")
    assert str(best) not in contacts["customer_id"].cast(pl.String).to_list()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"campaign": {"control_share": 1}}, "A control share of 1 was asked for"),
        ({"campaign": {"day": "soon"}}, "The campaign's day is 'soon'"),
        ({"capacity": {"contacts": 0}}, "The capacity's contacts is 0"),
    ],
)
def test_a_campaign_that_cannot_be_leaves_no_folder(finished, tmp_path, parameters, words):
    with pytest.raises(UserError, match=words):
        campaign(finished, tmp_path / "spring", **parameters)
    assert not list(tmp_path.iterdir())


def test_unknown_ids_in_an_exclusion_list_leave_no_folder(finished, tmp_path):
    (tmp_path / "staff.csv").write_text("customer_id\nnobody\n")
    with pytest.raises(UserError, match="the bank's table has no such customer_id in 1 of 1 lines"):
        campaign(finished, tmp_path / "spring", exclusions={"staff": str(tmp_path / "staff.csv")})
    assert [path.name for path in tmp_path.iterdir()] == ["staff.csv"]


def test_a_hole_in_the_offers_stops_the_run_and_leaves_no_folder(finished, tmp_path):
    holed = finished / "conf" / "local" / "offers_few.yml"
    holed.write_text("offers:\n  - {type: look-alike, offer: A, opening: B, need: C, channel: D}\n")
    try:
        with pytest.raises(UserError, match=r"offers_few\.yml cannot be used with the table few"):
            campaign(finished, tmp_path / "spring")
    finally:
        holed.unlink()
    assert not list(tmp_path.iterdir())
