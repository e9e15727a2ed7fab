"""Every question of a population has the same answer from Spark as from a frame, in any partitions and any order."""

from dataclasses import asdict
from datetime import date

import polars as pl
import pytest
from benchmarks.service.served import CONF
from polars.testing import assert_frame_equal

from affluence.data.contract import load_contract
from affluence.data.exclusion_lists import exclusion_list
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.decision.campaign import CampaignSettings, select_people
from affluence.decision.population import FramePopulation
from affluence.errors import UserError

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")
spark_population = pytest.importorskip("affluence.adapters.spark_population")

ROWS = 900
LISTED = 120
SETTINGS = CampaignSettings(name="spring", day=date(2026, 3, 1), seed=7)


@pytest.fixture(scope="module")
def session():
    settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.host": "127.0.0.1"}
    running = spark.start(master="local[2]", settings={**settings, "spark.driver.bindAddress": "127.0.0.1"})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def contract():
    return load_contract(CONF / "contract_reference_bank.yml")


@pytest.fixture(scope="module")
def customers(tmp_path_factory, contract) -> pl.DataFrame:
    """Customers of the reference bank with every trap, a few with several rows, in the kinds that Spark has."""
    file = tmp_path_factory.mktemp("bank") / "bank.parquet"
    simulate(customers=ROWS, seed=4).table.write_parquet(file)
    read = read_table(file, contract=contract).customers.with_columns(pl.col("row").cast(pl.Int64))
    again = read.filter(pl.col("tag") == 0).head(40).with_columns(pl.col("row") + 10 * ROWS)
    return pl.concat([read, again])


