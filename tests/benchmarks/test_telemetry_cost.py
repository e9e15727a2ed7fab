"""What telemetry costs: how pairs become a ratio with its interval, and the kept result."""

import json
from pathlib import Path

import pytest
from benchmarks.telemetry.__main__ import COVERAGE, MOST, cost_of, page

ROOT = Path(__file__).resolve().parents[2]
KEPT = json.loads((ROOT / "benchmarks/telemetry/cost.json").read_text())


def test_a_cost_that_is_the_same_in_every_pair_has_no_width():
    cost = cost_of([(1.03, 1.0), (2.06, 2.0), (4.12, 4.0)])
    assert (cost.share, cost.low, cost.high) == pytest.approx((0.03, 0.03, 0.03))


def test_pairs_that_differ_have_an_interval_around_their_mean():
    cost = cost_of([(1.1, 1.0), (1.0, 1.1), (1.2, 1.0), (1.0, 1.2)])
    assert cost.share == pytest.approx(0)
    # Student's t of three degrees is 2.353 at 95 %, the logarithms' deviation 0.1680.
    assert (cost.low, cost.high) == pytest.approx((-0.1793, 0.2185), abs=5e-4)


def test_the_kept_result_is_of_thirty_pairs_and_says_what_they_say():
    seconds = [tuple(pair) for pair in KEPT["seconds_on_and_off"]]
    assert len(seconds) == KEPT["pairs"] == 30
    assert COVERAGE == 0.9
    cost = cost_of(seconds)
    assert vars(cost) == pytest.approx(KEPT["cost"])
    told = (ROOT / "benchmarks/telemetry/cost.md").read_text()
    assert told == page(cost, seconds, KEPT)
    assert ("NOT held" in told) == (cost.high > MOST)
    assert all(KEPT["messages"].values())
