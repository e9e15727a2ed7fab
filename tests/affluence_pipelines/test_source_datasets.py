"""A Delta table is read by a catalog entry as the file with the same rows is."""

import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT
from kedro.io import DataCatalog, DatasetError

from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate

pytest.importorskip("deltalake", reason="Delta tables are read by the package deltalake")
ENTRY = {
    "type": "affluence_pipelines.source_datasets.DeltaTableDataset",
    "contract": {"filepath": str(CONF / f"contract_{CONTRACT}.yml")},
}


@pytest.fixture
def bank(tmp_path):
    """Two versions of a bank's table as Delta keeps them, and the two as files."""
    tables = [simulate(customers=500, seed=seed).table for seed in (0, 1)]
    for version, table in enumerate(tables):
        table.write_parquet(tmp_path / f"{version}.parquet")
        table.write_delta(str(tmp_path / "delta"), mode="overwrite", delta_write_options={"target_file_size": 10_000})
    return tmp_path


def loaded(bank, **changes):
    entry = {**ENTRY, "filepath": str(bank / "delta"), "scratch": {"path": str(bank / "scratch")}, **changes}
    return DataCatalog.from_config({"raw_table": entry})["raw_table"]


@pytest.mark.parametrize(("version", "wanted"), [(None, 1), (0, 0)], ids=["of now", "an earlier one"])
def test_a_delta_table_is_read_as_a_file_with_its_rows(bank, version, wanted):
    found = loaded(bank, table_version=version).load().customers
    file = read_table(bank / f"{wanted}.parquet", contract=load_contract(CONF / f"contract_{CONTRACT}.yml"))
    names = [name for name in file.customers.columns if name != "row"]
    assert found.select(names).sort(names).equals(file.customers.select(names).sort(names))


def test_the_bank_s_table_is_never_written(bank):
    with pytest.raises(DatasetError, match="never written"):
        loaded(bank).save(pl.DataFrame())
