"""The doctor on Spark examines all rows, and finds in any partitions what it finds in one process."""

import numpy as np
import polars as pl
import pytest

from affluence.data.contract import Contract, load_contract
from affluence.data.doctor import examine
from affluence.data.examination import examine_customers
from affluence.data.finding_kinds import FindingKind
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.workspace import contract_path, project_root

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")
spark_doctor = pytest.importorskip("affluence.adapters.spark_doctor")
engines = pytest.importorskip("affluence.adapters.spark_engine")

ROWS = 900
MASTER = "local[2]"
SETTINGS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "5000",
}
APPLIED = ("multiple", "sentinel_value", "duplicate_rows", "spelled_twice", "row_order")


@pytest.fixture(scope="module")
def session():
    running = spark.start(master=MASTER, settings=SETTINGS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def contract():
    read = load_contract(contract_path("reference_bank"))
    policy = read.policy.model_copy(update={"repeated_customer_id": "keep"})
    return read.model_copy(update={"policy": policy})


@pytest.fixture(scope="module")
def bank(contract, tmp_path_factory):
    """More customers than a sample has with every trap, rows loaded twice, a balance nobody has, jobs in capitals."""
    file = tmp_path_factory.mktemp("bank") / "bank.parquet"
    made = simulate(customers=21_000, seed=3).table
    pl.concat([made, made.head(600)]).write_parquet(file)
    place = pl.int_range(pl.len())
    return read_table(file, contract=contract).customers.with_columns(
        time_deposits_sgd=pl.when(place % 10 == 0).then(999_999_999.0).otherwise("time_deposits_sgd"),
        occupation=pl.when(place % 9 == 0).then(pl.col("occupation").str.to_lowercase()).otherwise("occupation"),
    )


@pytest.fixture
def on_spark(session, tmp_path):
    """A table in so many partitions, its rows in another order."""

    def spread(customers, *, partitions):
        shuffled = customers.sample(fraction=1.0, shuffle=True, seed=5)
        shuffled.write_parquet(tmp_path / "customers.parquet")
        return session.read.parquet(str(tmp_path / "customers.parquet")).repartition(partitions)

    return spread


def same(table, customers, contract):
    """The examination on Spark, once it was seen to be that of one process."""
    wanted = examine_customers(customers, contract=contract)
    treated, in_use, examination = spark_doctor.examine(table, contract)
    assert examination.findings == wanted.examination.findings
    assert examination == wanted.examination
    assert in_use == wanted.contract
    found = spark.gather(treated, by="row")
    assert found.equals(wanted.customers.sort("row"))
    return examination


@pytest.mark.parametrize("partitions", [1, 8])
def test_the_bank_with_every_trap_is_examined_as_in_one_process(on_spark, bank, contract, partitions):
    chosen = Contract.model_validate({**contract.model_dump(), "remedies": dict.fromkeys(APPLIED, "apply")})
    examination = same(on_spark(bank, partitions=partitions), bank, chosen)
    assert {"missing_together", "two_scales", "repeated_customers"} <= {
        finding.kind.value for finding in examination.findings
    }
    assert {"duplicate_rows", "sentinel_value", "spelled_twice"} <= {
        account.finding.kind.value for account in examination.accounts
    }


def test_adults_sample(on_spark):
    contract = load_contract(contract_path("adult"))
    customers = read_table(project_root() / "data/01_raw/adult.csv.gz", contract=contract).customers
    assert same(on_spark(customers, partitions=3), customers, contract).findings


@pytest.fixture(scope="module")
def few(bank):
    return bank.head(ROWS)


@pytest.mark.parametrize("rows", [0, 1, 45])
def test_hardly_any_rows(on_spark, few, contract, rows):
    same(on_spark(few.head(rows), partitions=3), few.head(rows), contract)


def test_columns_without_any_value(on_spark, few, contract):
    empty = few.with_columns(
        pl.lit(None, few[column.name].dtype).alias(column.name) for column in contract.columns[::2]
    )
    found = same(on_spark(empty, partitions=3), empty, contract).findings
    assert sum(finding.kind is FindingKind.EMPTY_COLUMN for finding in found) == len(contract.columns[::2])


@pytest.mark.parametrize("known", [0, 0.5])
def test_tags_that_are_not_known(on_spark, few, contract, known):
    is_known = pl.Series(np.random.default_rng(0).random(few.height) < known)
    some = few.with_columns(tag=few["tag"].set(~is_known, None))
    same(on_spark(some, partitions=3), some, contract)


def test_no_tag(on_spark, few, contract):
    same(on_spark(few.drop("tag"), partitions=3), few.drop("tag"), contract)


def test_what_the_tag_gives_away(on_spark, few, contract):
    """Columns that follow from the tag, one filled for the tagged alone, and a table sorted by it."""
    is_tagged = pl.col("tag") == 1
    numbers = [column.name for column in contract.columns if few[column.name].dtype == pl.Float64][:3]
    leaking = few.sort("tag").with_columns(
        pl.int_range(1, pl.len() + 1, dtype=few["row"].dtype).alias("row"),
        pl.when(is_tagged).then(pl.col("row") * 7.5).alias(numbers[0]),
        pl.when(is_tagged).then(5.0).otherwise(pl.col("row") % 5).alias(numbers[1]),
    )
    kinds = {finding.kind for finding in same(on_spark(leaking, partitions=3), leaking, contract).findings}
    assert FindingKind.ROW_ORDER in kinds
    assert kinds & {FindingKind.TAG_GIVEN_AWAY, FindingKind.FILLED_FOR_TAGGED}


def test_long_tables_are_asked_column_by_column(on_spark, few, contract, monkeypatch):
    monkeypatch.setattr("affluence.data.doctor.subject._HELD_VALUES", 2 * ROWS)
    monkeypatch.setattr("affluence.data.doctor.subject.MOST_TEXTS", 3)
    same(on_spark(few, partitions=3), few, contract)


def test_all_rows_are_examined_where_few_are_learned_from(session, on_spark, bank, contract):
    engine = engines.SparkEngine(master=MASTER, settings=SETTINGS, training_rows=6_000)
    findings = engine.examine(on_spark(bank, partitions=3), contract)[2].findings
    assert findings == examine(bank, contract=contract)
    assert any(finding.rows > engine.training_rows for finding in findings)


def test_dates_and_long_numbers(on_spark, few, contract):
    """Days that stand for none, account numbers longer than a float holds, and what is not a number."""
    days = pl.Series(np.random.default_rng(1).integers(9_000, 18_000, few.height)).cast(pl.Int32).cast(pl.Date)
    some = pl.Series(np.arange(few.height) % 9 == 0)
    more = few.with_columns(
        opened=days.zip_with(~some, pl.Series([1900 - 1970] * few.height).cast(pl.Int32).cast(pl.Date)),
        flag_day=pl.Series([days[0], days[1]] * (few.height // 2)).set(some, None),
        account_no=pl.int_range(2**60, 2**60 + pl.len()),
        odd=pl.when(some).then(float("nan")).otherwise(-0.0),
    )
    same(on_spark(more, partitions=3), more, contract)
