"""A service of its own for the tests: a folder, a database (SQLite, or PostgreSQL if asked), people of every role.

AFFLUENCE_TEST_POSTGRES=1 starts a PostgreSQL and runs the same tests on it.
"""

import atexit
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import django
import pytest
import yaml
from tests.affluence.conftest import made_contract, made_customers

from affluence.data.reading import IntakeReport

PASSWORD = "a long enough password"  # noqa: S105  (of people who are not)
ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(tempfile.mkdtemp(prefix="affluence-service-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "affluence_service.settings",
    "AFFLUENCE_FOLDER": str(FOLDER),
    "AFFLUENCE_PROJECT": str(ROOT),
    "AFFLUENCE_SECRET_KEY": "a key that only tests use, long enough to be one",
    "AFFLUENCE_HTTPS": "0",
    "AFFLUENCE_HOSTS": "testserver,localhost,127.0.0.1",
    "AFFLUENCE_RATE_OF_PERSON": "1000000/minute",
    "AFFLUENCE_RATE_OF_STRANGER": "1000000/minute",
}
if os.environ.get("AFFLUENCE_TEST_POSTGRES"):
    import logging

    import pgserver

    # What it tells when it stops comes after the last line of the tests.
    logging.getLogger("pgserver").setLevel(logging.CRITICAL)
    _server = pgserver.get_server(FOLDER / "postgres", cleanup_mode="delete")
    os.environ["DATABASE_URL"] = _server.get_uri()

django.setup()

from django.conf import settings  # noqa: E402  (after the environment)

# Pages are shown without their styles and scripts being collected first.
settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# Hundreds of people are made; a hash that takes long protects none of them.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

from django.contrib.auth import get_user_model  # noqa: E402  (after the settings)
from rest_framework.test import APIClient  # noqa: E402

from affluence_service.access import Role  # noqa: E402
from affluence_service.datasets.models import Dataset  # noqa: E402
from affluence_service.people.models import Team, User  # noqa: E402
from affluence_service.registry.models import ModelVersion  # noqa: E402
from affluence_service.runs.models import Run  # noqa: E402


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Branch North")


@pytest.fixture
def person(team: Team) -> Callable[..., User]:
    """Makes a person of a role, in the team unless another is named."""

    def make(role: Role, *, of: Team | None = team, name: str = "") -> User:
        return get_user_model().objects.create_user(
            username=name or f"{role}-{User.objects.count()}", password=PASSWORD, role=role, team=of
        )

    return make


@pytest.fixture
def analyst(person: Callable[..., User]) -> User:
    return person(Role.ANALYST, name="analyst")


@pytest.fixture
def approver(person: Callable[..., User]) -> User:
    return person(Role.APPROVER, name="approver")


@pytest.fixture
def relationship_manager(person: Callable[..., User]) -> User:
    return person(Role.RELATIONSHIP_MANAGER, name="manager")


@pytest.fixture
def reviewer(person: Callable[..., User]) -> User:
    return person(Role.REVIEWER, name="reviewer")


@pytest.fixture
def administrator(person: Callable[..., User]) -> User:
    return person(Role.ADMINISTRATOR, name="administrator")


@pytest.fixture
def outsider(person: Callable[..., User]) -> User:
    """An analyst of another team."""
    return person(Role.ANALYST, of=Team.objects.create(name="Branch South"), name="outsider")


@pytest.fixture
def acting() -> Callable[..., APIClient]:
    """A client that acts for a person, or for nobody."""

    def client(person: User | None = None) -> APIClient:
        made = APIClient(raise_request_exception=True)
        if person is not None:
            made.force_authenticate(person)
        return made

    return client


@pytest.fixture
def work_off() -> Callable[[], int]:
    """Does every job that waits, in this process; how many were done."""
    from affluence_service.jobs import services
    from affluence_service.jobs.doing import do

    def off() -> int:
        done = 0
        while (job := services.claim("the tests")) is not None:
            do(job)
            done += 1
        return done

    return off


def made_intake(rows: int) -> IntakeReport:
    return IntakeReport(
        file="made.csv", data_hash="0" * 64, format="CSV", encoding="utf-8", separator=",",
        rows_read=rows, rows_kept=rows, columns=8, violations=(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder: the contract of the made table, and MLflow's registry with one model of it, the champion."""
    from affluence import steps
    from affluence.adapters.mlflow_registry import Registry

    project = tmp_path_factory.mktemp("project")
    contract, customers = made_contract(), made_customers()
    for folder in ("conf/base", "conf/local", "data"):
        (project / folder).mkdir(parents=True)
    (project / "conf/base/contract_made.yml").write_text(yaml.safe_dump(contract.model_dump(mode="json")))
    features = steps.build_features(customers, contract)
    training = steps.train(customers, features, contract, learners=("xgboost",), folds=3, seed=0)
    in_sample = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(training, customers, in_sample, capacity_share=0.1)
    intake = made_intake(customers.height)
    release = steps.release(steps.choose(training, evaluation)[0], evaluation, intake)
    Registry(folder=project / "data/06_models", server=None).register(release, promote=False)
    return project


@pytest.fixture
def small_project(made_project: Path, tmp_path: Path, settings: Any) -> Path:
    """A project of the test's own, to which the service is pointed; its models' files are shared and only read."""
    project = tmp_path / "project"
    shutil.copytree(made_project, project, ignore=shutil.ignore_patterns("artifacts", "mlflow.db*"))
    with (
        closing(sqlite3.connect(made_project / "data/06_models/mlflow.db")) as made,
        closing(sqlite3.connect(project / "data/06_models/mlflow.db")) as own,
    ):
        made.backup(own)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, project=project, default_contract="made")
    return project


@pytest.fixture
def champion(small_project: Path, db: None, work_off: Callable[[], int]) -> ModelVersion:
    """The small project's model, taken in and serving."""
    from affluence_service.registry.services import take_in

    take_in()
    work_off()
    return ModelVersion.objects.get(name="affluence-made", number=1)


@pytest.fixture
def made_dataset(analyst: User, small_project: Path) -> Dataset:
    """The small made table, uploaded by the analyst and accepted."""
    customers = made_customers()
    folder = FOLDER / "work" / "made"
    folder.mkdir(parents=True)
    customers.write_parquet(folder / "customers.parquet")
    (folder / "intake.json").write_text(json.dumps(asdict(made_intake(customers.height))))
    return Dataset.objects.create(
        team=analyst.team, uploaded_by=analyst, name="made.csv", contract="made", state="accepted", folder="work/made",
        rows=customers.height, tagged=int(customers["tag"].sum()), data_hash="0" * 64,
    )  # fmt: skip


@pytest.fixture
def offers(small_project: Path) -> None:
    """The small project's table of offers."""
    shutil.copy(ROOT / "conf/base/offers.yml", small_project / "conf/base/offers.yml")


@pytest.fixture
def scored_run(
    analyst: User, small_project: Path, made_dataset: Dataset, champion: ModelVersion, work_off: Callable[[], int]
) -> Run:
    """The small made table, scored by the champion."""
    from affluence_service.runs.services import start_scoring

    shutil.copy(ROOT / "conf/base/offers.yml", small_project / "conf/base/offers.yml")
    run = start_scoring(analyst, dataset=made_dataset)
    work_off()
    run.refresh_from_db()
    assert run.folder, run.job.problem + run.job.traceback
    return run


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Every test begins with empty folders."""
    yield
    for name in ("work", "campaigns", "datasets", "models", "arriving"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    (FOLDER / "arriving").mkdir(exist_ok=True)
