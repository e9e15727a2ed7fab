"""Whom a list reaches by group, and the exchanges that would even it out: shown, never applied."""

from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from affluence.data.contract import Contract
from affluence.errors import UserError
from affluence.evaluation.fairness import NOT_RECORDED, fair_reach, parity_swaps, reach_by_group


def contract(**fair) -> Contract:
    kinds = {"sex": ("category", True), "age": ("integer", (30, 45))}
    columns = [
        {
            "source": name.upper(),
            "name": name,
            "type": kind,
            "missing": "not_recorded",
            "use": "forbidden",
            "meaning": name,
            "fair_reach": fair.get(name, default),
        }
        for name, (kind, default) in kinds.items()
    ]
    return Contract.model_validate(
        {
            "table": "made",
            "title": "Made",
            "customer_id": {"source": "ID"},
            "tag": {"source": "SEG", "affluent": ["A"], "normal": ["N"]},
            "columns": columns,
        }
    )


def people(sexes: list[str | None], *, scores=None, probability: bool = False) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Candidates, best first, and their customers."""
    size = len(sexes)
    score = np.linspace(3, -3, size) if scores is None else np.asarray(scores, dtype=float)
    chance = 1 / (1 + np.exp(-score)) if probability else [None] * size
    candidates = pl.DataFrame(
        {"row": range(size), "score": score, "affluent_probability": pl.Series(chance, dtype=pl.Float64)}
    )
    customers = pl.DataFrame({"row": range(size), "sex": sexes, "age": [20 + 5 * (row % 8) for row in range(size)]})
    return candidates, customers.with_columns(pl.col("sex").cast(pl.String))


def test_each_group_has_its_share_of_the_listed_and_how_it_compares_with_the_others():
    candidates, customers = people(["f", "m"] * 50)
    reach = reach_by_group(candidates.filter(pl.col("row") % 2 == 0).head(30), candidates, customers, contract())
    women, men = (group for group in reach.groups if group.column == "sex")
    assert (women.candidates, women.listed, men.listed) == (50, 30, 0)
    assert women.share.value == 0.6
    assert men.share.value == 0
    assert women.ratio is None
    assert men.ratio.value == 0
    assert men.below_four_fifths
    assert reach.overall.value == 0.3


def test_numbers_are_told_in_bands_and_what_is_not_recorded_is_a_group_of_its_own():
    candidates, customers = people(["f"] * 100)
    customers = customers.with_columns(age=pl.when(pl.col("row") >= 12).then("age"))
    reach = reach_by_group(candidates.head(20), candidates, customers, contract(sex=False))
    assert [group.group for group in reach.groups] == ["under 30", "30 to under 45", "45 and over", NOT_RECORDED]


def test_the_share_of_the_expected_affluent_is_told_where_chances_are_known():
    candidates, customers = people(["f", "m"] * 50, probability=True)
    reach = reach_by_group(candidates.head(40), candidates, customers, contract(age=False))
    for group, rows in zip(reach.groups, (0, 1), strict=True):
        mine = candidates.filter(pl.col("row") % 2 == rows)["affluent_probability"]
        listed = candidates.head(40).filter(pl.col("row") % 2 == rows)["affluent_probability"]
        assert group.reached == pytest.approx(listed.sum() / mine.sum())


def test_a_small_group_is_not_told_nor_the_next_smallest_that_would_give_it_away():
    candidates, customers = people(["f"] * 60 + ["m"] * 30 + ["x"] * 3)
    reach = reach_by_group(candidates.head(50), candidates, customers, contract(age=False))
    assert {group.group: group.candidates for group in reach.groups} == {"f": 60, "m": None, "x": None}


def test_an_even_list_needs_no_exchange():
    candidates, customers = people(["f", "m"] * 20)
    swaps = parity_swaps(candidates.head(10), candidates, customers, contract(), column="sex", tolerance=0.0)
    assert (swaps.leaving, swaps.entering, swaps.cost) == ((), (), 0.0)
    assert "already" in swaps.sentence()


def test_the_lowest_of_the_over_reached_give_way_to_the_highest_of_the_under_reached():
    candidates, customers = people(["f"] * 10 + ["m"] * 10)
    swaps = parity_swaps(candidates.head(10), candidates, customers, contract(), column="sex", tolerance=0.0)
    assert swaps.leaving == (5, 6, 7, 8, 9)
    assert swaps.entering == (10, 11, 12, 13, 14)
    assert not swaps.in_finds


@pytest.mark.parametrize("seed", range(12))
def test_no_smaller_and_no_cheaper_set_of_exchanges_does_it(seed):
    random = np.random.default_rng(seed)
    sexes = random.choice(["a", "b", "c"], 9, p=[0.5, 0.3, 0.2]).tolist()
    candidates, customers = people(sexes, scores=-np.sort(-random.normal(size=9)), probability=True)
    tolerance, listed = 0.3, candidates.head(4)
    swaps = parity_swaps(listed, candidates, customers, contract(), column="sex", tolerance=tolerance)
    chance = candidates["affluent_probability"].to_numpy()

    def fits(rows: set[int]) -> bool:
        for name in set(sexes):
            of_group = [row for row in range(9) if sexes[row] == name]
            on, even = len(rows & set(of_group)), 4 / 9 * len(of_group)
            low = min(np.ceil(even * (1 - tolerance) - 1e-9), np.floor(even + 1e-9))
            high = max(np.floor(even * (1 + tolerance) + 1e-9), np.ceil(even - 1e-9))
            if not low <= on <= high:
                return False
        return True

    for count in range(5):
        pairs = product(combinations(range(4), count), combinations(range(4, 9), count))
        costs = [
            chance[list(out)].sum() - chance[list(into)].sum()
            for out, into in pairs
            if fits(set(range(4)) - set(out) | set(into))
        ]
        if costs:
            break
    assert len(swaps.leaving) == count
    assert swaps.cost == pytest.approx(min(costs))


def test_an_empty_list_and_a_list_of_everybody_are_told():
    candidates, customers = people(["f", "m"] * 20)
    for listed in (candidates.head(0), candidates):
        reach = reach_by_group(listed, candidates, customers, contract())
        assert all(group.share.value == listed.height / 40 for group in reach.groups)
        swaps = parity_swaps(listed, candidates, customers, contract(), column="sex", tolerance=0.0)
        assert swaps.leaving == ()


def test_one_group_and_nothing_recorded_are_told():
    candidates, customers = people([None] * 30)
    (group,) = reach_by_group(candidates.head(10), candidates, customers, contract(age=False)).groups
    assert (group.group, group.candidates, group.ratio) == (NOT_RECORDED, 30, None)


def test_what_cannot_be_told_is_refused_in_a_sentence():
    candidates, customers = people(["f", "m"] * 5)
    with pytest.raises(UserError, match="no candidates"):
        reach_by_group(candidates.head(0), candidates.head(0), customers, contract())
    with pytest.raises(UserError, match="1 of 1 listed are no candidates"):
        reach_by_group(pl.DataFrame({"row": [99]}), candidates, customers, contract())
    with pytest.raises(UserError, match="does not name job"):
        parity_swaps(candidates.head(2), candidates, customers, contract(), column="job", tolerance=0.1)
    with pytest.raises(UserError, match="tolerance is 2"):
        parity_swaps(candidates.head(2), candidates, customers, contract(), column="sex", tolerance=2)


@pytest.mark.parametrize(("column", "fair"), [("sex", (1, 2)), ("age", True), ("age", (45, 30)), ("age", ())])
def test_groups_that_do_not_fit_the_column_are_refused_in_the_contract(column, fair):
    with pytest.raises(ValueError, match="fair_reach"):
        contract(**{column: fair})


def test_the_reach_comes_with_the_exchanges_of_every_column_that_is_named():
    candidates, customers = people(["f", "m"] * 50)
    listed = candidates.filter(pl.col("row") % 2 == 0).head(30)
    reach = fair_reach(listed, candidates, customers, contract(), tolerance=0.2)
    assert [swaps.column for swaps in reach.exchanges] == ["sex", "age"]
    assert len(reach.exchanges[0].leaving) == 12
    assert reach.groups == reach_by_group(listed, candidates, customers, contract()).groups


def test_without_named_groups_or_candidates_there_is_nothing_to_tell():
    candidates, customers = people(["f", "m"] * 50)
    assert fair_reach(candidates.head(9), candidates, customers, contract(sex=False, age=False)).groups == ()
    assert fair_reach(candidates.head(0), candidates.head(0), customers, contract()).groups == ()
