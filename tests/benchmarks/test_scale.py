"""The benchmark of scale: its ways do the same, what it tells follows from what it measured."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from benchmarks.scale import __main__ as scale
from benchmarks.scale import ways
from click.testing import CliRunner

from affluence.pu.storage import load_model

KEPT = Path(scale.__file__).parent / "results.json"


def test_an_exponent_is_the_power_of_the_rows():
    assert scale.exponent([10, 100, 1_000], [3 * rows**1.5 for rows in (10, 100, 1_000)]) == pytest.approx(1.5)
    assert scale.exponent([10], [3.0]) is None


def test_what_is_kept_follows_from_its_measurements():
    told = json.loads(KEPT.read_text(encoding="utf-8"))
    assert scale.told_of(told["results"], told["load"], told["listed"]) == {**told, "processors": scale.os.cpu_count()}
    assert KEPT.with_suffix(".md").read_text(encoding="utf-8") == scale.markdown(told)


@pytest.mark.slow
def test_pandas_and_stream_give_the_same_scores(tmp_path):
    model = load_model(scale.train_champion(tmp_path))
    table = scale.make_table(3_000, tmp_path / "bank.parquet")
    assert pl.read_parquet(table).height == 3_000
    for way in ("stream", "pandas"):
        (tmp_path / way).mkdir()
        ways.WAYS[way](load_model(tmp_path / "model"), table, tmp_path / way, 50)()
    ours = pl.read_parquet(tmp_path / "stream" / "candidates.parquet").sort("row")
    ranked = pd.read_parquet(tmp_path / "pandas" / "ranked.parquet").sort_index()
    # Ids are not unique in a made bank; rows count from 1.
    assert ours["row"].to_list() == [row + 1 for row in ranked.index]
    assert np.abs(ours["score"].to_numpy() - ranked["score"].to_numpy()).max() < 1e-5
    assert pl.read_parquet(tmp_path / "pandas" / "parts.parquet").shape == (50, len(model.features) + 1)


@pytest.mark.slow
def test_the_short_form_measures_every_way_and_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "ATTEMPT_SETTINGS", {"n_estimators": 20, "max_depth": 10})
    asked = ["--rows", "1000", "--rows", "3000", "--listed", "50", "--out", str(tmp_path)]
    CliRunner().invoke(scale.main, asked, catch_exceptions=False)
    told = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    measured = {(result["way"], result["rows"]) for result in told["results"]}
    assert measured == {(way, rows) for way in ways.WAYS for rows in (1_000, 3_000)}
    assert "20 trees of depth 10" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert all(result["seconds"] > 0 and result["mib"] > 0 for result in told["results"])
    assert "<svg" in (tmp_path / "results.svg").read_text(encoding="utf-8")
