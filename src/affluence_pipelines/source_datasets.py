"""The catalog's data sets for a bank's table that is no file: a table of a database, a Delta table.

Each is copied into `scratch` as Parquet first, once a load, and then read as a file is: under its contract, by the
`engine` that is named, or into memory. Copies are the bank's table again: guard the folder as you guard the table.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from kedro.io import AbstractDataset, DatasetError

from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence_pipelines.datasets import Metadata


class DeltaTableDataset(AbstractDataset[None, Any]):
    """A bank's table as Delta Lake keeps it: its version of now, or the one that is named; never written.

    `filepath` is a folder or an address (s3://, abfss://, gs://); `credentials` are the storage options that the
    package deltalake knows. It is read by this machine, with or without an `engine`, and needs no jar of Spark's.
    """

    def __init__(
        self,
        *,
        filepath: str,
        contract: dict[str, str],
        scratch: dict[str, str],
        table_version: int | None = None,
        engine: Mapping[str, Any] | None = None,
        credentials: Mapping[str, str] | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        self._table, self._version = filepath, table_version
        self._contract = Path(contract["filepath"])
        self._scratch = Path(scratch["path"]).absolute()
        self._engine = engine
        self._credentials = credentials
        self.metadata = metadata

    def load(self) -> Any:
        contract = load_contract(self._contract)
        self._scratch.mkdir(parents=True, exist_ok=True)
        copy = self._scratch / "table.parquet"
        options = dict(self._credentials) if self._credentials else None
        pl.scan_delta(self._table, version=self._version, storage_options=options).sink_parquet(copy)
        if self._engine is None:
            return read_table(copy, contract=contract, tag_required=False)
        from affluence.adapters.spark_engine import SparkEngine

        return SparkEngine(**self._engine).open(str(copy), contract=contract, scratch=self._scratch)

    def save(self, data: None) -> None:
        raise DatasetError("The bank's table is never written by a pipeline.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._table, "version": "that of now" if self._version is None else self._version}


class SqlTableDataset(AbstractDataset[None, Any]):
    """A table of a database, read by Spark over JDBC; never written. See `affluence.adapters.spark_sources`."""

    def __init__(
        self,
        *,
        url: str,
        table: str,
        contract: dict[str, str],
        scratch: dict[str, str],
        engine: Mapping[str, Any],
        options: Mapping[str, str] | None = None,
        credentials: Mapping[str, str] | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        self._url, self._table = url, table
        self._contract = Path(contract["filepath"])
        self._scratch = Path(scratch["path"]).absolute()
        self._engine = engine
        self._options = options or {}
        self._credentials = credentials or {}
        self.metadata = metadata

    def load(self) -> Any:
        from affluence.adapters.spark_engine import SparkEngine
        from affluence.adapters.spark_sources import copy_from_sql

        contract, engine = load_contract(self._contract), SparkEngine(**self._engine)
        copy = copy_from_sql(
            engine.session,
            self._scratch / "table",
            url=self._url,
            table=self._table,
            options=self._options,
            credentials=self._credentials,
        )
        return engine.open(str(copy), contract=contract, scratch=self._scratch)

    def save(self, data: None) -> None:
        raise DatasetError("The bank's table is never written by a pipeline.")

    def _describe(self) -> dict[str, Any]:
        return {"table": self._table}
