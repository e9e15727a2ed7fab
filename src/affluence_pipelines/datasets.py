"""The catalog's data sets that only this project has: contracts, bank tables, records, lists, registered models.

`metadata` is for Kedro-Viz, which draws the layer that it names.
"""

from collections.abc import Mapping
from pathlib import Path
from pydoc import locate
from typing import Any

import polars as pl
from kedro.io import AbstractDataset, DatasetError
from pydantic import TypeAdapter

from affluence import steps
from affluence.adapters.mlflow_registry import CHAMPION, Registry, model_name
from affluence.data.contract import Contract, load_contract
from affluence.data.exclusion_lists import ExclusionList, Kind, read_exclusion_list
from affluence.data.offer_table import OfferTable, find_offers, load_offers
from affluence.data.reading import Reading, read_customer_ids, read_sheet, read_table
from affluence.data.writing import write_csv, write_folder, write_parquet, write_text
from affluence.pu.release import ModelLabel, Release, ReleasedModel
from affluence.pu.storage import load_tuned
from affluence.pu.tuned import NOT_TUNED, Tuned
from affluence_pipelines.engines import Engine

Metadata = dict[str, Any]


class FramesDataset(AbstractDataset[None, Engine]):
    """The engine that does a pipeline's wide steps on frames in memory."""

    def load(self) -> Engine:
        return steps

    def save(self, data: None) -> None:
        raise DatasetError("The engine is named in the catalog; a pipeline only uses it.")

    def _describe(self) -> dict[str, Any]:
        return {}


class FileDataset(AbstractDataset[Any, Any]):
    """What stands in one file of ours; each kind below says how it is read and written."""

    def __init__(self, *, filepath: str, metadata: Metadata | None = None) -> None:
        self.path = Path(filepath)
        self.metadata = metadata

    def _exists(self) -> bool:
        return self.path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self.path)}


class ContractDataset(FileDataset):
    """A contract, read from its YAML file; people write it."""

    def load(self) -> Contract:
        return load_contract(self.path)

    def save(self, data: None) -> None:
        raise DatasetError(f"{self.path.name} is written by people; a pipeline only reads it.")


