"""What is kept of the cost of deciding: whole lines, and within the bounds that were set."""

import json
import time
from pathlib import Path

import pytest

from benchmarks import reasons

KEPT = [
    json.loads(line)
    for line in (Path(reasons.__file__).parent / "reasons.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_a_clock_adds_up_what_is_done_under_one_name():
    clock = reasons.Clock()
    slept = clock.timed("sleep", time.sleep)
    slept(0.01)
    slept(0.01)
    assert clock.waited["sleep"] >= 0.02
    assert set(clock.waited) == set(clock.worked) == {"sleep"}


@pytest.mark.parametrize("line", KEPT, ids=lambda line: f"{line['listed']} of {line['customers']}")
def test_the_parts_of_a_kept_line_add_up_and_reasons_may_be_said(line):
    assert sum(line["parts"].values()) == pytest.approx(line["everything_seconds"], abs=0.05 * len(line["parts"]))
    assert line["parts"]["reasons"] == line["seconds"]
    assert line["agreement"] >= 0.95
    assert line["additivity_error"] < 0.001


def test_the_work_of_ten_thousand_reasons_and_of_a_million_scored_is_within_bounds():
    listed = [line for line in KEPT if line["listed"] == 10_000]
    assert {line["customers"] for line in listed} == {66_083, 1_000_000}
    assert all(line["processor_seconds"] < 30 for line in listed)
    assert all(line["everything_processor_seconds"] < 180 for line in listed)