def scored(customers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores that many share, and the ranking of those without the tag."""
    tag = [name for name in ("tag",) if name in customers.columns]
    scores = customers.select("row", "customer_id", *tag, score=(pl.col("row") * 37 % 101 / 7.0) - 5)
    ranked = (scores.filter(pl.col("tag") == 0) if tag else scores).sort("score", "row", descending=[True, False])
    return scores, ranked.drop(tag).with_columns(rank=pl.int_range(1, pl.len() + 1)).select("rank", pl.exclude("rank"))


KINDS = {
    "the bank": lambda customers: customers,
    "nobody tagged": lambda customers: customers.with_columns(tag=pl.lit(0, dtype=pl.Int8)),
    "no tag": lambda customers: customers.drop("tag"),
    "one row": lambda customers: customers.filter(pl.col("tag") == 0).head(1),
    "nothing known": lambda customers: customers.with_columns(
        pl.lit(None, customers[name].dtype).alias(name) for name in customers.columns if name not in KEPT
    ),
}
KEPT = ("row", "customer_id", "tag")
PARTITIONS = {
    "1 partition": lambda table: table.repartition(1),
    "8 partitions": lambda table: table.repartition(8),
    "12 partitions, shuffled": lambda table: table.orderBy("customer_id").repartition(12, "row"),
}
# Every kind in many parts, of one row eleven empty ones; and the bank in others too.
CASES = [(kind, "12 partitions, shuffled") for kind in KINDS] + [
    ("the bank", "1 partition"),
    ("the bank", "8 partitions"),
]


@pytest.fixture(scope="module", params=CASES, ids=", ".join)
def both(request, session, customers, tmp_path_factory):
    """The same population in memory and in partitions."""
    kind, partitions = request.param
    some = KINDS[kind](customers)
    frames, folder = FramePopulation(some, *scored(some)), tmp_path_factory.mktemp("tables")
    tables = []
    for name in ("customers", "scored", "candidates"):
        getattr(frames, name).write_parquet(folder / f"{name}.parquet")
        tables.append(PARTITIONS[partitions](session.read.parquet(str(folder / f"{name}.parquet"))))
    return frames, spark_population.SparkPopulation(*tables)


def same(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    assert_frame_equal(found, wanted, check_exact=True, check_dtypes=False)


def test_columns_and_scores_are_those_of_the_frame_in_the_order_of_the_rows(both):
    frames, parts = both
    assert parts.columns == frames.columns
    same(parts.scores, frames.scores)


@pytest.mark.parametrize("contacts", [0, LISTED])
def test_the_first_are_the_best_first(both, contacts):
    frames, parts = both
    same(parts.first(contacts), frames.first(contacts))


@pytest.mark.parametrize(("away", "contacts"), [("nobody", LISTED), ("some", 1), ("some", LISTED), ("everyone", 1)])
def test_the_ranking_reaches_as_far_down_as_so_many_may_be_contacted(both, away, contacts):
    frames, parts = both
    ids = frames.candidates["customer_id"]
    without = {"nobody": ids.head(0), "some": ids.gather_every(2), "everyone": ids}[away]
    found = parts.until(contacts, without=without)
    same(found, frames.until(contacts, without=without))
    free = found.filter(~pl.col("customer_id").is_in(without.implode()))["customer_id"].n_unique()
    assert free == contacts or found.height == frames.candidates.height


def test_ids_that_the_table_has_are_known(both):
    frames, parts = both
    asked = pl.Series("customer_id", [*frames.customers["customer_id"].head(5), "nobody's", "'; drop"])
    assert set(parts.known(asked)) == set(frames.known(asked)) == set(asked.head(-2))
    assert parts.known(asked.head(0)).is_empty()


def test_people_come_in_the_order_asked_for_and_strangers_do_not(both):
    frames, parts = both
    rows = pl.Series([*frames.candidates["row"].head(50).reverse(), 99_999_999])
    found = parts.people(rows)
    same(found, frames.people(rows))
    assert found["row"].to_list() == rows.to_list()[:-1]
    assert parts.people(rows.tail(1)).is_empty()


@pytest.mark.parametrize("most", [7, 10 * ROWS])
def test_those_who_stand_for_everyone_are_the_same(both, most):
    frames, parts = both
    assert parts.compared(most, key=-3).to_list() == frames.compared(most, key=-3).to_list()


def test_what_is_usual_is_the_same_to_the_last_bit(both, contract):
    frames, parts = both
    columns = [column for column in contract.feature_columns if column.name in frames.columns]
    assert asdict(parts.typical(columns)) == asdict(frames.typical(columns))
    assert parts.typical([]) == frames.typical([])


def test_counts_and_quartiles_of_the_groups_are_the_same_to_the_last_bit(both, contract):
    frames, parts = both
    placed = frames.first(LISTED).select(
        "row", segment=pl.when(pl.col("rank") % 3 == 0).then(pl.lit("a, no b")).otherwise(pl.lit("=b"))
    )
    found, wanted = parts.figures(placed, contract), frames.figures(placed, contract)
    same(found.counts.sort("group"), wanted.counts.sort("group"))
    same(found.quartiles, wanted.quartiles)


def test_the_same_people_are_selected_and_left_out(both):
    frames, parts = both
    ids = frames.candidates["customer_id"]
    some = exclusion_list(
        pl.DataFrame({"customer_id": ids.unique(maintain_order=True)[1:60:3]}), kind="staff", name="s.csv"
    )
    for exclusions in ([], [some]):
        found = select_people(parts, contacts=LISTED, settings=SETTINGS, exclusions=exclusions)
        wanted = select_people(frames, contacts=LISTED, settings=SETTINGS, exclusions=exclusions)
        same(found.listed, wanted.listed)
        same(found.excluded, wanted.excluded)


def test_when_everyone_is_excluded_or_an_id_is_unknown_both_say_the_same(both):
    frames, parts = both
    everyone = exclusion_list(frames.candidates.select("customer_id"), kind="complaint", name="all.csv")
    unknown = exclusion_list(pl.DataFrame({"customer_id": ["nobody's"]}), kind="complaint", name="u.csv")
    for exclusions, said in (([everyone], "Nobody is left"), ([unknown], r"u.csv: .* in 1 of 1 lines \(line 2\)")):
        told = []
        for population in (frames, parts):
            with pytest.raises(UserError, match=said) as refused:
                select_people(population, contacts=LISTED, settings=SETTINGS, exclusions=exclusions)
            told.append(str(refused.value))
        assert told[0] == told[1]
