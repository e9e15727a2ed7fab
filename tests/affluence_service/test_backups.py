"""Back-up and restore: whole while the service writes, into empty places alone, and not of files that were changed."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from benchmarks.service.served import NAME, bank, environment_of, free_port, prepare, running, served, wait_for
from click.testing import CliRunner
from django.conf import settings as django_settings

from affluence.adapters.mlflow_registry import Registry
from affluence.errors import UserError
from affluence_service.audit.models import Entry
from affluence_service.backups import LEFT_OUT, Part, back_up, parts_of, restore
from affluence_service.verbs import main

# What is asked of a restored service from within: a page of its ranking, and that the same table is scored again.
ASK = """
import json
from affluence_service.datasets.models import Dataset
from affluence_service.people.models import User
from affluence_service.runs.services import start_scoring
from rest_framework.test import APIClient
client = APIClient()
client.force_authenticate(User.objects.get())
start_scoring(User.objects.get(), dataset=Dataset.objects.get())
print(json.dumps(client.get("/api/v1/runs/{run}/candidates", headers={{"host": "localhost"}}).json()))
"""
DIGESTS = """
import json
from affluence_service.runs.models import Run
print(json.dumps([run.digest for run in Run.objects.all()]))
"""


def plant(part: Part, name: str) -> None:
    """A file, and then its name in the database, as the service does it."""
    (part.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (part.folder / name).write_text(f"what stands in {name}")
    with closing(connected(part)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS named (file TEXT)")
        database.execute(f"INSERT INTO named VALUES ('{name}')")
        database.commit()


def connected(part: Part):
    if part.database.startswith("sqlite"):
        return sqlite3.connect(part.database.removeprefix("sqlite:///"), timeout=30)
    return psycopg.connect(part.database)


def named(part: Part) -> list[str]:
    with closing(connected(part)) as database:
        return sorted(file for (file,) in database.execute("SELECT file FROM named").fetchall())


def moved(part: Part, to: Path) -> Part:
    """The same part in a place where nothing is yet."""
    return Part(part.name, f"sqlite:///{to / 'db.sqlite'}", to)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    (tmp_path / "live").mkdir()
    made = Part("service", f"sqlite:///{tmp_path / 'live/db.sqlite'}", tmp_path / "live")
    plant(made, "work/one/result.parquet")
    return made


def test_what_is_restored_is_what_was_backed_up(part: Part, tmp_path: Path) -> None:
    for left in LEFT_OUT:
        (part.folder / left).mkdir()
        (part.folder / left / "x").write_text("made again")
    held = back_up([part], tmp_path / "kept")
    other = moved(part, tmp_path / "other")
    assert restore([other], tmp_path / "kept") == held
    assert named(other) == ["work/one/result.parquet"]
    assert [str(path) for path in other.files()] == ["work/one/result.parquet"]
    assert (other.folder / "work/one/result.parquet").read_text() == "what stands in work/one/result.parquet"
    assert held.files == 2
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


def test_a_back_up_of_a_service_that_writes_holds_all_that_its_database_names(part: Part, tmp_path: Path) -> None:
    with closing(connected(part)) as database:
        database.execute("PRAGMA journal_mode=WAL")
    begun, enough = Event(), Event()

    def write() -> None:
        for number in count():
            plant(part, f"work/{number}/result")
            if number == 20:
                begun.set()
            if enough.is_set():
                return

    writer = Thread(target=write)
    writer.start()
    begun.wait(timeout=60)
    try:
        for number in range(5):
            back_up([part], tmp_path / f"kept{number}")
    finally:
        enough.set()
        writer.join()
    for number in range(5):
        other = moved(part, tmp_path / f"other{number}")
        restore([other], tmp_path / f"kept{number}")
        found = named(other)
        assert len(found) >= 20
        assert [file for file in found if not (other.folder / file).is_file()] == []


def changed(kept: Path) -> None:
    (kept / "service/files/work/one/result.parquet").write_text("another")


def missing(kept: Path) -> None:
    (kept / "service/files/work/one/result.parquet").unlink()


def added(kept: Path) -> None:
    (kept / "service/files/more").write_text("more")


@pytest.mark.parametrize("harm", [changed, missing, added])
def test_a_back_up_that_was_touched_is_refused_and_nothing_restored(
    harm: Callable[[Path], None], part: Part, tmp_path: Path
) -> None:
    back_up([part], tmp_path / "kept")
    harm(tmp_path / "kept")
    with pytest.raises(UserError, match=r"^1 files of .* are changed, missing or were added"):
        restore([moved(part, tmp_path / "other")], tmp_path / "kept")
    assert not (tmp_path / "other").exists()


def test_a_back_up_that_was_not_finished_is_none(part: Part, tmp_path: Path) -> None:
    back_up([part], tmp_path / "kept")
    (tmp_path / "kept/manifest.json").unlink()
    with pytest.raises(UserError, match="no back-up, or one that was not finished"):
        restore([moved(part, tmp_path / "other")], tmp_path / "kept")


def test_nothing_is_restored_over_files_or_over_a_database(part: Part, tmp_path: Path) -> None:
    back_up([part], tmp_path / "kept")
    with pytest.raises(UserError, match="live holds files"):
        restore([part], tmp_path / "kept")
    shutil.rmtree(part.folder / "work")
    with pytest.raises(UserError, match="database of the service is not empty"):
        restore([part], tmp_path / "kept")
    assert named(part) == ["work/one/result.parquet"]


@pytest.mark.parametrize(("into", "told"), [("live", "holds something"), ("live/kept", "is backed up")])
def test_a_back_up_goes_where_nothing_is_and_not_into_itself(into: str, told: str, part: Part, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        back_up([part], tmp_path / into)


def test_before_the_first_model_there_is_no_database_of_the_registry(tmp_path: Path) -> None:
    nothing = Part("registry", f"sqlite:///{tmp_path / 'none/mlflow.db'}", tmp_path / "none")
    back_up([nothing], tmp_path / "kept")
    restore([nothing], tmp_path / "kept")
    assert not (tmp_path / "none").exists()


def test_the_registry_of_a_server_is_named_wholly_or_not_at_all() -> None:
    with pytest.raises(UserError, match="name both or neither"):
        parts_of(django_settings.ENVIRONMENT, registry_database="postgresql://there/mlflow")


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'mysql' cannot be backed up"):
        back_up([Part("registry", "mysql://there/mlflow", tmp_path / "files")], tmp_path / "kept")


def test_the_verb_tells_what_it_copied_and_the_record_of_actions_has_it(
    db: None, part: Part, tmp_path: Path, settings
) -> None:
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, folder=part.folder, database_url=part.database, project=tmp_path
    )
    done = CliRunner().invoke(main, ["backup", str(tmp_path / "kept")])
    assert (done.exit_code, done.output[:8]) == (0, "2 files,")
    assert Entry.objects.get().action == "backed up"
    again = CliRunner().invoke(main, ["restore", str(tmp_path / "kept")])
    assert (again.exit_code, "holds files" in again.output) == (1, True)
    shutil.rmtree(part.folder)
    done = CliRunner().invoke(main, ["restore", str(tmp_path / "kept")])
    assert (done.exit_code, done.output[:8]) == (0, "2 files,")
    assert named(part) == ["work/one/result.parquet"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL, whose own programs come before this machine's."""
    import logging
    import tempfile

    import pgserver

    # What it tells when it stops comes after the last line of the tests.
    logging.getLogger("pgserver").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        started = pgserver.get_server(folder, cleanup_mode="stop")
        programs = Path(pgserver.__file__).parent / "pginstall/bin"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
            yield started.get_uri()
        started.cleanup()


