import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affluence.evaluation.results import Estimate
from affluence.reporting.tracks import Axis, axis_over

shares = st.floats(-1, 1, allow_nan=False)


def between(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, "none")


def test_the_ends_of_an_axis_are_round():
    axis = axis_over([between(0.362, 0.393)])
    assert (axis.low, axis.high, axis.step) == pytest.approx((0.36, 0.40, 0.01))


def test_an_axis_includes_what_it_is_told_to():
    assert axis_over([between(0.01, 0.12)], include=(0.0,)).low == 0


@given(st.lists(st.tuples(shares, shares), min_size=1))
def test_every_mark_stands_within_the_column(ends):
    estimates = [between(min(pair), max(pair)) for pair in ends]
    axis = axis_over(estimates)
    for mark in map(axis.mark, estimates):
        assert 0 <= mark.low <= mark.at <= mark.high <= 100


@given(shares, shares)
def test_the_ticks_span_the_axis_and_stay_few(one, other):
    ticks = axis_over([between(min(one, other), max(one, other))]).ticks(str)
    assert ticks[0].at == 0
    assert ticks[-1].at == 100
    assert 2 <= len(ticks) <= 7


def test_the_outer_labels_stay_inside():
    anchors = [tick.anchor for tick in Axis(0, 1, 0.5).ticks(str)]
    assert anchors == ["start", "middle", "end"]


@pytest.mark.parametrize("estimates", [[], [Estimate(math.nan, math.nan, math.nan, "none")], [between(0.5, 0.5)]])
def test_an_axis_over_nothing_still_has_a_length(estimates):
    axis = axis_over(estimates)
    assert axis.high > axis.low


def test_a_value_outside_stands_at_the_edge():
    axis = Axis(0, 1, 0.5)
    assert (axis.place(-1), axis.place(0.25), axis.place(2)) == (0, 25, 100)
