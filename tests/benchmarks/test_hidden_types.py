"""The benchmark of hidden types: its arithmetic, and that pages and the shipped rule say what was measured."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from benchmarks.hidden_types import ceiling
from benchmarks.hidden_types.banks import ROOT, Bank
from benchmarks.hidden_types.judge import Judged, against_ceiling, figures
from benchmarks.hidden_types.learn import HIDDEN, Listed, learn, macro_f1, macro_f1_of_hidden, wanted_precision
from benchmarks.hidden_types.page import page

from affluence.data.reference_bank import Scenario
from affluence.decision.learned_types import LEARNED
from affluence.decision.type_rule import INPUTS, LOOK_ALIKE, TYPES, TypePrecision, TypeRule
from affluence.features.preprocessing import Design

KEPT = Path(ceiling.__file__).parent
BANK = Bank("small", 1, Scenario(), 2_000)


@pytest.fixture(scope="module")
def results() -> dict:
    return json.loads((KEPT / "results.json").read_text(encoding="utf-8"))


def made_list(seed: int, *, people: int = 2_000) -> Listed:
    """People of whom three inputs each speak for one hidden type; nine in ten are look-alikes."""
    random = np.random.default_rng(seed)
    places = random.choice(len(TYPES), people, p=[0.9, 0.04, 0.03, 0.03])
    inputs = random.normal(size=(people, len(INPUTS)))
    inputs[np.arange(people), places] += np.where(places > 0, 4.0, 0.0)
    customers = np.array([f"c{place // 2}" for place in range(people)])
    return Listed(inputs, np.asarray(TYPES)[places], pl.Series("row", range(people)), customers)


def test_the_truly_hidden_alone_are_each_given_the_likeliest_of_the_three_hidden_types():
    types = np.array([*HIDDEN, LOOK_ALIKE])
    right = np.hstack([np.full((4, 1), 0.9), [*(0.1 * np.eye(3)), [0.1, 0, 0]]])
    assert macro_f1_of_hidden(types, right) == 1
    assert macro_f1(types, np.asarray(TYPES)[right.argmax(axis=1)]) < 0.2


def test_types_drawn_by_lot_reach_one_in_as_many_as_there_are():
    random = np.random.default_rng(0)
    types = random.choice(TYPES, 200_000, p=[0.7, 0.2, 0.06, 0.04])
    lot = np.eye(len(TYPES))[[TYPES.index(name) for name in random.permutation(types[types != LOOK_ALIKE])]]
    hidden = types[types != LOOK_ALIKE]
    assert macro_f1(types, random.permutation(types)) == pytest.approx(1 / 4, abs=0.005)
    assert macro_f1_of_hidden(hidden, lot) == pytest.approx(1 / 3, abs=0.005)


def test_a_type_that_none_of_the_truly_hidden_is_given_counts_as_none_right():
    weighed = np.tile([0.0, 1.0, 0.0, 0.0], (3, 1))  # all three are called by the first hidden type
    assert macro_f1_of_hidden(np.array(HIDDEN), weighed) == pytest.approx((2 * (1 / 3) / (4 / 3)) / 3)


def test_a_type_is_wrong_at_most_half_as_often_as_naming_everybody_so_would_be():
    assert wanted_precision(0.83) == pytest.approx(0.915)
    assert wanted_precision(0.1) == 0.7


def test_a_rule_learned_on_some_lists_tells_the_types_of_another_and_heeds_the_rare_ones():
    rule = learn([made_list(seed, people=1_000) for seed in (1, 2, 3)], learned_on=["a", "b", "c"])
    other = made_list(4)
    chances = rule.chances(other.inputs)
    assert macro_f1(other.types, rule.forced(chances)) > 0.7
    assert macro_f1_of_hidden(other.types, chances / [told.base for told in rule.types]) > 0.9
    assert all(weight > rule.emphasis[0] for weight in rule.emphasis[1:])


def test_the_ceiling_is_the_way_that_is_best_on_average_and_not_the_best_on_each_bank():
    people = made_list(1)
    ways = [{"one": 0.5, "other": 0.4}, {"one": 0.5, "other": 0.55}]
    judged = [Judged(BANK, people, {"listed": told, "hidden": told}) for told in ways]
    told = against_ceiling(LEARNED, judged)
    assert told["listed"]["way"] == told["hidden"]["way"] == "one"
    assert told["listed"]["ceiling"] == 0.5
    assert told["listed"]["ratio"] == pytest.approx(told["listed"]["macro_f1"] / 0.5, abs=1e-3)
    assert told["listed"]["interval"] == [told["listed"]["ratio"]] * 2  # the same list twice does not differ


def test_figures_by_length_of_the_list_count_who_is_named_and_who_rightly():
    never = TypePrecision(TYPES[1], None, 0.7, 0.1, None, 0.0)
    always = TypePrecision(LOOK_ALIKE, 0.0, 0.7, 0.9, None, 0.0)
    weights = ((0.0,) * len(INPUTS),) * len(TYPES)
    rule = TypeRule((0.0,) * len(TYPES), weights, (1.0,) * len(TYPES), (always, never), (), ())
    people = made_list(1)
    told = figures(rule, Judged(BANK, people, {}))["by_depth"]["10%"]
    first = people.first(0.1).types
    assert told["listed"] == told["precision"][LOOK_ALIKE]["named"] == 200
    assert told["precision"][LOOK_ALIKE]["right"] == int((first == LOOK_ALIKE).sum())
    assert told["precision"][TYPES[1]]["share"] is None


@pytest.mark.parametrize(("tells", "low", "high"), [(True, 0.95, 1.0), (False, 0.0, 0.4)])
def test_the_ceiling_is_high_where_a_column_tells_the_type_and_low_where_none_does(
    tells, low, high, tmp_path, monkeypatch
):
    people = made_list(1, people=6_000)
    told = [TYPES.index(name) for name in people.types] if tells else [place // 2 for place in range(6_000)]
    column = np.array(told, dtype=np.float32)[:, None]
    monkeypatch.setattr(ceiling, "WAYS", ceiling.WAYS[-2:])
    monkeypatch.setattr(ceiling, "columns_of", lambda *_: Design(column, ("told",), (0,), {}))
    reached = ceiling.ceilings(BANK, people, tmp_path)
    assert all(low <= value <= high for value in reached["listed"].values())
    monkeypatch.setattr(ceiling, "columns_of", None)  # what was measured is read again
    assert ceiling.ceilings(BANK, people, tmp_path) == reached


def test_the_kept_page_says_what_the_kept_results_say(results):
    assert (KEPT / "results.md").read_text(encoding="utf-8") == page(results)


def test_the_shipped_rule_is_the_one_that_was_measured(results):
    measured = {told["name"]: told for told in results["types"]}
    for told in LEARNED.types:
        assert (told.at_least, told.named) == (measured[told.name]["at_least"], measured[told.name]["named"])
    assert list(LEARNED.judged_on) == results["judged_on"]
    assert not {name.split(",")[1] for name in LEARNED.learned_on} & {name.split(",")[1] for name in LEARNED.judged_on}


def test_the_explanation_states_the_figures_that_were_measured(results):
    text = (ROOT / "docs/explanation/hidden_types.md").read_text(encoding="utf-8")
    for told in (
        results[banks][over]
        for banks in ("against_ceiling", "against_ceiling_changed")
        for over in ("listed", "hidden")
    ):
        assert f"{told['macro_f1']:.3f} | {told['ceiling']:.3f} | {told['ratio']:.3f}" in text
        assert f"{told['interval'][0]:.3f} to {told['interval'][1]:.3f}" in text
    for told in results["types"]:
        if told["precision"] is not None:
            assert f"{told['precision']['value']:.3f} ({told['precision']['low']:.3f} to" in text