def test_postgresql_is_backed_up_and_restored_into_an_empty_one(server: str, tmp_path: Path) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE live")
        connection.execute("CREATE DATABASE other")
    # MLflow's address names its driver as well.
    live = Part("registry", server.replace("/postgres?", "/live?"), tmp_path / "live")
    other = replace(live, database=server.replace("/postgres?", "/other?"), folder=tmp_path / "other")
    plant(live, "1/model.json")
    driven = replace(live, database=live.database.replace("postgresql:", "postgresql+psycopg2:"))
    back_up([driven], tmp_path / "kept")
    restore([other], tmp_path / "kept")
    assert named(other) == ["1/model.json"]
    shutil.rmtree(other.folder)
    with pytest.raises(UserError, match="database of the registry is not empty"):
        restore([other], tmp_path / "kept")


def test_a_program_that_refuses_is_quoted_without_the_password(server: str, tmp_path: Path) -> None:
    absent = Part("service", server.replace("/postgres?", "/absent?password=secret&"), tmp_path / "files")
    with pytest.raises(UserError, match=r"pg_dump refused: .*absent") as refused:
        back_up([absent], tmp_path / "kept")
    assert "secret" not in str(refused.value)


def test_without_the_programs_of_postgresql_the_operator_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="pg_dump is not on this machine"):
        back_up([Part("service", "postgresql://there/live", tmp_path / "files")], tmp_path / "kept")


