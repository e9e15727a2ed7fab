"""The rule of types: chances that add up, names only where they may be given."""

import numpy as np
import pytest
from scipy.stats import norm

from affluence.data import offer_table
from affluence.data.offer_table import UNCERTAIN
from affluence.decision.learned_types import LEARNED
from affluence.decision.type_rule import (
    FARTHEST,
    INPUTS,
    LOOK_ALIKE,
    TYPES,
    TypePrecision,
    TypeRule,
    rule_inputs,
    standing,
)


def rule_with(*at_least, bases=(0.8, 0.1, 0.05, 0.05)) -> TypeRule:
    """A rule whose chances do not matter: thresholds by type, in the order of the types."""
    types = tuple(
        TypePrecision(name, chance, 0.7, base, None, 0.0)
        for name, chance, base in zip(TYPES, at_least, bases, strict=True)
    )
    weights = ((0.0,) * len(INPUTS),) * len(TYPES)
    return TypeRule((0.0,) * len(TYPES), weights, (1.0,) * len(TYPES), types, (), ())


def test_the_learned_rule_has_a_weight_for_every_input_and_type():
    assert np.shape(LEARNED.weights) == (len(TYPES), len(INPUTS))
    assert len(LEARNED.intercepts) == len(LEARNED.emphasis) == len(TYPES)
    assert tuple(told.name for told in LEARNED.types) == TYPES


def test_the_types_are_those_that_an_offer_table_may_ask_about():
    assert {*TYPES, UNCERTAIN} == set(offer_table.TYPES)


def test_no_type_is_named_that_was_measured_less_than_seventy_percent_right():
    named = [told for told in LEARNED.types if told.at_least is not None]
    assert all(told.precision is not None and told.precision.value >= max(0.7, told.wanted) for told in named)


def test_it_was_judged_on_four_banks_or_more_and_none_that_it_learned_from():
    judged_seeds = {name.split("seed ")[1].split(",")[0] for name in LEARNED.judged_on}
    learned_seeds = {name.split("seed ")[1].split(",")[0] for name in LEARNED.learned_on}
    assert len(judged_seeds) >= 4
    assert not judged_seeds & learned_seeds


@pytest.mark.parametrize("extreme", [0.0, 50.0, -50.0])
def test_chances_add_up_to_one_however_extreme_the_customer(extreme):
    spot = np.array([extreme])
    chances = LEARNED.chances(rule_inputs(score=spot, here=spot, elsewhere=spot, line=1.0))
    assert chances.shape == (1, len(TYPES))
    assert chances.sum() == pytest.approx(1)
    assert (chances >= 0).all()


def test_balances_far_beyond_the_line_count_as_the_farthest_that_was_seen():
    spot = np.array([0.0, 0.0])
    inputs = rule_inputs(score=spot, here=np.array([FARTHEST + 1, FARTHEST + 9]), elsewhere=spot, line=1.0)
    assert inputs[0].tolist() == inputs[1].tolist()


def test_a_chance_at_its_threshold_is_named_and_one_below_is_uncertain():
    named = rule_with(0.9, None, None, None).named(np.array([[0.9, 0.1, 0, 0], [0.89, 0.11, 0, 0]]))
    assert named.tolist() == [LOOK_ALIKE, UNCERTAIN]


def test_a_type_without_a_threshold_is_never_named():
    assert rule_with(None, None, None, None).named(np.eye(4)).tolist() == [UNCERTAIN] * 4


def test_of_two_types_that_may_be_named_the_rarer_one_is():
    assert rule_with(0.4, 0.4, None, None).named(np.array([[0.5, 0.5, 0, 0]])).tolist() == ["mis-tagged"]


def test_a_forced_type_heeds_the_emphasis_on_rare_ones():
    chances = np.array([[0.6, 0.4, 0, 0]])
    even = rule_with(None, None, None, None)
    heeding = TypeRule(even.intercepts, even.weights, (1.0, 2.0, 1.0, 1.0), even.types, (), ())
    assert even.forced(chances).tolist() == [LOOK_ALIKE]
    assert heeding.forced(chances).tolist() == ["mis-tagged"]


def test_a_standing_is_the_normal_deviate_of_the_rank():
    among = np.arange(99.0)
    assert standing(np.array([49.0]), among) == pytest.approx(0, abs=1e-9)
    assert (np.diff(standing(among, among)) > 0).all()
    assert np.isfinite(standing(np.array([-1e9, 1e9]), among)).all()
    assert standing(np.array([1e9]), among) == pytest.approx(norm.ppf(99.5 / 100))


def test_equal_values_stand_equally_and_in_the_middle():
    assert standing(np.zeros(5), np.zeros(5)) == pytest.approx(np.zeros(5), abs=1e-9)
