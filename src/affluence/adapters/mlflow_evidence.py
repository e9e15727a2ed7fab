"""The evidence of a registered version: hashed when it is registered, taken out again whole.

The hashes stand as tags of the version in the store's database, the files in its artifact store: whoever changes a file
does not change its hash.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from affluence.data.writing import checksum
from affluence.pu.release import ModelLabel
from affluence.reporting.evidence_pack import Evidence

HASH = "sha256."
MODEL = "model/"


def hash_tags(files: Mapping[str, bytes]) -> dict[str, str]:
    """The tags that keep the hashes of `files`, which are by name."""
    return {f"{HASH}{name}": checksum(content) for name, content in files.items()}


def model_files(folder: Path) -> dict[str, bytes]:
    """The files of a stored model by the names under which their hashes are kept."""
    return {f"{MODEL}{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


def take_evidence(client: MlflowClient, found: Any, label: ModelLabel) -> Evidence:
    """All that is held of a version (`found`, as MLflow gives it) and has a hash; what is missing is left out."""
    recorded = {name.removeprefix(HASH): digest for name, digest in found.tags.items() if name.startswith(HASH)}
    with tempfile.TemporaryDirectory() as temporary:
        files = _model(found, Path(temporary) / "model")
        kept = {str(artifact.path) for artifact in client.list_artifacts(str(found.run_id))}
        for name in sorted(kept & recorded.keys()):
            path = client.download_artifacts(str(found.run_id), name, temporary)
            files[name] = Path(path).read_bytes()
    return Evidence(label, files, recorded)


def _model(found: Any, folder: Path) -> dict[str, bytes]:
    """The files of the version's model; none where they cannot be fetched."""
    folder.mkdir()
    try:
        local = mlflow.artifacts.download_artifacts(f"models:/{found.name}/{found.version}", dst_path=str(folder))
    except (MlflowException, OSError):
        return {}
    states = list(Path(local).rglob("model.json"))
    return model_files(states[0].parent) if states else {}
