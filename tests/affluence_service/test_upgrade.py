"""An upgrade: a database as the release before left it, with a run that waits, is migrated, and the run is done."""

from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from affluence_service.audit.models import Entry
from affluence_service.audit.services import SYSTEM, record, seal_entries
from affluence_service.datasets.models import Dataset
from affluence_service.people.models import User
from affluence_service.registry.models import ModelVersion
from affluence_service.runs.models import Run

# Each room one migration back, where it has one that can stand alone.
BEFORE = (
    ("runs", "0001_initial"),
    ("datasets", "0003_initial"),
    ("jobs", "0002_initial"),
    ("registry", "0001_initial"),
    ("audit", "0001_initial"),
)


def test_each_room_goes_back_by_its_newest_migration() -> None:
    """Whoever adds a migration moves the release before along, or this fails."""
    graph = MigrationLoader(None).graph
    for app, name in BEFORE:
        ((_, newest),) = graph.leaf_nodes(app)
        assert (app, name) in graph.node_map[app, newest].parents, f"{app}: the newest is {newest}"


@pytest.fixture
def the_release_before(
    transactional_db: None, champion: ModelVersion, made_dataset: Dataset, offers: None
) -> Iterator[object]:
    """The models of the earlier release, on its tables."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(BEFORE))
    yield executor.loader.project_state(list(BEFORE)).apps
    call_command("migrate", verbosity=0)


def test_a_run_that_waits_in_the_release_before_is_done_by_this_one(
    the_release_before, made_dataset: Dataset, champion: ModelVersion, work_off: Callable[[], int]
) -> None:
    assert "runs_override" not in connection.introspection.table_names()
    old = the_release_before.get_model
    asked = {"team_id": made_dataset.team_id, "asked_by_id": made_dataset.uploaded_by_id}
    run = old("runs", "Run").objects.create(
        kind="score", dataset_id=made_dataset.id, version_id=champion.id, options={"contacts": None, "seed": 0}, **asked
    )
    run.job = old("jobs", "Job").objects.create(kind="score", subject=run.id, **asked)
    run.save()

    call_command("migrate", verbosity=0)
    assert work_off() >= 1

    done = Run.objects.get(id=run.id)
    assert done.job.state == "done", done.job.problem + done.job.traceback
    assert done.rows == made_dataset.rows
    assert not done.blocked
    assert User.objects.get(id=made_dataset.uploaded_by_id).get_username() == "analyst"


def test_what_is_sealed_is_guarded_again(the_release_before) -> None:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        record(SYSTEM, "tried", "service", "upgrade")
        seal_entries()
        with pytest.raises(IntegrityError, match="sealed stays"), transaction.atomic():
            Entry.objects.update(action="another")
        transaction.set_rollback(True)  # what is sealed could not be cleared away after the test
