"""What is expected of a part of the candidates, wherever they stand in the ranking."""

import numpy as np
import pytest

from affluence.decision.expected_finds import finds_by_rank
from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery

SCORES = np.linspace(2.0, -4.0, 300)
COUNTED = HiddenCount(40.0, 80.0, 60.0, "made", 0.9)
RANGE = HiddenCount(40.0, 80.0, None, "made", None)


def finds(count: HiddenCount, *draws: tuple[float, float]):
    return finds_by_rank(SCORES, Discovery("fast", (), 50, count, None, (), recalibrations=draws))


@pytest.mark.parametrize("found", [finds(RANGE), finds(COUNTED, (-1.0, 1.0), (-1.2, 0.9), (-0.9, 1.1))])
def test_those_at_the_top_are_expected_to_hold_what_the_ranking_says(found):
    among, between = found.among(SCORES[:100]), found.between(0, 100)
    assert (among.low, among.high) == pytest.approx((between.low, between.high))
    assert among.value == (None if between.value is None else pytest.approx(between.value))
    assert among.level == between.level


def test_whoever_is_left_out_is_not_expected():
    found = finds(COUNTED, (-1.0, 1.0))
    whole, without = found.among(SCORES[:100]), found.among(SCORES[5:100])
    chances = 1 / (1 + np.exp(1.0 - SCORES[:5]))
    assert whole.value - without.value == pytest.approx(chances.sum())


def test_without_a_review_the_ends_hold_the_ends_of_the_count():
    found = finds(RANGE).among(SCORES)
    assert (found.low, found.high, found.value) == (pytest.approx(40.0), pytest.approx(80.0), None)


def test_a_table_of_another_size_is_expected_to_hide_as_large_a_part():
    learned_from = Discovery("fast", (), 0, RANGE, None, (), counted_among=3_000)
    found = finds_by_rank(SCORES, learned_from).among(SCORES)
    assert (found.low, found.high) == (pytest.approx(4.0), pytest.approx(8.0))
    assert "as large a part" in found.assumption
    same = finds_by_rank(SCORES, Discovery("fast", (), 0, RANGE, None, (), counted_among=300))
    assert same.among(SCORES).high == pytest.approx(80.0)
    assert same.assumption == "made"
