"""A Delta table is read as the file with the same rows is, and entries are what the page describes."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT, ROOT
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError

from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence_pipelines.source_datasets import DeltaTableDataset, SqlTableDataset

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


PAGE = ROOT / "docs/how_to/score_on_spark.md"
DESCRIBED = {
    block.split("type: ")[1].split()[0].rsplit(".", 1)[1]: block
    for block in re.findall(r"```yaml\n(raw_table:.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
}
CREDENTIALS = re.search(r"```yaml\n(bank:.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)[1]


def configured(env, folder):
    """The catalog of that environment, from a copy of the configuration."""
    loader = OmegaConfigLoader(str(folder), base_env="base", default_run_env="local", env=env, runtime_params={})
    entries = {"raw_table": loader["catalog"]["raw_table"]}
    held = [*folder.glob(f"{env}/credentials.yml")]
    return DataCatalog.from_config(entries, credentials=loader["credentials"] if held else None)["raw_table"]


@pytest.fixture
def conf(tmp_path):
    return Path(shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local")))


def test_the_entry_for_delta_is_as_the_page_describes_it(conf):
    (conf / "local").mkdir()
    (conf / "local" / "catalog.yml").write_text(DESCRIBED["DeltaTableDataset"])
    assert isinstance(configured("local", conf), DeltaTableDataset)


def test_the_entry_for_a_database_is_as_the_page_describes_it(conf, monkeypatch):
    monkeypatch.setenv("BANK_USER", "analyst")
    monkeypatch.setenv("BANK_PASSWORD", "that of a test")
    catalog = conf / "spark" / "catalog.yml"
    before, after = re.split(r"raw_table:\n(?:  .*\n)+", catalog.read_text(encoding="utf-8"))
    catalog.write_text(before + DESCRIBED["SqlTableDataset"] + after)
    (conf / "spark" / "credentials.yml").write_text(CREDENTIALS)
    entry = configured("spark", conf)
    assert isinstance(entry, SqlTableDataset)
    assert entry._credentials == {"user": "analyst", "password": "that of a test"}
    assert "password" not in str(entry)
