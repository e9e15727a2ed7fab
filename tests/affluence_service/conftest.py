"""A service of its own for the tests: a folder, a database (SQLite, or PostgreSQL if asked), people of every role.

AFFLUENCE_TEST_POSTGRES=1 starts a PostgreSQL and runs the same tests on it.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest

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
    import pgserver

    _server = pgserver.get_server(FOLDER / "postgres", cleanup_mode="delete")
    os.environ["DATABASE_URL"] = _server.get_uri()

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  (after the settings)
from rest_framework.test import APIClient  # noqa: E402

from affluence_service.access import Role  # noqa: E402
from affluence_service.people.models import Team, User  # noqa: E402


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


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Every test begins with empty folders."""
    yield
    for name in ("work", "datasets", "models", "arriving"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    (FOLDER / "arriving").mkdir(exist_ok=True)
