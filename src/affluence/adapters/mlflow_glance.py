"""What an MLflow store holds, at a glance: cheap enough to ask every few seconds, for MLflow is not imported here.

Importing MLflow takes seconds and a few hundred megabytes. Whether something changed is seen without it: in the tables
of its SQLite file, opened for reading alone, or by one request to its server.
"""

import base64
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from affluence.adapters import TRACKING_SERVER
from affluence.errors import UserError

TIMEOUT_SECONDS = 5.0
MOST_MODELS = 1_000
_VERSIONS = "SELECT name, version, 'version' FROM model_versions WHERE current_stage != 'Deleted_Internal'"
_ALIASES = "SELECT name, version, alias FROM registered_model_aliases"


def glance(folder: Path, *, server: str | None = TRACKING_SERVER) -> str:
    """A digest of the registered versions and aliases; it changes when one of them does, and only then.

    `folder` and `server` are those of `mlflow_registry.Registry`. Errors: UserError when the server does not answer.
    """
    found = _of_server(server) if server else _of_file(folder / "mlflow.db")
    return hashlib.sha256(json.dumps(sorted(found)).encode()).hexdigest()


def _of_file(path: Path) -> Iterable[tuple[str, str, str]]:
    if not path.is_file():
        return ()
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_SECONDS)) as store:
        try:
            rows = [*store.execute(_VERSIONS), *store.execute(_ALIASES)]
        except sqlite3.OperationalError:
            # MLflow makes its tables when it first opens the file; until then it holds nothing.
            return ()
    return [(str(name), str(version), str(what)) for name, version, what in rows]


def _of_server(server: str) -> Iterable[tuple[str, str, str]]:
    if not server.startswith(("http://", "https://")):
        raise UserError(
            f"MLFLOW_TRACKING_URI is '{server}'; give a server's address (http:// or https://), or unset it."
        )
    address = f"{server.rstrip('/')}/api/2.0/mlflow/registered-models/search?max_results={MOST_MODELS}"
    try:
        with urlopen(Request(address, headers=_credentials()), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            models: list[dict[str, Any]] = json.load(answer).get("registered_models", [])
    except (URLError, OSError, ValueError) as error:
        raise UserError(f"MLflow's server does not answer ({type(error).__name__}). See that it runs.") from error
    return [row for model in models for row in _rows(model)]


def _rows(model: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    name = str(model["name"])
    yield from ((name, str(version["version"]), "version") for version in model.get("latest_versions", ()))
    yield from ((name, str(alias["version"]), str(alias["alias"])) for alias in model.get("aliases", ()))


def _credentials() -> dict[str, str]:
    """What MLflow itself would send, from the variables that it reads."""
    token, person = os.environ.get("MLFLOW_TRACKING_TOKEN"), os.environ.get("MLFLOW_TRACKING_USERNAME")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if person:
        password = os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
        return {"Authorization": f"Basic {base64.b64encode(f'{person}:{password}'.encode()).decode()}"}
    return {}
