"""The one door to MLflow: runs are tracked, models registered, found by alias and promoted here.

Without settings it keeps a SQLite file and a folder of artifacts; with a tracking address it uses that server.
A model is stored in our own format (`affluence.pu.storage`) beside MLflow's description of it: nothing is pickled.
"""

import logging
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, Schema

import affluence
from affluence.adapters import TRACKING_SERVER, mlflow_model
from affluence.adapters.mlflow_evidence import hash_tags, model_files, take_evidence
from affluence.adapters.mlflow_record import documents_of, metrics_of, parameters_of
from affluence.adapters.mlflow_tuning import TuningRun, tracked_study
from affluence.data.contract import ColumnType, Contract
from affluence.errors import UserError
from affluence.pu.release import ModelLabel, Release, ReleasedModel
from affluence.pu.storage import load_model, save_model
from affluence.reporting.evidence_pack import Evidence
from affluence.reporting.model_card import card_content, render_model_card

CHAMPION, CHALLENGER = "champion", "challenger"
ASKED_AS = "asked_as"
MODEL_REQUIREMENTS = (
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "scikit-learn",
    "scipy",
    "xgboost-cpu",
)


# What is kept with a version's run for people to read. The card comes last, once the version has its number.
CARD = "model_card.html"
DOCUMENTS = ("evaluation.json", "discovery.json", "intake.json", CARD)
CARD_AFTER_SECONDS = 10.0


@dataclass(frozen=True)
class Holding:
    """What the registry holds under one name: its version numbers, ascending, and the champion's."""

    versions: tuple[int, ...]
    champion: int | None


