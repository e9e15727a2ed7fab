"""The promise of the product, for the finder: nothing of a customer's tag or verdict is in that customer's own score.

Folds are fixed here, for a tag decides on the deal of the folds too.
"""

from dataclasses import replace

import numpy as np
import pytest

from affluence.pu import side_by_side
from affluence.pu.cross_fitting import customer_digests, deal_folds
from affluence.pu.finding import find, find_again
from affluence.pu.first_layer import cross_fit_first_layers
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.effort import EFFORTS, Effort

# Little work: what is held here is held by which rows go where, not by how long is learned from them.
LITTLE = replace(EFFORTS["fast"], rounds=15, renewed=5)
BOTH_WAYS = pytest.mark.parametrize("drivers", [(), (2, 3)], ids=["without drivers", "with drivers"])
FOLDS = 4


@pytest.fixture(scope="module")
def design(bank):
    return bank.design()


@pytest.fixture(scope="module")
def folds(bank) -> np.ndarray:
    digests = customer_digests(map(str, range(len(bank.tags))), key=0)
    return deal_folds(digests, bank.tags, folds=FOLDS)


@pytest.fixture(scope="module", params=[(), (2, 3)], ids=["without drivers", "with drivers"])
def drivers(request):
    return request.param


@pytest.fixture(scope="module")
def found(design, bank, folds, drivers):
    return find(design, bank.tags, folds, drivers=drivers, effort=LITTLE, seed=0)


@pytest.fixture(scope="module")
def rows(bank) -> np.ndarray:
    """Eighty untagged customers and ten tagged, checked by hand."""
    untagged, tagged = np.flatnonzero(bank.tags == 0)[:160:2], np.flatnonzero(bank.tags == 1)[:10]
    return np.sort(np.concatenate([untagged, tagged]))


def flipped(values: np.ndarray, places) -> np.ndarray:
    other = values.copy()
    other[places] = 1 - other[places]
    return other


def own_and_others(folds, rows) -> tuple[np.ndarray, np.ndarray]:
    own = np.isin(np.arange(len(folds)), rows)
    return own, folds != folds[rows][0]


@pytest.mark.parametrize("tag", [0, 1])
def test_a_customers_own_tag_does_not_move_that_customers_scores(found, design, bank, folds, drivers, tag):
    row = int(np.flatnonzero(bank.tags == tag)[3])
    other = find(design, flipped(bank.tags, row), folds, drivers=drivers, effort=LITTLE, seed=0)
    own, others = own_and_others(folds, np.array([row]))
    for before, after in ((found.labelled, other.labelled), (found.hidden, other.hidden)):
        assert before[own] == after[own]
        # A whole fold is scored without it, and all other folds have it among what they learn from.
        assert (before[~others] == after[~others]).all()
        for fold in set(folds[others].tolist()):
            assert (before[folds == fold] != after[folds == fold]).any()


@BOTH_WAYS
def test_the_tags_of_all_rows_of_one_customer_do_not_move_any_of_them(design, bank, drivers):
    customers = np.arange(len(bank.tags)) // 3
    digests = customer_digests(map(str, customers), key=0)
    folds = deal_folds(digests, bank.tags, folds=FOLDS)
    rows = np.flatnonzero(customers == customers[int(np.flatnonzero(bank.tags == 1)[0])])
    assert len(rows) == 3
    first, second = (
        find(design, tags, folds, drivers=drivers, effort=LITTLE, seed=0)
        for tags in (bank.tags, flipped(bank.tags, rows))
    )
    own, others = own_and_others(folds, rows)
    for before, after in ((first.labelled, second.labelled), (first.hidden, second.hidden)):
        assert (before[own] == after[own]).all()
        assert (before[others] != after[others]).any()


def test_a_split_by_row_would_be_caught(design, bank):
    """The same check finds the leak where the rows of one customer are in several folds."""
    rows = np.array([0, 1, 2])
    folds = (np.arange(len(bank.tags)) % FOLDS).astype(np.int8)
    first, second = (
        find(design, tags, folds, drivers=(), effort=LITTLE, seed=0) for tags in (bank.tags, flipped(bank.tags, rows))
    )
    assert (first.hidden[rows] != second.hidden[rows]).any()


