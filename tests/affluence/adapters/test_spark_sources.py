"""A table of PostgreSQL, read by Spark in partitions, and one of Delta are the same table, by a catalog entry each."""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import psycopg
import pytest
import yaml
from benchmarks.service.served import CONF, CONTRACT, ROOT
from tests.affluence.adapters.spark_cluster import HOST, free_port

from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark", reason="the group spark is not installed")

DRIVER = Path("/usr/share/java/postgresql.jar")
KINDS = {pl.Float64: "double precision", pl.Int64: "bigint", pl.Int32: "integer", pl.Int8: "smallint"}
PARTS = 3
PASSWORD = "that of a test"  # noqa: S105
# A Java that runs takes no further driver, so a process of its own asks: with a wrong password first.
ASK = """
import sys, yaml
from kedro.io import DataCatalog
from affluence.adapters.spark_engine import SparkEngine
config = yaml.safe_load(open(sys.argv[1]))
engine = SparkEngine(**config["raw_table"]["engine"])
for name, password in (("raw_table", "not that one"), ("raw_table", sys.argv[2]), ("delta", "none is asked for")):
    bank = {"user": "analyst", "password": password}
    try:
        table = DataCatalog.from_config(config, credentials={"bank": bank}).load(name)
        engine.intake(table)[0].write.parquet(sys.argv[3] + "/" + name)
    except Exception as error:
        print(error)
engine.session.stop()
"""


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The bank's table as a file, and beside it as a Delta table."""
    file = tmp_path_factory.mktemp("bank") / "bank.parquet"
    table = simulate(customers=2_000, seed=0).table
    table.write_parquet(file)
    table.write_delta(str(file.parent / "delta"))
    return file


@pytest.fixture(scope="module")
def address(bank):
    """A PostgreSQL that listens on loopback and asks for a password, with the bank's table in it."""
    pgserver = pytest.importorskip("pgserver", reason="there is no PostgreSQL from a package for this Python")
    if not DRIVER.is_file():
        pytest.skip(f"PostgreSQL's driver for Java is not at {DRIVER} (apt: libpostgresql-jdbc-java)")
    from pgserver._commands import pg_ctl

    # What it tells when it stops comes after the last line of the tests.
    logging.getLogger("pgserver").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE ROLE analyst LOGIN PASSWORD '{PASSWORD}'")
                _fill(connection, pl.read_parquet(bank))
            access = Path(folder) / "pg_hba.conf"
            access.write_text(f"local all all trust\nhost all analyst {HOST}/32 scram-sha-256\n")
            port = free_port()
            pg_ctl(["-w", "-o", f"-h {HOST} -p {port}", "restart"], pgdata=Path(folder), user=server.system_user)
            yield f"jdbc:postgresql://{HOST}:{port}/postgres"
        finally:
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=Path(folder), user=server.system_user)


def _fill(connection, table):
    columns = ", ".join(f'"{name}" {KINDS.get(kind.base_type(), "text")}' for name, kind in table.schema.items())
    connection.execute(f"CREATE TABLE customers ({columns})")
    with connection.cursor().copy("COPY customers FROM STDIN (FORMAT csv, HEADER true, NULL '')") as copy:
        copy.write(table.write_csv())
    connection.execute("GRANT SELECT ON customers TO analyst")


def test_a_table_of_postgresql_is_accepted_as_the_file_is_and_a_wrong_password_is_said_in_words(
    bank, address, tmp_path
):
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    asked = ask(address, tmp_path, bank, by=contract.columns[0].source)
    assert asked.returncode == 0, asked.stdout + asked.stderr[-3000:]
    assert "customers: Spark cannot read it from the database" in asked.stdout
    assert "not that one" not in asked.stdout
    assert len(list((tmp_path / "scratch" / "table").glob("*.parquet"))) == PARTS
    wanted = read_table(bank, contract=contract).customers
    for entry in ("raw_table", "delta"):
        found = pl.read_parquet(tmp_path / "accepted" / entry / "*.parquet")
        assert found.height == wanted.height
        # A table of a database has no order.
        names = [name for name in wanted.columns if name != "row"]
        found = found.select(pl.col(name).cast(wanted[name].dtype) for name in names)
        assert found.sort(names).equals(wanted.select(names).sort(names))


def ask(address, folder, bank, *, by):
    """What a process says that loads the catalog's entry, holds it to the contract and writes what was accepted."""
    local = {"spark.driver.host": HOST, "spark.driver.bindAddress": HOST, "spark.sql.shuffle.partitions": "2"}
    engine = {"master": "local[2]", "training_rows": 1_000, "settings": {**local, "spark.jars": str(DRIVER)}}
    parts = {"partitionColumn": f'"{by}"', "lowerBound": "20", "upperBound": "80", "numPartitions": str(PARTS)}
    entry = {
        "type": "affluence_pipelines.source_datasets.SqlTableDataset",
        "engine": engine,
        "contract": {"filepath": str(CONF / f"contract_{CONTRACT}.yml")},
        "scratch": {"path": str(folder / "scratch")},
        "url": address,
        "table": "customers",
        "options": {"driver": "org.postgresql.Driver", **parts},
        "credentials": "bank",
    }
    common = {name: entry[name] for name in ("engine", "contract", "scratch")}
    kind = "affluence_pipelines.source_datasets.DeltaTableDataset"
    delta = {**common, "type": kind, "filepath": str(bank.parent / "delta")}
    (folder / "catalog.yml").write_text(yaml.safe_dump({"raw_table": entry, "delta": delta}))
    return subprocess.run(
        [sys.executable, "-c", ASK, str(folder / "catalog.yml"), PASSWORD, str(folder / "accepted")],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
