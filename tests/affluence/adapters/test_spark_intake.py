"""A table that Spark holds to its contract gives the customers and the report that one process gives."""

import polars as pl
import pytest

from affluence.data.contract import Contract, load_contract
from affluence.data.examination import examine_customers
from affluence.data.parts import open_in_parts
from affluence.data.reading import TableRefused, read_table
from affluence.data.reference_bank import simulate
from affluence.errors import UserError
from affluence.pu.left_out import leave_out
from affluence.pu.sampled import WEIGHT
from affluence.workspace import contract_path

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")
spark = pytest.importorskip("affluence.adapters.spark")
engines = pytest.importorskip("affluence.adapters.spark_engine")

ROWS = 900
MASTER = "local[2]"
SETTINGS = {
    "spark.sql.shuffle.partitions": "3",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.showConsoleProgress": "false",
}


@pytest.fixture(scope="module")
def engine():
    doing = engines.SparkEngine(master=MASTER, settings=SETTINGS, training_rows=10 * ROWS)
    yield doing
    doing.session.stop()


@pytest.fixture(scope="module")
def contract():
    return load_contract(contract_path("reference_bank"))


@pytest.fixture(scope="module")
def bank():
    """Every trap of the made bank, customers who stand twice, and ages that cannot be."""
    made = simulate(customers=ROWS, seed=3).table
    again = made.head(40).with_columns(C_AGE=pl.col("C_AGE") + 100)
    return pl.concat([made, again]).sample(fraction=1.0, shuffle=True, seed=1)


def ruled(contract, rule):
    policy = contract.policy.model_copy(update={"repeated_customer_id": rule})
    ids = contract.customer_id.model_copy(update={"decided_by": "products_held"})
    return contract.model_copy(update={"policy": policy, "customer_id": ids})


def faulty():
    """A bank that writes a balance nobody has where it knows none."""
    some = pl.int_range(pl.len()) % 10 == 0
    return simulate(customers=ROWS, seed=3).table.with_columns(
        MTHTD=pl.when(some).then(999_999_999.0).otherwise("MTHTD")
    )


def with_remedies(contract):
    remedies = {"multiple": "apply", "sentinel_value": "apply"}
    return Contract.model_validate({**contract.model_dump(), "remedies": remedies})


def written(bank, folder, kind):
    """The bank in one file, or in a folder of three."""
    if kind == "csv":
        bank.write_csv(folder / "bank.csv")
        return folder / "bank.csv"
    if kind == "parquet":
        bank.write_parquet(folder / "bank.parquet")
        return folder / "bank.parquet"
    (folder / "bank").mkdir()
    for number, start in enumerate((0, 10, 400)):
        until = (10, 400, bank.height)[number]
        bank.slice(start, until - start).write_parquet(folder / "bank" / f"{number}.parquet")
    return folder / "bank"


def one_process(bank, folder, contract, kind):
    """Customers and report as parts of a file give them; a folder's are those of one file with the same rows."""
    path = written(bank, folder, kind if kind == "csv" else "parquet")
    with open_in_parts(path, contract=contract, rows_of_part=250) as table:
        parts = list(table.parts())
        customers = pl.concat([part.customers for part in parts]).sort("row")
        return customers, table.report([part.breaches for part in parts], kept=customers.height)


def by_spark(engine, path, contract, scratch):
    customers, report = engine.intake(engine.open(str(path), contract=contract, scratch=scratch))
    return spark.gather(customers, by="row"), report


def about_rows(report):
    """What a report says apart from what the file is."""
    return {name: told for name, told in report.to_dict().items() if name not in ("file", "data_hash")}


@pytest.mark.parametrize(
    ("kind", "rule"),
    [("folder", "keep"), ("csv", "latest"), ("parquet", "strongest"), ("folder", "latest")],
)
def test_customers_and_report_are_those_of_one_process(engine, bank, contract, tmp_path, kind, rule):
    (tmp_path / "one").mkdir()
    customers, report = one_process(bank, tmp_path / "one", ruled(contract, rule), kind)
    path = written(bank, tmp_path, kind)
    found, told = by_spark(engine, path, ruled(contract, rule), tmp_path / "scratch")
    assert found.equals(customers)
    assert about_rows(told) == about_rows(report)
    assert report.to_dict()["violations"]


