"""The benchmark of how sure ranks are: its kept ratio, and that the errors told are those of other trainings."""

import json
from pathlib import Path

import pytest
from benchmarks.deciding import ranks


def test_the_kept_errors_are_those_of_other_trainings_within_a_tenth():
    kept = json.loads((Path(ranks.__file__).parent / "ranks.json").read_text(encoding="utf-8"))
    assert kept["trainings"] == len(ranks.TRAININGS)
    assert 0.9 <= kept["estimated_to_true"] <= 1.1
    assert 0.9 <= kept["estimated_to_true_top_tenth"] <= 1.1


@pytest.mark.slow
def test_on_small_banks_too_the_errors_told_are_of_the_size_of_the_spread_over_trainings():
    found = ranks.compare((201, 202, 203, 204), rows=2_000)
    assert (found["trainings"], found["rows"]) == (4, 2_000)
    # The variance of four trainings is itself known to half; a curve off by a factor of two would still be caught.
    assert 0.6 <= found["estimated_to_true"] <= 1.6
    assert 0.6 <= found["estimated_to_true_top_tenth"] <= 1.6
    assert found["true_sd_median"] > 0
