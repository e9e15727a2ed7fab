"""`affluence train --challenge` trains, compares and says; it promotes nobody."""

import json
import shutil

import pytest
from click.testing import CliRunner

from affluence import workspace, workspace_training
from affluence.cli import main

TRAIN = [
    "train",
    "--contract",
    "reference_bank",
    "--learner",
    "finder",
    "--folds",
    "3",
    "--mode",
    "fast",
    "--challenge",
]


@pytest.fixture
def own(trained_project, tmp_path, monkeypatch):
    """A copy of the trained project's conf/ and data/, without its models."""
    for name in ("conf", "data/01_raw"):
        shutil.copytree(trained_project / name, tmp_path / name)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_champion_nothing_is_trained(own):
    result = CliRunner().invoke(main, TRAIN)
    assert result.exit_code == 1
    assert "There is no model 'affluence-reference_bank'" in result.output
    assert not (own / "data/08_reporting").exists()


def test_promote_and_challenge_contradict_each_other(own):
    result = CliRunner().invoke(main, [*TRAIN, "--promote"])
    assert result.exit_code == 1
    assert "proposed, never promoted" in result.output


@pytest.mark.slow
def test_the_same_table_again_proposes_nobody_and_promotes_nobody(own):
    options = workspace_training.TrainingOptions(learners=("finder",), folds=3, mode="fast")
    workspace_training.train(None, "reference_bank", options)
    result = CliRunner().invoke(main, TRAIN)
    assert result.exit_code == 0, result.output
    assert "The table is green" in result.output
    assert "version 2 is not proposed" in " ".join(result.output.split())
    (told,) = (own / "data/08_reporting").glob("challenge_*.json")
    content = json.loads(told.read_text())
    assert (content["champion"], content["challenger"], content["proposed"]) == ("1", "2", False)
    assert told.with_suffix(".html").is_file()
    moves = told.with_suffix(".csv").read_text().splitlines()
    assert sum(line.endswith("enters") for line in moves) == content["comparison"]["exchanged"]
    assert workspace.registry().load("affluence-reference_bank").label.version == "1"
