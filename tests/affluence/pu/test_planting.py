"""Whose tags are hidden: whole customers, as many as asked, alike or by standing, whatever the order of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests
from affluence.pu.planted import plant

PEOPLE = 400


def digests_of(customers) -> np.ndarray:
    return customer_digests([str(c) for c in customers], key=0)


def tagged_half() -> np.ndarray:
    return (np.arange(PEOPLE) % 2).astype(np.int8)


@settings(max_examples=60, deadline=None)
@given(
    extra=st.lists(st.integers(0, PEOPLE - 1), max_size=300),
    share=st.floats(0.15, 0.85),
    way=st.sampled_from(["random", "selective"]),
    seed=st.integers(0, 10_000),
)
def test_whole_customers_are_hidden_and_as_many_as_asked(extra, share, way, seed):
    customers = np.array([*range(PEOPLE), *extra])
    tags = (customers % 2).astype(np.int8)
    ranks = customers / PEOPLE
    hidden, left = plant(tags, digests_of(customers), share=share, way=way, ranks=ranks, seed=seed)
    gone = set(customers[hidden])
    assert len(gone) == round(share * PEOPLE / 2)
    assert not gone & set(customers[left == 1])
    assert (hidden <= (tags == 1)).all()
    assert (left == np.where(hidden, 0, tags)).all()


def test_of_a_customer_tagged_in_some_rows_all_tags_are_hidden():
    customers = np.repeat(np.arange(200), 3)
    tags = np.tile([1, 0, 1], 200).astype(np.int8)
    hidden, left = plant(tags, digests_of(customers), share=0.5, way="random", seed=1)
    assert hidden.sum() == 200
    assert set(left.reshape(200, 3).sum(axis=1)) == {0, 2}


def test_selective_hiding_takes_those_of_low_standing_more_and_never_only_them():
    ranks = np.linspace(0, 1, PEOPLE)
    share_hidden = np.mean(
        [
            plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="selective", ranks=ranks, seed=seed)[0]
            for seed in range(200)
        ],
        axis=0,
    )[tagged_half() == 1]
    by_quarter = share_hidden.reshape(4, -1).mean(axis=1)
    assert (np.diff(by_quarter) < 0).all()
    assert by_quarter[0] > 0.45
    assert 0.02 < by_quarter[-1] < 0.2
    assert by_quarter.mean() == pytest.approx(0.3)


def test_random_hiding_does_not_look_at_the_standing():
    ranks = np.linspace(0, 1, PEOPLE)
    with_ranks = plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="random", ranks=ranks, seed=3)
    without = plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="random", seed=3)
    assert (with_ranks[0] == without[0]).all()
    hidden = [
        plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="random", seed=seed)[0] for seed in range(200)
    ]
    by_quarter = np.mean(hidden, axis=0)[tagged_half() == 1].reshape(4, -1).mean(axis=1)
    assert by_quarter == pytest.approx(0.3, abs=0.03)


def test_equal_standing_hides_alike():
    hidden, _ = plant(
        tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="selective", ranks=np.ones(PEOPLE), seed=0
    )
    assert hidden.sum() == 60


@pytest.mark.parametrize("way", ["random", "selective"])
def test_the_seed_and_not_the_order_of_the_rows_decides(way):
    customers = np.repeat(np.arange(PEOPLE), 2)
    tags, ranks = (customers % 2).astype(np.int8), customers / PEOPLE
    shuffled = np.random.default_rng(0).permutation(len(customers))

    def hide(rows, seed):
        return plant(tags[rows], digests_of(customers[rows]), share=0.4, way=way, ranks=ranks[rows], seed=seed)[0]

    first = hide(np.arange(len(customers)), 5)
    assert (first == hide(np.arange(len(customers)), 5)).all()
    assert (first[shuffled] == hide(shuffled, 5)).all()
    assert (first != hide(np.arange(len(customers)), 6)).any()


def test_the_tags_given_stay_as_they_are():
    tags = tagged_half()
    tags.flags.writeable = False
    hidden, left = plant(tags, digests_of(range(PEOPLE)), share=0.4, way="random", seed=0)
    assert (tags == tagged_half()).all()
    assert left.sum() == tags.sum() - hidden.sum()


@pytest.mark.parametrize("share", [0, 1, -0.2, 1.5, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(UserError, match="between 0 and 1"):
        plant(tagged_half(), digests_of(range(PEOPLE)), share=share, way="random", seed=0)


@pytest.mark.parametrize(("share", "needed"), [(0.3, 67), (0.5, 40), (0.1, 200), (0.8, 100)])
def test_too_few_tagged_are_refused_with_how_many_are_needed(share, needed):
    for tagged in (0, 1, needed - 1):
        tags = (np.arange(1_000) < tagged).astype(np.int8)
        with pytest.raises(UserError, match=rf"holds {tagged} customers.* at least {needed} are needed"):
            plant(tags, digests_of(range(1_000)), share=share, way="random", seed=0)
    tags = (np.arange(1_000) < needed).astype(np.int8)
    assert plant(tags, digests_of(range(1_000)), share=share, way="random", seed=0)[0].sum() >= 20


@pytest.mark.parametrize("ranks", [None, np.full(PEOPLE, np.nan), np.full(PEOPLE, np.inf)])
def test_selective_hiding_without_usable_ranks_is_refused(ranks):
    with pytest.raises(UserError, match="needs ranks"):
        plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="selective", ranks=ranks, seed=0)


@pytest.mark.parametrize(
    "tags",
    [[0, 1, 2] * 100, [0, 1, None] * 100, [0, 1, float("nan")] * 100, ["A", "N", "A"] * 100, [[0, 1, 1]] * 100],
    ids=["two", "null", "nan", "text", "matrix"],
)
def test_tags_other_than_0_and_1_are_refused(tags):
    with pytest.raises(UserError, match="other than 0 and 1"):
        plant(tags, digests_of(range(300)), share=0.3, way="random", seed=0)


def test_an_unknown_way_and_uneven_lengths_are_refused():
    with pytest.raises(UserError, match=r"'all'.* random, selective"):
        plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="all", seed=0)
    with pytest.raises(UserError, match="digests has 5 entries for 400 tags"):
        plant(tagged_half(), digests_of(range(5)), share=0.3, way="random", seed=0)
    with pytest.raises(UserError, match="ranks has 3 entries for 400 tags"):
        plant(tagged_half(), digests_of(range(PEOPLE)), share=0.3, way="selective", ranks=np.ones(3), seed=0)
