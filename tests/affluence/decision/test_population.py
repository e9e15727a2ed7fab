"""What a population in memory answers; that Spark answers alike is asked in the tests of the adapters."""

import polars as pl
import pytest

from affluence.decision.population import FramePopulation
from affluence.errors import UserError

CUSTOMERS = pl.DataFrame(
    {
        "row": [5, 1, 3, 2, 4],
        "customer_id": ["e", "a", "c", "a", "d"],
        "tag": [0, 0, 1, 0, 0],
        "age": [50, 10, 30, 20, 40],
    }
)
SCORES = pl.DataFrame({"row": [1, 2, 3, 4, 5], "tag": [0, 0, 1, 0, 0], "score": [4.0, 3.0, 9.0, 2.0, 1.0], "more": 0})
CANDIDATES = pl.DataFrame({"rank": [1, 2, 3, 4], "row": [1, 2, 4, 5], "customer_id": ["a", "a", "d", "e"]})
NOBODY = pl.Series("customer_id", [], dtype=pl.String)


@pytest.fixture
def population():
    return FramePopulation(CUSTOMERS, SCORES, CANDIDATES)


def test_scores_stand_in_the_order_of_the_table(population):
    assert population.scores.columns == ["row", "score", "tag"]
    assert population.scores["row"].to_list() == CUSTOMERS["row"].to_list()
    assert population.scores["score"].to_list() == [1.0, 4.0, 9.0, 3.0, 2.0]


@pytest.mark.parametrize("scores", [SCORES.head(3), pl.concat([SCORES, SCORES.head(1)]), SCORES.clear()])
def test_a_customer_without_a_score_or_with_two_is_refused(scores):
    with pytest.raises(UserError, match="of 5 customers have no score, or some have two"):
        _ = FramePopulation(CUSTOMERS, scores, CANDIDATES).scores


@pytest.mark.parametrize(
    ("contacts", "without", "ranks"),
    [
        (1, [], [1]),
        (2, [], [1, 2, 3]),  # ranks 1 and 2 are the same customer
        (2, ["a"], [1, 2, 3, 4]),
        (1, ["e", "nobody's"], [1]),
        (3, ["a"], [1, 2, 3, 4]),
        (1, ["a", "d", "e"], [1, 2, 3, 4]),
        (9, [], [1, 2, 3, 4]),
    ],
)
def test_the_ranking_reaches_down_to_so_many_customers_who_are_free(population, contacts, without, ranks):
    away = pl.Series("customer_id", without, dtype=pl.String)
    assert population.until(contacts, without=away)["rank"].to_list() == ranks


def test_the_first_are_the_best(population):
    assert population.first(2).equals(CANDIDATES.head(2))
    assert population.first(0).is_empty()


def test_people_come_in_the_order_asked_for_and_strangers_do_not(population):
    assert population.people(pl.Series([4, 99, 1]))["age"].to_list() == [40, 10]
    assert population.people(pl.Series([4])).columns == population.columns == CUSTOMERS.columns
    assert population.people(pl.Series([], dtype=pl.Int64)).is_empty()


def test_known_are_the_ids_of_the_table_and_no_others(population):
    assert population.known(pl.Series(["a", "b", "e"])).to_list() == ["a", "e"]
    assert population.known(NOBODY).is_empty()


def test_who_stands_for_everyone_depends_on_the_key_and_not_on_the_order(population):
    turned = FramePopulation(CUSTOMERS.reverse(), SCORES, CANDIDATES)
    drawn = {tuple(population.compared(3, key=key)) for key in range(20)}
    assert len(drawn) > 1
    assert all(len(rows) == 3 for rows in drawn)
    assert population.compared(3, key=7).to_list() == turned.compared(3, key=7).to_list()
    assert population.compared(5, key=7).to_list() == CUSTOMERS["row"].to_list()


def test_an_empty_table_has_no_scores_nobody_known_and_nobody_to_compare(population):
    nobody = FramePopulation(CUSTOMERS.clear(), SCORES.clear(), CANDIDATES.clear())
    assert nobody.scores.is_empty()
    assert nobody.until(3, without=NOBODY).is_empty()
    assert nobody.known(pl.Series(["a"])).is_empty()
    assert nobody.compared(3, key=1).is_empty()