@pytest.mark.parametrize("again", [False, True], ids=["at once", "afterwards"])
@pytest.mark.parametrize("careless", [{}, {"missed": 0.1, "wrongly_named": 0.05}], ids=["careful", "careless"])
@pytest.mark.parametrize("tag", [0, 1], ids=["untagged", "tagged"])
def test_a_customers_own_verdict_does_not_move_that_customers_score(
    found, design, bank, folds, drivers, rows, again, careless, tag
):
    place = int(np.flatnonzero(bank.tags[rows] == tag)[5])
    row = rows[place]
    said = bank.truth[rows].astype(float)

    def learned(affluent):
        verdicts = Verdicts(rows, affluent, **careless)
        settings = {"drivers": drivers, "effort": LITTLE, "seed": 0, "verdicts": verdicts}
        if again:
            return find_again(found, design, bank.tags, folds, **settings)
        return find(design, bank.tags, folds, **settings)

    first, second = learned(said), learned(flipped(said, place))
    assert first.hidden[row] == second.hidden[row]
    assert (first.hidden[folds == folds[row]] == second.hidden[folds == folds[row]]).all()
    assert (first.labelled == second.labelled).all()
    others = first.hidden[folds != folds[row]] != second.hidden[folds != folds[row]]
    # Without drivers a verdict on a tagged customer changes what is said of tags, and no ranking.
    assert others.any() == (tag == 0 or bool(drivers))


def test_what_is_found_again_is_the_same_on_one_processor_and_on_several(
    found, design, bank, folds, drivers, rows, monkeypatch
):
    settings = {"drivers": drivers, "effort": LITTLE, "seed": 0, "verdicts": Verdicts(rows, bank.truth[rows] * 1.0)}
    by_count = []
    for processors in (1, 3):
        monkeypatch.setattr(side_by_side, "cpu_count", lambda processors=processors: processors)
        by_count.append(find_again(found, design, bank.tags, folds, **settings).hidden)
        by_count.append(find(design, bank.tags, folds, **settings).hidden)
    assert (by_count[0] == by_count[2]).all()
    assert (by_count[1] == by_count[3]).all()


def test_a_verdict_corrected_later_leaves_no_trace_in_that_customers_score(found, design, bank, folds, drivers, rows):
    said = bank.truth[rows].astype(float)
    place = int(np.flatnonzero(bank.tags[rows] == 0)[5])
    settings = {"drivers": drivers, "effort": LITTLE, "seed": 0}

    def after(first_said) -> np.ndarray:
        once = find_again(found, design, bank.tags, folds, **settings, verdicts=Verdicts(rows, first_said))
        return find_again(once, design, bank.tags, folds, **settings, verdicts=Verdicts(rows, said)).hidden

    assert after(said)[rows[place]] == after(flipped(said, place))[rows[place]]


def test_no_layer_saw_the_fold_that_it_scores(found, design, bank, folds, drivers):
    """A witness: what a fold's finder learned from is unchanged when the fold itself is replaced by nonsense."""
    nonsense = design.matrix.copy()
    nonsense[folds == 1] = 99.0
    tags = flipped(bank.tags, folds == 1)
    told = find(replace(design, matrix=nonsense), tags, folds, drivers=drivers, effort=LITTLE, seed=0)
    for before, after in zip(found.finders[1].score(design), told.finders[1].score(design), strict=True):
        assert (before == after).all()
    assert (found.finders[0].score(design)[1] != told.finders[0].score(design)[1]).any()


def test_second_layers_learn_from_the_other_folds_alone(design, bank, folds, drivers):
    layers = cross_fit_first_layers(design, bank.tags, folds, drivers=drivers, effort=LITTLE, seed=0)
    assert len(layers.layers) == len(layers.scores) == FOLDS
    for fold, scores in enumerate(layers.scores):
        assert scores.rows.tolist() == np.flatnonzero(folds != fold).tolist()
        assert len(scores.members) == len(scores.rest) == len(scores.rows)
        assert np.isfinite(scores.members).all()
        assert (np.ptp(scores.rest) > 0) == bool(drivers)


def test_a_tag_of_one_fold_is_in_no_first_score_that_its_own_second_layer_learns_from(design, bank, folds, drivers):
    """Not even by the way round: what fold 0 learns from was made without fold 0."""
    effort: Effort = LITTLE
    first, second = (
        cross_fit_first_layers(design, tags, folds, drivers=drivers, effort=effort, seed=0)
        for tags in (bank.tags, flipped(bank.tags, folds == 0))
    )
    assert (first.scores[0].members == second.scores[0].members).all()
    assert (first.scores[0].rest == second.scores[0].rest).all()
    assert (first.scores[1].members != second.scores[1].members).any()


def test_what_was_found_is_found_again_and_left_as_it_was(found, design, bank, folds, drivers, rows):
    again = find(design, bank.tags, folds, drivers=drivers, effort=LITTLE, seed=0)
    assert (again.labelled == found.labelled).all()
    assert (again.hidden == found.hidden).all()
    before = found.hidden.copy()
    settings = {"drivers": drivers, "effort": LITTLE, "seed": 0, "verdicts": Verdicts(rows, bank.truth[rows] * 1.0)}
    find_again(found, design, bank.tags, folds, **settings)
    for fold, finder in enumerate(found.finders):
        assert (finder.score(design.rows(folds == fold))[1] == before[folds == fold]).all()