@dataclass(frozen=True)
class Registry:
    """Runs and models in one MLflow store: a server (by default that of `MLFLOW_TRACKING_URI`), else `folder`."""

    folder: Path
    server: str | None = TRACKING_SERVER

    @property
    def uri(self) -> str:
        """The address of the store that is used."""
        return self.server or f"sqlite:///{self.folder.absolute() / 'mlflow.db'}"

    @contextmanager
    def run(self, table: str) -> Iterator[str]:
        """A tracked run of that table's experiment, ended as failed when an error leaves the block."""
        self._open(table)
        with mlflow.start_run() as run:
            yield str(run.info.run_id)

    def start_run(self, table: str) -> str:
        """Start a tracked run that `end_run` ends; for callers that cannot hold a block open."""
        self._open(table)
        return str(mlflow.start_run().info.run_id)

    def end_run(self, *, failed: bool) -> None:
        """End the run that was started, if there is one."""
        mlflow.end_run(status="FAILED" if failed else "FINISHED")

    def tuning(self, table: str, *, study: str, parameters: Mapping[str, object]) -> AbstractContextManager[TuningRun]:
        """The tracked run of that study, gone on with if an earlier call began it; an error ends it as failed."""
        return tracked_study(self._client(), self._open(table), study=study, parameters=parameters)

    def log_text(self, content: str, name: str) -> None:
        """Keep a text with the run that is open, under `name`."""
        mlflow.log_text(content, name)

    def register(self, release: Release, *, promote: bool, asked_as: str = "") -> ModelLabel:
        """Track `release` in the open run, or one of its own, and register its model as challenger.

        It becomes champion when there is none, or with `promote`. Whoever names in `asked_as` what asked for it can be
        stopped anywhere and begin again: the model is registered once.
        """
        if asked_as and (number := self._asked_before(release, asked_as)):
            return self._conclude(release, number, promote=promote)
        if mlflow.active_run() is None:
            with self.run(release.evaluation.table):
                return self._register(release, promote=promote, asked_as=asked_as)
        return self._register(release, promote=promote, asked_as=asked_as)

    def load(self, name: str, *, alias: str = CHAMPION, version_number: str | None = None) -> ReleasedModel:
        """The model of that name, by version when one is given, else by alias.

        Errors: UserError when there is no such model.
        """
        found = self._find(name, alias=alias, version_number=version_number)
        self._use()
        with tempfile.TemporaryDirectory() as temporary:
            source = f"models:/{name}/{found.version}"
            local = mlflow.artifacts.download_artifacts(source, dst_path=temporary)
            (state,) = Path(local).rglob("model.json")
            model = load_model(state.parent)
        return ReleasedModel(model, self._label(found, model.learner.settings))

    def holdings(self) -> Mapping[str, Holding]:
        """What is held, by model name; nothing where no model was ever registered."""
        if not self.server and not (self.folder / "mlflow.db").is_file():
            return {}
        client = self._client()
        numbers: dict[str, list[int]] = {}
        for found in _every(client.search_model_versions):
            numbers.setdefault(str(found.name), []).append(int(found.version))
        return {name: Holding(tuple(sorted(held)), self._champion(name)) for name, held in sorted(numbers.items())}

    def take_out(self, name: str, version_number: int, folder: Path) -> Mapping[str, str]:
        """Copy a version into `folder`: `model`, in our own format, and its run's documents; the run's parameters.

        Errors: UserError when there is no such version.
        """
        found = self._find(name, alias=CHAMPION, version_number=str(version_number))
        self._use()
        with tempfile.TemporaryDirectory() as temporary:
            local = mlflow.artifacts.download_artifacts(f"models:/{name}/{version_number}", dst_path=temporary)
            (state,) = Path(local).rglob("model.json")
            shutil.copytree(state.parent, folder / "model")
        run = str(found.run_id)
        for document in self._documents(run):
            mlflow.artifacts.download_artifacts(run_id=run, artifact_path=document, dst_path=str(folder))
        return dict(self._client().get_run(run).data.params)

    def propose(self, name: str, version_number: str, *, because: str) -> None:
        """Say with a version that it is proposed as champion, and why; whoever approves promotes it."""
        self._client().set_model_version_tag(name, version_number, "proposed", because)

    def evidence(self, name: str, *, alias: str = CHAMPION, version_number: str | None = None) -> Evidence:
        """All that is held of a version and was hashed when it was registered; `make_pack` shows it.

        Errors: UserError when there is no such version.
        """
        found = self._find(name, alias=alias, version_number=version_number)
        self._use()
        return take_evidence(self._client(), found, self._label(found, {}))

    def promote(self, name: str, version_number: str, *, by: str) -> ModelLabel:
        """Make a version champion; `by` is who approved it. The version before it keeps its number and can return.

        Errors: UserError when there is no such version.
        """
        found = self._find(name, alias=CHAMPION, version_number=version_number)
        self._client().set_model_version_tag(name, version_number, "approved_by", by)
        self._make_champion(name, version_number)
        return self._label(found, {})

    def _open(self, table: str) -> str:
        """The id of the table's experiment, which is made if it is not there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._use()
        name = f"affluence-{table}"
        if self._client().get_experiment_by_name(name) is None:
            artifacts = None if self.server else (self.folder.absolute() / "artifacts").as_uri()
            self._client().create_experiment(name, artifact_location=artifacts)
        return str(mlflow.set_experiment(name).experiment_id)

    def _use(self) -> None:
        """Point MLflow's functions, which know one store at a time, at this one."""
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)

    def _register(self, release: Release, *, promote: bool, asked_as: str) -> ModelLabel:
        mlflow.log_params(parameters_of(release))
        mlflow.log_metrics(metrics_of(release.evaluation))
        documents = documents_of(release)
        for document, content in documents.items():
            mlflow.log_text(content, document)
        name = model_name(release.model.contract)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "model"
            save_model(release.model, folder)
            hashed = hash_tags({document: text.encode() for document, text in documents.items()} | model_files(folder))
            logged = _quietly(mlflow.pyfunc.log_model)(
                name="model",
                loader_module=mlflow_model.__name__,
                data_path=str(folder),
                code_paths=[str(Path(affluence.__file__).parent)],
                signature=signature_of(release.model.contract),
                pip_requirements=[f"{package}=={version(package)}" for package in MODEL_REQUIREMENTS],
            )
        number = self._new_version(name, logged, tags=hashed | ({ASKED_AS: asked_as} if asked_as else {}))
        return self._conclude(release, number, promote=promote)

    def _conclude(self, release: Release, number: str, *, promote: bool) -> ModelLabel:
        """The label of a version that is there: its aliases set, its card written."""
        name = model_name(release.model.contract)
        if self._version_of(name, CHAMPION) != number:
            self._client().set_registered_model_alias(name, CHALLENGER, number)
            if promote or self._version_of(name, CHAMPION) is None:
                self._make_champion(name, number)
        found = self._client().get_model_version(name, number)
        label = self._label(found, release.model.learner.settings)
        card = _model_card(release, label)
        self._client().log_text(str(found.run_id), card, CARD)
        for key, digest in hash_tags({CARD: card.encode()}).items():
            self._client().set_model_version_tag(name, number, key, digest)
        return label

    def _asked_before(self, release: Release, asked_as: str) -> str | None:
        """The number of the version that was registered under `asked_as`."""
        self._open(release.evaluation.table)
        name = model_name(release.model.contract)
        found = self._client().search_model_versions(f"name = '{name}' and tags.{ASKED_AS} = '{asked_as}'")
        return str(found[0].version) if found else None

    def _new_version(self, name: str, logged: ModelInfo, *, tags: dict[str, str]) -> str:
        client = self._client()
        if not client.search_registered_models(filter_string=f"name = '{name}'"):
            client.create_registered_model(name)
        created = client.create_model_version(
            name, logged.model_uri, logged.run_id, tags=tags, model_id=logged.model_id
        )
        return str(created.version)

    def _make_champion(self, name: str, version_number: str) -> None:
        self._client().set_registered_model_alias(name, CHAMPION, version_number)
        if self._version_of(name, CHALLENGER) == version_number:
            self._client().delete_registered_model_alias(name, CHALLENGER)

    def _champion(self, name: str) -> int | None:
        found = self._version_of(name, CHAMPION)
        return None if found is None else int(found)

    def _documents(self, run: str) -> list[str]:
        """The documents that a run has; of one whose version was registered a moment ago the card is waited for."""
        until = time.monotonic() + CARD_AFTER_SECONDS
        while True:
            kept = {str(artifact.path) for artifact in self._client().list_artifacts(run)}
            if CARD in kept or time.monotonic() > until:
                return [document for document in DOCUMENTS if document in kept]
            time.sleep(0.2)

    def _find(self, name: str, *, alias: str, version_number: str | None) -> ModelVersion:
        wanted = f"version {version_number}" if version_number else f"alias '{alias}'"
        try:
            if version_number:
                return self._client().get_model_version(name, version_number)
            return self._client().get_model_version_by_alias(name, alias)
        except MlflowException as error:
            raise UserError(
                f"There is no model '{name}' with {wanted}. Train one first (affluence train), or name another."
            ) from error

    def _version_of(self, name: str, alias: str) -> str | None:
        aliases: Mapping[str, str] = self._client().get_registered_model(name).aliases
        found = aliases.get(alias)
        return None if found is None else str(found)

    def _label(self, found: ModelVersion, settings: Mapping[str, object]) -> ModelLabel:
        number = str(found.version)
        alias = next((alias for alias in (CHAMPION, CHALLENGER) if self._version_of(found.name, alias) == number), "")
        return ModelLabel(found.name, number, alias, {key: str(value) for key, value in settings.items()})

    def _client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


