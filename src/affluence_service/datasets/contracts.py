"""The contracts of the project, by name: read once, and again when the file has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from affluence.errors import UserError

if TYPE_CHECKING:
    from affluence.data.contract import Contract


@dataclass(frozen=True)
class Known:
    """A contract that a table can be held to; `problem` where its file cannot be read as one."""

    name: str
    title: str = ""
    columns: int = 0
    simulated: bool = False
    problem: str = ""


def contract_named(name: str) -> "Contract":
    """The contract of that name. Errors: ContractError when there is none, or when it cannot be read."""
    from affluence.data.contract import find_contract

    path = find_contract(name, folders=contract_folders())
    return _loaded(path, path.stat().st_mtime_ns)


def is_known(name: str) -> bool:
    """Whether there is a contract of that name, sound or not."""
    return name in _paths()


def known_contracts() -> tuple[Known, ...]:
    """Every contract by name."""
    return tuple(_known(name) for name in sorted(_paths()))


def _known(name: str) -> Known:
    try:
        contract = contract_named(name)
    except UserError as error:
        return Known(name, problem=str(error))
    return Known(name, contract.title, len(contract.headers), contract.simulated)


def contract_folders() -> tuple[Path, Path]:
    """Where the project keeps its contracts; the later one's stand."""
    conf = settings.ENVIRONMENT.project / "conf"
    return conf / "base", conf / "local"


def _paths() -> Mapping[str, Path]:
    found = (path for folder in contract_folders() for path in folder.glob("contract_*.yml"))
    return {path.stem.removeprefix("contract_"): path for path in found}


@lru_cache(maxsize=64)
def _loaded(path: Path, changed_at: int) -> "Contract":  # noqa: ARG001  (another time is another content)
    from affluence.data.contract import load_contract

    return load_contract(path)
