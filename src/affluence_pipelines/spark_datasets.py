"""The catalog's data sets of the environment `conf/spark`: the engine, the bank's table, and tables in parts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from affluence.adapters import spark
from affluence.adapters.spark_engine import SparkEngine
from affluence.adapters.spark_intake import SparkTable
from affluence.data.contract import load_contract
from affluence_pipelines.datasets import Metadata, own_table


class SparkEngineDataset(AbstractDataset[None, SparkEngine]):
    """The engine that does a pipeline's wide steps on Spark."""

    def __init__(self, *, engine: Mapping[str, Any], metadata: Metadata | None = None) -> None:
        self._engine = SparkEngine(**engine)
        self.metadata = metadata

    def load(self) -> SparkEngine:
        return self._engine

    def save(self, data: None) -> None:
        raise DatasetError("The engine is named in the catalog; a pipeline only uses it.")

    def _describe(self) -> dict[str, Any]:
        return {"master": self._engine.master or "Spark's own setting", "training_rows": self._engine.training_rows}


class SparkTableDataset(AbstractDataset[None, SparkTable]):
    """A bank's table: a folder of Parquet files, an address that Spark knows, or one file of any kind; never written.

    `table` and `root` are as in `BankTableDataset`; a CSV or an Excel file is copied into `scratch` first.
    """

    def __init__(
        self,
        *,
        engine: Mapping[str, Any],
        contract: dict[str, str],
        root: dict[str, str],
        table: dict[str, str | None],
        scratch: dict[str, str],
        metadata: Metadata | None = None,
    ) -> None:
        self._engine = SparkEngine(**engine)
        self._contract = Path(contract["filepath"])
        self._root = Path(root["path"])
        self._table = table["filepath"]
        self._scratch = Path(scratch["path"])
        self.metadata = metadata

    def load(self) -> SparkTable:
        contract = load_contract(self._contract)
        path = self._table or str(own_table(contract, root=self._root))
        return self._engine.open(path, contract=contract, scratch=self._scratch.absolute())

    def save(self, data: None) -> None:
        raise DatasetError("The bank's table is never written by a pipeline.")

    def _describe(self) -> dict[str, Any]:
        return {"contract": str(self._contract), "table": self._table or "the contract's own"}


class PartsDataset(AbstractDataset[Any, Any]):
    """A table that Spark writes as a folder of Parquet files.

    It is loaded as Spark's table or, with `frame_by`, as a frame in the order of that column.
    """

    def __init__(
        self,
        *,
        filepath: str,
        engine: Mapping[str, Any],
        frame_by: str | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        self._path = filepath
        self._engine = SparkEngine(**engine)
        self._frame_by = frame_by
        self.metadata = metadata

    def load(self) -> Any:
        table = self._engine.session.read.parquet(self._path)
        return spark.gather(table, by=self._frame_by) if self._frame_by else table

    def save(self, data: Any) -> None:
        data.write.mode("overwrite").parquet(self._path)

    def _exists(self) -> bool:
        return Path(self._path, "_SUCCESS").exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._path}