def _quietly(log_model: Callable[..., ModelInfo]) -> Callable[..., ModelInfo]:
    """`log_model` without its advice to keep rows of the table as an example: they are customers."""

    def logged(**arguments: object) -> ModelInfo:
        logger = logging.getLogger("mlflow")
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                return log_model(**arguments)
        finally:
            logger.setLevel(level)

    return logged


def _every(search: Callable[..., Any]) -> Iterator[Any]:
    """What a search finds, page after page."""
    token = None
    while True:
        page = search(page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _model_card(release: Release, label: ModelLabel) -> str:
    """The model card of a release that is now registered under `label`."""
    made_at = f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC"
    return render_model_card(card_content(release, label, made_at=made_at, affluence_version=version("affluence")))


def model_name(contract: Contract) -> str:
    """The registry's name for models of a contract's table."""
    return f"affluence-{contract.table}"


def signature_of(contract: Contract) -> ModelSignature:
    """Customer id and feature columns in, scores out, in MLflow's types; any cell but the id may be missing."""
    kinds = {ColumnType.CATEGORY: DataType.string}
    inputs = [
        ColSpec(kinds.get(column.type, DataType.double), column.name, required=False)
        for column in contract.feature_columns
    ]
    outputs = ("score", "affluent_probability", "labelled_probability", "scored_by_fold")
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "customer_id"), *inputs]),
        outputs=Schema([ColSpec(DataType.string, "customer_id"), *(ColSpec(DataType.double, o) for o in outputs)]),
    )