class PageDataset(FileDataset):
    """An HTML page."""

    def load(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def save(self, data: str) -> None:
        write_text(data, self.path)


class ListDataset(FileDataset):
    """A list of customers: Parquet for programs, and beside it CSV for people, in which no cell runs as a formula."""

    def load(self) -> pl.DataFrame:
        return pl.read_parquet(self.path)

    def save(self, data: pl.DataFrame) -> None:
        write_parquet(data, self.path)
        write_csv(data, self.path.with_suffix(".csv"))


class SheetDataset(AbstractDataset[None, pl.DataFrame]):
    """A sheet that people filled in, if a run was given one; without rows and columns where it was not."""

    def __init__(self, *, filepath: str | None, metadata: Metadata | None = None) -> None:
        self._path = Path(filepath) if filepath else None
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        return read_sheet(self._path) if self._path else pl.DataFrame()

    def save(self, data: None) -> None:
        raise DatasetError("A sheet is filled in by people; a pipeline only reads it.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path or "none given")}


class OffersDataset(AbstractDataset[None, OfferTable]):
    """The bank's table of offers: that of the contract's table, else the common one; of two folders the later one's."""

    def __init__(
        self, *, contract: dict[str, str], folders: Mapping[str, dict[str, str]], metadata: Metadata | None = None
    ) -> None:
        self._contract = Path(contract["filepath"])
        self._folders = [Path(folder["path"]) for folder in folders.values()]
        self.metadata = metadata

    def load(self) -> OfferTable:
        return load_offers(find_offers(load_contract(self._contract).table, folders=self._folders))

    def save(self, data: None) -> None:
        raise DatasetError("The table of offers is written by people; a pipeline only reads it.")

    def _describe(self) -> dict[str, Any]:
        return {"folders": ", ".join(map(str, self._folders))}


class ExclusionsDataset(AbstractDataset[None, tuple[ExclusionList, ...]]):
    """The exclusion lists that a run was given, kind by kind (`exclusions: {complaint: path}`); none without."""

    def __init__(
        self, *, contract: dict[str, str], filepaths: Mapping[Kind, str] | None, metadata: Metadata | None = None
    ) -> None:
        self._contract = Path(contract["filepath"])
        self._paths: dict[Kind, Path] = {kind: Path(path) for kind, path in (filepaths or {}).items()}
        self.metadata = metadata

    def load(self) -> tuple[ExclusionList, ...]:
        contract = load_contract(self._contract)
        return tuple(read_exclusion_list(path, kind=kind, contract=contract) for kind, path in self._paths.items())

    def save(self, data: None) -> None:
        raise DatasetError("Exclusion lists are written by people; a pipeline only reads them.")

    def _describe(self) -> dict[str, Any]:
        return {"kinds": ", ".join(self._paths) or "none given"}


class FolderDataset(FileDataset):
    """Files by name in a new folder, which appears whole or not at all."""

    def load(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.path.iterdir())}

    def save(self, data: dict[str, bytes]) -> None:
        write_folder(data, self.path)


class TunedDataset(AbstractDataset[None, Tuned]):
    """The tuned settings in a file, if a run was given one; none where it was not."""

    def __init__(self, *, filepath: str | None, metadata: Metadata | None = None) -> None:
        self._path = Path(filepath) if filepath else None
        self.metadata = metadata

    def load(self) -> Tuned:
        return load_tuned(self._path) if self._path else NOT_TUNED

    def save(self, data: None) -> None:
        raise DatasetError("Tuned settings are written by affluence tune; a pipeline only reads them.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path or "none given")}


class CustomerListDataset(AbstractDataset[None, tuple[str, ...]]):
    """The customer ids of a list, if a run was given one; nobody where it was not."""

    def __init__(self, *, contract: dict[str, str], filepath: str | None, metadata: Metadata | None = None) -> None:
        self._contract = Path(contract["filepath"])
        self._path = Path(filepath) if filepath else None
        self.metadata = metadata

    def load(self) -> tuple[str, ...]:
        return read_customer_ids(self._path, contract=load_contract(self._contract)) if self._path else ()

    def save(self, data: None) -> None:
        raise DatasetError("A list of customers is written by people; a pipeline only reads it.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path or "none given")}


class RecordDataset(FileDataset):
    """A record of the core (a frozen dataclass), as JSON. `record` is its dotted name."""

    def __init__(self, *, filepath: str, record: str, metadata: Metadata | None = None) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        found = locate(record)
        if not isinstance(found, type):
            raise DatasetError(f"There is no record '{record}'; give the dotted name of a dataclass.")
        self._adapter: TypeAdapter[Any] = TypeAdapter(found)

    def load(self) -> Any:
        return self._adapter.validate_json(self.path.read_bytes())

    def save(self, data: Any) -> None:
        write_text(self._adapter.dump_json(data, indent=1).decode(), self.path)


class BankTableDataset(AbstractDataset[None, Reading]):
    """A bank's table, read under its contract: CSV, Excel or Parquet, found out from its content; never written.

    `table` may name the file; without it the contract's own file is read, relative to `root`, and made first where the
    contract is that of a made bank.
    """

    def __init__(
        self,
        *,
        contract: dict[str, str],
        root: dict[str, str],
        table: dict[str, str | None],
        metadata: Metadata | None = None,
    ) -> None:
        self._contract = Path(contract["filepath"])
        self._root = Path(root["path"])
        self._table = table["filepath"]
        self.metadata = metadata

    def load(self) -> Reading:
        contract = load_contract(self._contract)
        path = Path(self._table) if self._table else own_table(contract, root=self._root)
        return read_table(path, contract=contract, tag_required=False)

    def save(self, data: None) -> None:
        raise DatasetError("The bank's table is never written by a pipeline.")

    def _describe(self) -> dict[str, Any]:
        return {"contract": str(self._contract), "table": self._table or "the contract's own"}


class TruthDataset(AbstractDataset[None, pl.DataFrame]):
    """Who of a contract's own table is truly affluent, by row; without rows where nobody knows.

    Nobody knows it of a real table, nor of a `table` that was given in place of the contract's own.
    """

    def __init__(
        self,
        *,
        contract: dict[str, str],
        root: dict[str, str],
        table: dict[str, str | None],
        metadata: Metadata | None = None,
    ) -> None:
        self._contract = Path(contract["filepath"])
        self._root = Path(root["path"])
        self._given = bool(table["filepath"])
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        contract = load_contract(self._contract)
        if contract.truth_file is None or self._given:
            return pl.DataFrame(schema={"row": pl.Int64, "affluent": pl.Boolean, "hidden_type": pl.String})
        own_table(contract, root=self._root)
        return pl.read_parquet(self._root / contract.truth_file)

    def save(self, data: None) -> None:
        raise DatasetError("The truth is made together with its table; a pipeline only reads it.")

    def _describe(self) -> dict[str, Any]:
        return {"contract": str(self._contract)}


class RegisteredModelDataset(AbstractDataset[Release, ReleasedModel]):
    """The model of a contract's table in the registry.

    Saving registers it as challenger (champion when there is none, or with `promote`). Loading gives the version that
    was saved in this run, if one was, so that a run's list and report speak of one model; else `version_number`, where
    one is named, or the one under `alias`. (Kedro keeps the key `version` of a catalog to itself.)
    """

    def __init__(
        self,
        *,
        contract: dict[str, str],
        store: dict[str, str],
        alias: str = CHAMPION,
        version_number: str | None = None,
        promote: bool = False,
        metadata: Metadata | None = None,
    ) -> None:
        self.registry = Registry(folder=Path(store["path"]))
        self._contract = Path(contract["filepath"])
        self._alias = alias
        self._version_number = version_number
        self._promote = promote
        self._saved: ModelLabel | None = None
        self.metadata = metadata

    def load(self) -> ReleasedModel:
        if self._saved is not None:
            return self.registry.load(self._saved.name, version_number=self._saved.version)
        name = model_name(load_contract(self._contract))
        if self._version_number is not None:
            return self.registry.load(name, version_number=str(self._version_number))
        return self.registry.load(name, alias=self._alias)

    def save(self, data: Release) -> None:
        self._saved = self.registry.register(data, promote=self._promote)

    def _describe(self) -> dict[str, Any]:
        return {"store": str(self.registry.folder), "alias": self._alias}


def own_table(contract: Contract, *, root: Path) -> Path:
    """The file that a contract names, under `root`; a made bank's is made when it is not there yet.

    Errors: DatasetError when the contract names none.
    """
    if contract.file is None:
        raise DatasetError(f"The contract of {contract.table} names no file. Give the table's path (DATA=path).")
    if contract.simulated and not (root / contract.file).exists():
        steps.make_bank(contract, root)
    return root / contract.file
