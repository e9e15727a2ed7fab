"""The promise of the product: nobody is scored by a model that saw them, in any of their rows."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from affluence.errors import UserError
from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import cross_fit, customer_digests, deal_folds, map_folds
from affluence.pu.learners import LEARNERS


def design_of(matrix) -> Design:
    matrix = np.asarray(matrix, dtype=np.float32)
    width = matrix.shape[1]
    return Design(matrix, tuple(f"x{i}" for i in range(width)), (0,) * width, {})


def digests_of(customers) -> np.ndarray:
    return customer_digests([str(c) for c in customers], key=0)


@dataclass
class Witness:
    """A fitted model that remembers, through the customer number in column 0, whom it saw and whom it scored."""

    seen: set
    scored: set = field(default_factory=set)

    def log_odds(self, design):
        self.scored |= set(design.matrix[:, 0])
        return np.zeros(len(design))


class Witnesses:
    title = "Witness"
    key = "witness"

    def fit(self, design, tags, *, seed):
        return Witness(set(design.matrix[:, 0]))


@settings(max_examples=40, deadline=None)
@given(customers=st.lists(st.integers(0, 40), min_size=120, max_size=300), seed=st.integers(0, 1000))
def test_no_customer_is_scored_by_a_model_that_saw_any_of_their_rows(customers, seed):
    customers = np.array([*range(41), *customers])
    tags = (customers % 3 == 0).astype(np.int8)
    folds = deal_folds(customer_digests(map(str, customers), key=seed), tags, folds=5)
    result = cross_fit(Witnesses(), design_of(customers[:, None]), tags, folds, seed=0)
    assert len(result.models) == 5
    for model in result.models:
        assert model.scored
        assert not model.seen & model.scored
        assert model.seen | model.scored == set(customers)
    assert not np.isnan(result.out_of_fold).any()


def test_the_same_test_catches_a_split_by_row():
    customers = np.repeat(np.arange(50), 4)
    tags = (customers % 2).astype(np.int8)
    by_row = (np.arange(200) % 5).astype(np.int8)
    result = cross_fit(Witnesses(), design_of(customers[:, None]), tags, by_row, seed=0)
    assert any(model.seen & model.scored for model in result.models)


@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
@pytest.mark.parametrize("seed", [0, 1])
def test_coin_flips_cannot_be_ranked(learner, seed):
    random = np.random.default_rng(seed)
    rows = 12_000
    matrix = random.normal(size=(rows, 6))
    tags = (random.random(rows) < 0.3).astype(np.int8)
    folds = deal_folds(digests_of(range(rows)), tags, folds=5)
    scores = cross_fit(learner, design_of(matrix), tags, folds, seed=seed).out_of_fold
    assert roc_auc_score(tags, scores) == pytest.approx(0.5, abs=0.02)


def test_coin_flips_of_repeated_customers_cannot_be_ranked_but_a_split_by_row_ranks_them():
    random = np.random.default_rng(3)
    people, repeats = 2_500, 4
    customers = np.repeat(np.arange(people), repeats)
    matrix = random.normal(size=(people, 4))[customers] + random.normal(0, 0.01, (people * repeats, 4))
    tags = random.integers(0, 2, people).astype(np.int8)[customers]
    learner = LEARNERS["random_forest"]
    by_customer = deal_folds(digests_of(customers), tags, folds=5)
    by_row = random.integers(0, 5, len(customers)).astype(np.int8)
    honest = cross_fit(learner, design_of(matrix), tags, by_customer, seed=0).out_of_fold
    leaking = cross_fit(learner, design_of(matrix), tags, by_row, seed=0).out_of_fold
    assert roc_auc_score(tags, honest) == pytest.approx(0.5, abs=0.03)
    assert roc_auc_score(tags, leaking) > 0.6


@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
def test_a_customers_own_rows_do_not_move_that_customers_score(learner):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(1_500, 3)).astype(np.float32)
    tags = (matrix[:, 0] + random.normal(size=1_500) > 1).astype(np.int8)
    folds = deal_folds(digests_of(range(1_500)), tags, folds=5)
    other_tags = tags.copy()
    other_tags[7] = 1 - tags[7]
    first = cross_fit(learner, design_of(matrix), tags, folds, seed=0).out_of_fold
    second = cross_fit(learner, design_of(matrix), other_tags, folds, seed=0).out_of_fold
    assert first[7] == second[7]
    assert (first[folds != folds[7]] != second[folds != folds[7]]).any()


@settings(max_examples=60, deadline=None)
@given(
    customers=st.lists(st.integers(0, 60), min_size=80, max_size=200),
    tagged_every=st.integers(2, 4),
    folds=st.integers(2, 6),
)
def test_folds_hold_whole_customers_and_their_share_of_the_tagged(customers, tagged_every, folds):
    customers = np.array([*range(61), *customers])
    tags = (customers % tagged_every == 0).astype(np.int8)
    dealt = deal_folds(digests_of(customers), tags, folds=folds)
    by_customer = {customer: set(dealt[customers == customer]) for customer in set(customers)}
    assert all(len(own) == 1 for own in by_customer.values())
    for kind in (0, 1):
        people = [next(iter(own)) for customer, own in by_customer.items() if (customer % tagged_every == 0) == kind]
        counts = np.bincount(people, minlength=folds)
        assert counts.max() - counts.min() <= 1


def test_one_tagged_row_makes_a_customer_tagged():
    customers = np.repeat(np.arange(20), 2)
    tags = np.tile([0, 1], 20).astype(np.int8)
    tags[20:] = 0
    folds = deal_folds(digests_of(customers), tags, folds=5)
    assert np.bincount(folds[:20]).tolist() == [4, 4, 4, 4, 4]


def test_folds_do_not_depend_on_the_order_of_the_rows():
    customers = np.repeat(np.arange(100), 2)
    tags = (customers % 4 == 0).astype(np.int8)
    shuffled = np.random.default_rng(0).permutation(200)
    folds = deal_folds(digests_of(customers), tags, folds=5)
    assert (folds[shuffled] == deal_folds(digests_of(customers[shuffled]), tags[shuffled], folds=5)).all()


def test_another_key_deals_other_folds():
    ids = [str(number) for number in range(200)]
    tags = np.tile([0, 1], 100).astype(np.int8)
    first, second = (deal_folds(customer_digests(ids, key=key), tags, folds=5) for key in (0, 1))
    assert (first != second).any()


@pytest.mark.parametrize(
    ("customers", "tagged", "words"),
    [
        (3, 2, "holds 3 customers"),
        (100, 0, "0 customers tagged"),
        (100, 4, "4 customers tagged"),
        (100, 98, "2 others"),
    ],
)
def test_too_few_customers_are_refused_in_words(customers, tagged, words):
    tags = (np.arange(customers) < tagged).astype(np.int8)
    with pytest.raises(UserError, match=words):
        deal_folds(digests_of(range(customers)), tags, folds=5)


def test_an_empty_table_is_refused_in_words():
    with pytest.raises(UserError, match="holds 0 customers"):
        deal_folds(digests_of([]), np.array([], dtype=np.int8), folds=5)


def test_the_fold_map_knows_training_customers_and_nobody_else():
    ids = [f"C{number % 60}" for number in range(100)]
    tags = np.array([number % 60 % 2 for number in range(100)], dtype=np.int8)
    digests = customer_digests(ids, key=9)
    folds = deal_folds(digests, tags, folds=5)
    fold_map = map_folds(digests, folds, key=9)
    assert len(fold_map.digests) == 60
    assert (fold_map.folds_of(ids) == folds).all()
    assert fold_map.folds_of(["C60", "c1", ""]).tolist() == [-1, -1, -1]
    assert fold_map.folds_of([]).tolist() == []


def test_digests_do_not_hold_the_id_and_differ_by_key():
    first, second = (customer_digests(["12345"], key=key) for key in (1, 2))
    assert first != second
    assert first != 12345