def test_a_customer_who_stands_twice_refuses_the_table_in_any_partitions(engine, bank, contract, tmp_path):
    _, report = one_process(bank, tmp_path, ruled(contract, "refuse"), "parquet")
    with pytest.raises(TableRefused) as refused:
        by_spark(engine, tmp_path / "bank.parquet", ruled(contract, "refuse"), tmp_path)
    assert refused.value.report.to_dict()["violations"] == report.to_dict()["violations"]


def test_a_table_without_a_column_is_refused_before_any_work(engine, bank, contract, tmp_path):
    path = written(bank.drop("C_AGE"), tmp_path, "folder")
    with pytest.raises(TableRefused) as refused:
        by_spark(engine, path, contract, tmp_path)
    (violation,) = (one for one in refused.value.report.violations if one.rule == "missing_column")
    assert violation.column == "C_AGE"


def test_a_table_without_rows_is_refused(engine, bank, contract, tmp_path):
    path = written(bank.clear(), tmp_path, "parquet")
    with pytest.raises(TableRefused, match="no rows"):
        by_spark(engine, path, contract, tmp_path)


def test_what_is_no_table_gets_one_sentence(engine, contract, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="folder: Spark cannot read it"):
        engine.open(str(tmp_path / "folder"), contract=contract, scratch=tmp_path)


def test_the_doctor_finds_and_does_what_it_does_in_one_process(engine, contract, tmp_path):
    path = written(pl.concat([faulty(), faulty().head(20)]), tmp_path, "parquet")
    keeping = ruled(with_remedies(contract), "keep")
    wanted = examine_customers(read_table(path, contract=keeping).customers, contract=keeping)
    accepted, _ = engine.intake(engine.open(str(path), contract=keeping, scratch=tmp_path))
    customers, in_use, examination = engine.examine(accepted, keeping)
    assert examination == wanted.examination
    assert examination.accounts
    assert in_use == wanted.contract
    assert spark.gather(customers, by="row").equals(wanted.customers.sort("row"))


def test_what_remedies_did_is_counted_among_all_where_few_are_learned_from(engine, contract, tmp_path):
    path, chosen = written(faulty(), tmp_path, "parquet"), with_remedies(contract)
    few = engines.SparkEngine(master=MASTER, settings=SETTINGS, training_rows=ROWS // 2)
    accepted, _ = few.intake(few.open(str(path), contract=chosen, scratch=tmp_path))
    customers, _, examination = few.examine(accepted, chosen)
    before, after = spark.gather(accepted, by="row"), spark.gather(customers, by="row")
    changed = sum(int(before[name].ne_missing(after[name]).sum()) for name in after.columns)
    assert sum(account.cells_changed for account in examination.accounts) == changed > 0
    assert {account.rows_before for account in examination.accounts} == {before.height}


def test_those_on_the_do_not_train_list_are_found_among_all(engine, contract, tmp_path):
    path = written(simulate(customers=ROWS, seed=3).table, tmp_path, "parquet")
    few = engines.SparkEngine(master=MASTER, settings=SETTINGS, training_rows=ROWS // 2)
    accepted, _ = few.intake(few.open(str(path), contract=contract, scratch=tmp_path))
    everyone = spark.gather(accepted, by="row")
    listed = [*everyone.filter(pl.col("tag") == 0)["customer_id"].head(60), "nobody"]
    learned_from, scored, left_out = few.leave_out(accepted, listed, seed=7, score_left_out=False)
    assert left_out == leave_out(everyone, listed, key=7)[1]
    assert not set(listed) & set(learned_from["customer_id"])
    assert learned_from.height < everyone.height
    assert WEIGHT in learned_from.columns
    assert not learned_from[WEIGHT].null_count()
    assert scored.count() == everyone.height - left_out.rows
    assert few.leave_out(accepted, listed, seed=7, score_left_out=True)[1].count() == everyone.height
