"""A table of the same population stays green whatever its size; one that moved turns red, and says which column."""

import json

import numpy as np
import polars as pl
import pytest
from tests.affluence.conftest import made_customers

from affluence.evaluation.sketches import lay_sketch, sketch_like
from affluence.evaluation.stability import Light, compare_sketches, expected_recall, population_stability
from affluence.evaluation.stability_limits import Limits

LIMITS = Limits()


@pytest.fixture(scope="module")
def trained(customers, contract):
    return lay_sketch(customers, contract.feature_columns)


def of(trained, table):
    return compare_sketches(trained, sketch_like(trained, table), LIMITS)


def test_the_index_is_that_worked_out_by_hand():
    before, after = np.array([50.5, 50.5]) / 101, np.array([80.5, 20.5]) / 101
    by_hand = sum((after - before) * np.log(after / before))
    assert population_stability([50, 50], [80, 20]) == pytest.approx(by_hand)
    assert population_stability([50, 50], [50, 50]) == 0
    assert population_stability([], []) == population_stability([1, 2], [0, 0]) == 0


def test_without_change_the_index_is_what_chance_makes_it():
    random, drawn = np.random.default_rng(0), []
    for _ in range(400):
        before, after = (random.multinomial(size, [0.05] * 20) for size in (4_000, 1_000))
        drawn.append(population_stability(before, after))
    assert np.mean(drawn) == pytest.approx(19 * (1 / 4_000 + 1 / 1_000), rel=0.1)


@pytest.mark.parametrize("rows", [60, 200, 1_000, 3_000])
def test_tables_of_the_same_population_stay_green(trained, rows):
    lights = [of(trained, made_customers(rows, seed=seed)).light for seed in range(1, 21)]
    assert lights.count(Light.RED) == 0
    assert lights.count(Light.AMBER) <= 1


@pytest.mark.parametrize(
    ("column", "moved"),
    [
        ("balance_usd", pl.col("balance_usd") * 1.2),
        ("job", pl.col("job").replace("clerk", "employee")),
        ("capital_gain_usd", pl.lit(None, dtype=pl.Float64)),
        ("age_years", pl.col("age_years") + 20),
    ],
)
def test_planted_drift_turns_red_and_names_its_column(customers, contract, column, moved):
    whole = pl.concat([customers, *(made_customers(3_000, seed=seed) for seed in range(2, 6))])
    found = of(
        lay_sketch(whole, contract.feature_columns), made_customers(12_000, seed=9).with_columns(moved.alias(column))
    )
    assert found.light is Light.RED
    assert [change.column for change in found.moved] == [column]
    assert column in found.sentence


def test_a_new_category_is_named_where_it_is_not_of_a_few(trained):
    table = made_customers(3_000, seed=9)
    rare = pl.when(pl.col("row") <= 9).then(pl.lit("hermit"))
    common = rare.when(pl.col("row") <= 200).then(pl.lit("nurse"))
    job = next(
        one for one in of(trained, table.with_columns(job=common.otherwise("job"))).columns if one.column == "job"
    )
    assert job.new_categories == ("nurse",)
    assert "hermit" not in json.dumps(of(trained, table.with_columns(job=rare.otherwise("job"))).to_dict())


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_of_a_handful_of_rows_nothing_is_claimed(trained, rows):
    found = of(trained, made_customers(3_000).head(rows))
    assert found.light is Light.GREEN
    assert "too few to tell" in found.sentence


def test_the_recall_expected_without_a_tag_is_what_the_tags_then_give():
    random = np.random.default_rng(0)
    chances = random.beta(0.5, 4, 20_000)
    tags = random.random(20_000) < chances
    found = expected_recall(chances, share=0.1)
    top = np.argsort(-chances)[:2_000]
    assert found.low <= tags[top].sum() / tags.sum() <= found.high
    assert "covariate shift" in found.assumption


def test_of_nobody_no_recall_is_expected():
    assert expected_recall(np.array([]), share=0.1) is None
    assert expected_recall(np.zeros(5), share=0.1) is None
