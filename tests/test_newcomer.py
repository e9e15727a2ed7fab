"""What a newcomer does, on a fresh clone with nothing but Python, git and make."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Setting up an environment is part of the first; how long that takes is the package index's to say.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    for program in ("git", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    folder = tmp_path_factory.mktemp("newcomer") / "affluence"
    cloned = subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=False)
    if cloned.returncode:
        pytest.skip("this is not a git checkout, so it cannot be cloned")
    return folder


def make(clone: Path, target: str, *variables: str) -> str:
    """What `make` prints for a target on a fresh clone, with no variable of this environment's Python set."""
    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    program = ["make", target, f"PYTHON={getattr(sys, '_base_executable', sys.executable)}", *variables]
    ran = subprocess.run(program, cwd=clone, env=environment, capture_output=True, text=True, timeout=580, check=False)
    assert ran.returncode == 0, ran.stderr[-3_000:]
    # Progress is told in lines of ours; a library's bar, drawn over itself, is unreadable in a log.
    assert "\r" not in ran.stderr + ran.stdout
    return ran.stdout


@pytest.fixture(scope="module")
def first_run(clone) -> str:
    return make(clone, "run")


def test_make_run_alone_makes_a_bank_and_ends_with_figures_and_the_report(first_run, clone):
    assert "SIMULATED: these customers were made" in first_run
    report = Path(re.search(r"Report: (\S+)", first_run).group(1))
    assert report == clone / "data/08_reporting/run_report.html"
    assert "SIMULATED" in report.read_text()[:5_000]


def test_what_comes_out_is_what_the_readme_names(first_run, clone):
    results = clone / "data/07_model_output"
    assert pl.read_parquet(results / "scores.parquet").height == 66_083
    candidates = pl.read_parquet(results / "candidates.parquet")
    assert candidates.columns == [
        *("rank", "row", "customer_id", "score", "affluent_probability", "labelled_probability", "simulated")
    ]
    assert candidates.height == 55_157
    assert (results / "candidates.csv").exists()


def test_our_list_finds_far_more_of_the_hidden_than_the_in_sample_way(first_run, clone):
    comparison = json.loads((clone / "data/07_model_output/known_truth.json").read_text())
    for point in comparison["points"]:
        assert point["found"]["low"] > point["found_in_sample"]["high"]
        assert point["found"]["low"] > point["share"]


def test_nothing_of_a_run_is_tracked_by_git(first_run, clone):
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == ""


def test_real_people_are_ranked_as_well_as_promised(first_run, clone):
    """Adult: ROC AUC of the tag, out of fold, at least 0.925; recall at 10 % about 0.39 of a possible 0.418."""
    printed = make(clone, "run", "DATA=adult")
    auc, recall = re.search(r"XGBoost +(0\.\d+) \(\S+ +(0\.\d+) \(", printed).groups()
    assert float(auc) >= 0.925
    assert 0.38 <= float(recall) <= 0.418
    assert "SIMULATED" not in printed
    scores = pl.read_parquet(clone / "data/07_model_output/scores.parquet")
    assert scores.height == 48_842


def test_the_fast_tests_run_on_a_clone(first_run, clone):
    """With what they use set up first. All of them take minutes, and CI runs them; here a file of them does."""
    assert "passed" in make(clone, "test", "TESTS=tests/affluence/test_progress.py")
