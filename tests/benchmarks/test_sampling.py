"""The benchmark of sampling: what it tells follows from what it measured."""

import json
from pathlib import Path

import pytest
from benchmarks.sampling import __main__ as sampling
from click.testing import CliRunner

HERE = Path(sampling.__file__).parent


@pytest.mark.parametrize("folder", [HERE, HERE / "large"])
def test_what_is_kept_follows_from_its_measurements(folder):
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    again = sampling.told_of(told["results"], customers=told["customers"])
    assert again["differences"] == told["differences"]
    assert (folder / "results.md").read_text(encoding="utf-8") == sampling.markdown(told)


def test_a_difference_is_that_from_the_fit_on_everyone_of_the_same_bank():
    def result(bank, deal, rate, recall):
        return {
            "bank": bank,
            "deal": deal,
            "rate": rate,
            "rows": 10,
            "seconds": 1.0,
            "hidden": recall,
            "tagged": 0.5,
            "expected_tagged": 1.0,
        }

    results = [result(0, 0, 1.0, 0.30), result(1, 1, 1.0, 0.40), result(0, 0, 0.5, 0.31), result(1, 1, 0.5, 0.38)]
    difference = sampling.told_of(results, customers=10)["differences"]["0.5"]
    assert difference["hidden"] == {"mean": -0.005, "largest": 0.02}
    assert not difference["within"]


@pytest.mark.slow
def test_the_short_form_measures_every_rate(tmp_path):
    asked = ["--customers", "1500", "--seeds", "1", "--rates", "0.5", "--out", str(tmp_path)]
    CliRunner().invoke(sampling.main, asked, catch_exceptions=False)
    told = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [result["rate"] for result in told["results"]] == [1.0, 1.0, 0.5]
    assert told["results"][2]["rows"] < 1_500
