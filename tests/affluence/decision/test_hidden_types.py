"""Hidden types of candidates on a made table whose tag follows one declared column and another."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog
from tests.affluence.conftest import made_contract, made_customers

from affluence import steps
from affluence.data.offer_table import UNCERTAIN
from affluence.decision import hidden_types as module
from affluence.decision.hidden_types import FEWEST_SHOWN, HiddenTypes, confusion_table, hidden_types
from affluence.decision.learned_types import LEARNED
from affluence.decision.population import FramePopulation
from affluence.decision.type_rule import TYPES
from affluence.errors import UserError
from affluence.pu.fold_models import TrainedModel

ANYBODY = replace(LEARNED, types=tuple(replace(told, at_least=0.0) for told in LEARNED.types))


def trained(contract, customers, *, learner="finder") -> TrainedModel:
    features = steps.build_features(customers, contract)
    training = steps.train(customers, features, contract, learners=(learner,), folds=3, seed=0, mode="fast")
    fit = training.fit_of(learner)
    from affluence.pu.discovery import Discovery

    return TrainedModel(
        contract=training.contract,
        learner=fit.learner,
        preprocessing=training.preprocessing,
        models=fit.models,
        fold_map=training.fold_map,
        calibrated=False,
        discovery=Discovery("fast", (), 0, None, None, ()),
    )


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return made_customers(800, seed=1)


@pytest.fixture(scope="module")
def finder(table) -> TrainedModel:
    contract = made_contract()
    columns = [
        column.model_copy(update={"tag_driver": True}) if column.name == "balance_usd" else column
        for column in contract.columns
    ]
    return trained(contract.model_copy(update={"columns": tuple(columns)}), table)


@pytest.fixture(scope="module")
def scores(finder, table) -> pl.DataFrame:
    return steps.score(finder, table)


@pytest.fixture(scope="module")
def listed(finder, scores) -> pl.DataFrame:
    return steps.candidates(finder, scores).head(80)


@pytest.fixture(scope="module")
def told(finder, table, scores, listed) -> HiddenTypes:
    return hidden_types(finder, FramePopulation(table, scores, listed), listed)


def test_everyone_listed_has_one_type_in_the_order_of_the_list(told, listed):
    assert told.types["row"].to_list() == told.views["row"].to_list() == listed["row"].to_list()
    assert set(told.types["hidden_type"]) <= {*TYPES, UNCERTAIN}
    assert told.types["hidden_type"].null_count() == 0


def test_chances_of_the_types_add_up_to_one(told):
    assert np.allclose(told.views.select(TYPES).sum_horizontal(), 1)


def test_a_type_that_is_never_named_is_said_to_be_so_and_is_not(told):
    assert not set(told.types["hidden_type"]) & set(told.basis.never_named)
    named = {name.name for name in told.basis.types if name.at_least is not None}
    assert named | set(told.basis.never_named) == set(TYPES)


def test_the_share_named_is_that_of_the_list(finder, table, scores, listed):
    everybody = hidden_types(finder, FramePopulation(table, scores, listed), listed, rule=ANYBODY)
    assert everybody.named == 1
    assert everybody.basis.why_none is None


def test_the_order_of_the_table_does_not_matter(finder, table, scores, listed, told, monkeypatch):
    monkeypatch.setattr(module, "MOST_COMPARED", 300)
    fewer = hidden_types(finder, FramePopulation(table, scores, listed), listed)
    turned = hidden_types(
        finder, FramePopulation(table.reverse(), scores.sample(fraction=1, shuffle=True, seed=3), listed), listed
    )
    assert fewer.views.equals(turned.views)
    assert fewer.types.equals(turned.types)


def test_a_small_list_gets_the_same_types_as_it_has_in_a_long_one(finder, table, scores, listed, told):
    assert hidden_types(finder, FramePopulation(table, scores, listed), listed.head(1)).types.equals(told.types.head(1))


def test_the_tag_of_the_listed_is_not_looked_at(finder, table, scores, listed, told):
    other = table.with_columns(tag=1 - pl.col("tag"))
    assert hidden_types(finder, FramePopulation(other, scores, listed), listed).views.equals(told.views)


def test_nothing_given_is_changed(finder, table, scores, listed):
    before = table.clone(), scores.clone(), listed.clone()
    hidden_types(finder, FramePopulation(table, scores, listed), listed)
    assert all(one.equals(other) for one, other in zip(before, (table, scores, listed), strict=True))


def test_an_empty_list_has_no_types(finder, table, scores, listed):
    nobody = hidden_types(finder, FramePopulation(table, scores, listed), listed.head(0))
    assert nobody.types.height == nobody.views.height == 0
    assert nobody.named == 0


@pytest.mark.parametrize("learner", ["xgboost", "finder"])
def test_a_model_without_two_views_names_nobody_and_says_why(table, learner):
    model = trained(made_contract(), table, learner=learner)
    scores = steps.score(model, table)
    told = hidden_types(
        model, FramePopulation(table, scores, scores), steps.candidates(model, scores).head(20), rule=ANYBODY
    )
    assert set(told.types["hidden_type"]) == {UNCERTAIN}
    assert told.named == 0
    assert "tag drivers" in told.basis.why_none
    assert told.views.drop("row").null_count().sum_horizontal().item() == 20 * (told.views.width - 1)


@pytest.mark.parametrize("tag", [None, 0, 1])
def test_without_tagged_and_others_there_is_no_line_and_nobody_is_named(finder, table, scores, listed, tag):
    tagless = scores.drop("tag") if tag is None else scores.with_columns(tag=pl.lit(tag))
    told = hidden_types(finder, FramePopulation(table, tagless, listed), listed, rule=ANYBODY)
    assert set(told.types["hidden_type"]) == {UNCERTAIN}
    assert "no line" in told.basis.why_none


def test_somebody_listed_who_was_not_scored_is_refused(finder, table, scores, listed):
    stranger = listed.head(2).with_columns(row=pl.lit(9_999_999).cast(listed["row"].dtype))
    with pytest.raises(UserError, match="2 of 2 listed customers have no score"):
        hidden_types(finder, FramePopulation(table, scores, listed), stranger)


def test_a_column_that_is_missing_throughout_is_borne(finder, table, listed):
    empty = table.with_columns(balance_usd=pl.lit(None, dtype=pl.Float64))
    told = hidden_types(finder, FramePopulation(empty, steps.score(finder, empty), listed), listed)
    assert told.views.null_count().sum_horizontal().item() == 0


def test_the_confusion_table_counts_who_was_named_how():
    kinds = ["look-alike"] * 20 + [UNCERTAIN] * 12
    types = pl.DataFrame({"row": range(32), "hidden_type": kinds})
    truth = pl.DataFrame({"row": range(40), "affluent": False, "hidden_type": ["none"] * 20 + ["mis-tagged"] * 20})
    counts = {row.pop("true type"): row for row in confusion_table(types, truth).to_dicts()}
    assert list(counts) == list(TYPES)
    assert counts["look-alike"]["look-alike"] == 20
    assert counts["mis-tagged"][UNCERTAIN] == 12
    assert sum(sum(row.values()) for row in counts.values()) == 32


def test_the_length_of_the_list_does_not_tell_who_is_left_of_it():
    counts = np.zeros((4, 5), dtype=int)
    counts[0, 0], counts[1, 4] = 20, 3
    shown = confusion_of(counts)
    assert np.isnan(shown[1, 4])
    assert np.isnan(shown[0, 0])  # 23 are listed, and 20 of them told would tell the 3


def confusion_of(counts: np.ndarray) -> np.ndarray:
    """What leaves of a table of counts, true types by names; hidden cells are nan."""
    names = (*TYPES, UNCERTAIN)
    people = [
        (true, name)
        for true, row in zip(TYPES, counts, strict=True)
        for name, n in zip(names, row, strict=True)
        for _ in range(n)
    ]
    trues, named = zip(*people, strict=True)
    row = range(len(people))
    truth = pl.DataFrame({"row": row, "affluent": True, "hidden_type": trues})
    table = confusion_table(pl.DataFrame({"row": row, "hidden_type": named}), truth)
    return table.drop("true type").to_numpy().astype(float)


def reach_of_cell(shown: np.ndarray, counts: np.ndarray, cell: tuple[int, int]) -> tuple[float, float]:
    """The least and the most that a hidden cell may hold for a reader who knows all that is shown and every total."""
    hidden = np.argwhere(np.isnan(shown))
    lines = [hidden[:, axis] == line for axis in (0, 1) for line in range(shown.shape[axis])]
    left = np.where(np.isnan(shown), counts, 0)
    totals = [*left.sum(axis=1), *left.sum(axis=0)]
    wanted = (hidden == cell).all(axis=1).astype(float)
    least, most = (
        linprog(sign * wanted, A_eq=np.array(lines, dtype=float), b_eq=totals).x @ wanted for sign in (1, -1)
    )
    return least, most


@pytest.mark.parametrize("seed", range(12))
def test_no_total_tells_a_small_cell(seed):
    counts = np.random.default_rng(seed).choice(
        [0, 2, 7, 9, 11, 40, 300], size=(4, 5), p=[0.1, 0.08, 0.06, 0.06, 0.2, 0.3, 0.2]
    )
    shown = confusion_of(counts)
    for cell in np.argwhere((counts > 0) & (counts < FEWEST_SHOWN)):
        least, most = reach_of_cell(shown, counts, tuple(cell))
        assert most - least >= 1
    assert (shown[~np.isnan(shown)] == counts[~np.isnan(shown)]).all()


def test_totals_solved_all_at_once_tell_no_small_cell_either():
    """Two hidden in every row and column that has any, and still one of them is what all others leave."""
    counts = np.array([[2, 0, 0, 0, 11], [300, 300, 40, 11, 0], [300, 11, 2, 300, 11], [300, 11, 11, 7, 300]])
    least, most = reach_of_cell(confusion_of(counts), counts, (2, 2))
    assert most - least >= 1


def test_a_small_cell_alone_takes_the_next_smallest_of_its_row_and_of_its_column_along():
    counts = np.full((4, 5), 100)
    counts[1, 2], counts[1, 4], counts[3, 2] = 4, 30, 20
    hidden = np.isnan(confusion_of(counts))
    assert {(1, 2), (1, 4), (3, 2)} <= {tuple(cell) for cell in np.argwhere(hidden).tolist()}
    assert hidden.sum() == 4


def test_where_no_cell_is_small_every_count_is_told():
    assert not np.isnan(confusion_of(np.full((4, 5), 10))).any()


def test_a_truth_of_another_table_is_refused():
    types = pl.DataFrame({"row": [1, 2], "hidden_type": [UNCERTAIN] * 2})
    truth = pl.DataFrame({"row": [1], "affluent": [True], "hidden_type": ["mis-tagged"]})
    with pytest.raises(UserError, match="1 of 2 listed customers is not known"):
        confusion_table(types, truth)
