import numpy as np
import pytest

from affluence.evaluation.truth import UNKNOWN, compare_with_truth

AFFLUENT = np.arange(1_000) < 50
KINDS = np.where(AFFLUENT, np.where(np.arange(1_000) % 2 == 0, "mis-tagged", "money elsewhere"), "none")


def compared(scores, others=None):
    chance = np.random.default_rng(0).random(1_000)
    return compare_with_truth(scores, chance if others is None else others, AFFLUENT, KINDS)


def test_a_perfect_list_holds_all_that_fit_and_all_are_right():
    first, second, third = compared(-np.arange(1_000.0)).points
    assert (first.listed, second.listed, third.listed) == (10, 50, 100)
    assert (first.found.value, second.found.value, third.found.value) == (0.2, 1, 1)
    assert (first.precision.value, third.precision.value) == (1, 0.5)


def test_the_worst_list_finds_nobody():
    assert [point.found.value for point in compared(np.arange(1_000.0)).points] == [0, 0, 0]


def test_lists_at_random_find_what_chance_finds():
    finds = []
    for seed in range(200):
        scores = np.random.default_rng(seed).random(1_000)
        finds.append([point.found.value for point in compared(scores).points])
    assert np.mean(finds, axis=0) == pytest.approx([0.01, 0.05, 0.10], abs=0.01)


def test_both_lists_are_measured_alike():
    perfect = -np.arange(1_000.0)
    for point in compared(perfect, perfect).points:
        assert point.found == point.found_in_sample


def test_types_add_up_to_the_hidden():
    comparison = compared(-np.arange(1_000.0))
    assert comparison.hidden == sum(kind.customers for kind in comparison.types) == 50
    assert [kind.name for kind in comparison.types] == ["mis-tagged", "money elsewhere"]
    assert all(kind.found.value == 1 for kind in comparison.types)


def test_without_truth_nothing_is_known():
    assert not UNKNOWN.known
    assert compared(np.zeros(1_000)).known
