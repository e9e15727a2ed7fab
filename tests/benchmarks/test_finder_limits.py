"""Learners who are told more than a finder can know: they know more, and nobody is scored by a model that saw them."""

import numpy as np
import pytest
from benchmarks.finder import limits
from benchmarks.finder.data import bank


@pytest.fixture(scope="module")
def found():
    return limits.limits_of(bank(0, 3_000), seed=0)


def test_every_question_is_answered_as_a_share_of_the_oracle(found):
    assert [mechanism for mechanism, _ in found] == ["SCAR"] * 3 + ["SAR", "RULE"]
    assert all(0 < figures["average_precision"] < 1.5 for figures in found.values())


def test_who_knows_the_truth_of_all_is_near_the_oracle_and_knows_more_than_who_knows_half(found):
    half, _, everybody = (figures["average_precision"] for figures in list(found.values())[:3])
    assert everybody == pytest.approx(1, abs=0.1)
    assert half < everybody


def test_noise_in_place_of_the_truth_teaches_nothing(monkeypatch):
    table = bank(0, 3_000)
    noise = np.random.default_rng(0).integers(0, 2, len(table)).astype(np.int8)
    taught = limits.knowing_truth
    monkeypatch.setattr(
        limits, "knowing_truth", lambda there, truth, scored, **how: taught(there, noise[: len(truth)], scored, **how)
    )
    by_noise = limits.limits_of(table, seed=0)
    assert by_noise["SCAR", "the truth of 100% of the customers"]["average_precision"] < 0.6


def test_the_table_says_the_command_and_a_row_for_each_question(tmp_path, monkeypatch, found):
    monkeypatch.setattr(limits, "limits_of", lambda table, *, seed: found)
    limits.main(["--data", "adult", "--seeds", "0", "--out", str(tmp_path / "limits.md")])
    written = (tmp_path / "limits.md").read_text(encoding="utf-8")
    assert limits.COMMAND in written
    assert written.count("| adult | ") == len(found)