def verbs_of(variables: Mapping[str, str]) -> Callable[..., str]:
    """Runs a verb of the service under these variables; what it said."""

    def verb(*arguments: str) -> str:
        program = [sys.executable, "-m", "affluence_service", *arguments]
        ran = subprocess.run(program, env=variables, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{arguments}: {ran.stdout[-500:]}{ran.stderr[-2000:]}"
        return ran.stdout

    return verb


def variables_of(project: Path, folder: Path, **more: str) -> dict[str, str]:
    """The variables of a service of its own, as `served` gives them to its processes."""
    return {name: value for name, value in environment_of(project, folder).items() if name != "DATABASE_URL"} | more


def goes_on(verb: Callable[..., str], run: str, first: Mapping[str, Any]) -> None:
    """People, the ranking and the chain are there, and the same table is scored again to the same bytes."""
    verb("manage", "migrate", "--no-input")
    assert "analyst of Branch" in verb("people", "list")
    verb("audit", "seal")
    verb("audit", "verify")
    page = json.loads(verb("manage", "shell", "-v", "0", "-c", ASK.format(run=run)).splitlines()[-1])
    assert page["results"] == first["results"]
    verb("worker", "--until-idle")
    digests = json.loads(verb("manage", "shell", "-v", "0", "-c", DIGESTS).splitlines()[-1])
    assert len(digests) == 2
    assert len(set(digests)) == 1, "the same table is scored to the same bytes"


@pytest.mark.slow
def test_a_service_that_ran_goes_on_in_empty_volumes(tmp_path: Path) -> None:
    """Backed up while it runs, all of it lost and restored: people, ranking, chain and champion are there."""
    project, folder, kept = tmp_path / "project", tmp_path / "folder", tmp_path / "kept"
    prepare(project, customers=2_000)
    verb = verbs_of(variables_of(project, folder))
    with served(project, folder) as service:
        run, _ = service.rank(bank(project, 1_000))
        verb("backup", str(kept))
        first = service.ask("GET", f"runs/{run}/candidates")
    shutil.rmtree(folder)
    shutil.rmtree(project / "data")

    verb("restore", str(kept))
    goes_on(verb, run, first)
    registry = Registry(folder=project / "data/06_models", server=None)
    assert registry.holdings()[NAME].champion == 1


@contextmanager
def mlflow_serving(database: str, files: Path) -> Iterator[str]:
    """The address of MLflow as a server, with a database and a folder of its own."""
    port = free_port()
    listens = ["--host=127.0.0.1", f"--port={port}", "--workers=1"]
    keeps = ["--serve-artifacts", f"--artifacts-destination={files}"]
    variables = os.environ | {"MLFLOW_BACKEND_STORE_URI": database}
    with running([sys.executable, "-m", "mlflow", "server", *listens, *keeps], variables) as process:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_a_service_on_postgresql_beside_mlflow_as_a_server_goes_on_in_empty_ones(server: str, tmp_path: Path) -> None:
    """The same of a service as it is deployed: both databases in PostgreSQL, the models' files with MLflow's server."""
    project, folder, kept, files = (tmp_path / name for name in ("project", "folder", "kept", "models"))
    with psycopg.connect(server, autocommit=True) as connection:
        for name in ("service", "models", "empty_service", "empty_models"):
            connection.execute(f"CREATE DATABASE {name}")

    def settings_of(before: str, mlflow: str) -> dict[str, str]:
        address, models = (server.replace("/postgres?", f"/{before}{name}?") for name in ("service", "models"))
        driven = models.replace("postgresql:", "postgresql+psycopg:")
        return {"DATABASE_URL": address, "MLFLOW_BACKEND_STORE_URI": driven, "MLFLOW_TRACKING_URI": mlflow}

    own = settings_of("", "")
    with mlflow_serving(own["MLFLOW_BACKEND_STORE_URI"], files) as mlflow:
        own["MLFLOW_TRACKING_URI"] = mlflow
        prepare(project, customers=2_000, server=mlflow)
        with served(project, folder, own) as service:
            run, _ = service.rank(bank(project, 1_000))
            verbs_of(variables_of(project, folder, **own))("backup", str(kept), "--registry-files", str(files))
            first = service.ask("GET", f"runs/{run}/candidates")
    shutil.rmtree(folder)
    shutil.rmtree(files)
    shutil.rmtree(project / "data", ignore_errors=True)  # nothing of the registry is there, only folders

    new = settings_of("empty_", "")
    verbs_of(variables_of(project, folder, **new))("restore", str(kept), "--registry-files", str(files))
    with mlflow_serving(new["MLFLOW_BACKEND_STORE_URI"], files) as mlflow:
        new["MLFLOW_TRACKING_URI"] = mlflow
        goes_on(verbs_of(variables_of(project, folder, **new)), run, first)
        registry = Registry(folder=tmp_path / "none", server=mlflow)
        assert registry.holdings()[NAME].champion == 1
        assert registry.load(NAME).label.version == "1"
