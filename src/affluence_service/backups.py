"""Back-up and restore of what the service keeps: its database and MLflow's, and the files of both.

Databases are taken first, each as it is at one moment, and files after them. A file stands before a database names it
and is not changed afterwards, so a back-up of a service that runs holds whatever its databases name.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from affluence.errors import UserError
from affluence_service.environment import Environment

MANIFEST, DATABASE, FILES = "manifest.json", "database", "files"
SQLITE = "sqlite:///"
PRIVATE = 0o700
# What browsers ask for is made again from the code, and what is still arriving is no upload yet.
LEFT_OUT = frozenset({"static", "arriving", ".gitkeep"})


@dataclass(frozen=True)
class Part:
    """A database, by its address, and the folder of files that it names."""

    name: str
    database: str
    folder: Path

    def files(self) -> Iterator[Path]:
        """The folder's files, relative to it, without the database's own where that stands in it."""
        database = str(_file_of(self.database)) if self.database.startswith(SQLITE) else ""
        own = {database + ending for ending in ("", "-wal", "-shm", "-journal")}
        for path in sorted(self.folder.rglob("*")):
            relative = path.relative_to(self.folder)
            if path.is_file() and str(path) not in own and relative.parts[0] not in LEFT_OUT:
                yield relative


@dataclass(frozen=True)
class Held:
    """What a back-up holds."""

    files: int
    bytes: int


def parts_of(
    environment: Environment, *, registry_database: str = "", registry_files: Path | None = None
) -> list[Part]:
    """The service's own part and MLflow's: where a server keeps that one, both its places are named.

    Errors: UserError where one of the two is named alone.
    """
    if bool(registry_database) != bool(registry_files):
        raise UserError("MLflow's database and its files belong together: name both or neither.")
    models = environment.project / "data" / "06_models"
    return [
        Part("service", environment.database_url, environment.folder),
        Part("registry", registry_database or f"{SQLITE}{models / 'mlflow.db'}", registry_files or models),
    ]


def back_up(parts: Sequence[Part], into: Path) -> Held:
    """What was copied into the folder, which is made or empty, and for its owner alone.

    The manifest with every file's SHA-256 is written last: a folder without it is no back-up.
    Errors: UserError where the folder holds something or lies inside of what is copied, or a database cannot be read.
    """
    _must_be_free(into, parts)
    into.mkdir(parents=True, exist_ok=True)
    into.chmod(PRIVATE)
    for part in parts:
        (into / part.name).mkdir()
        _dump(part.database, into / part.name / DATABASE)
    for part in parts:
        for relative in part.files():
            _copy(part.folder / relative, into / part.name / FILES / relative)
    hashes = _hashes(into)
    told = {"release": version("affluence"), "files": hashes}
    (into / MANIFEST).write_text(json.dumps(told, indent=1), encoding="utf-8")
    return _held(into, hashes)


def restore(parts: Sequence[Part], source: Path) -> Held:
    """What was copied out of a back-up to where `parts` say, all of it empty before.

    Nothing is written before all is looked at.
    Errors: UserError where the back-up is not whole, a file is not what its hash says, or a target holds something.
    """
    hashes = _verified(source)
    for part in parts:
        _must_be_empty(part)
    for part in parts:
        if (source / part.name / DATABASE).exists():
            _load(source / part.name / DATABASE, part.database)
        for path in _files_below(source / part.name / FILES):
            _copy(path, part.folder / path.relative_to(source / part.name / FILES))
    return _held(source, hashes)


def _must_be_free(into: Path, parts: Sequence[Part]) -> None:
    if into.exists() and any(into.iterdir()):
        raise UserError(f"{into} holds something already. Name a folder that is empty or not there.")
    for part in parts:
        if into.resolve().is_relative_to(part.folder.resolve()):
            raise UserError(f"{into} lies in {part.folder}, which is backed up. Name a folder elsewhere.")


def _must_be_empty(part: Part) -> None:
    if any(part.files()):
        raise UserError(f"{part.folder} holds files. A back-up is restored into empty places alone.")
    if part.database.startswith(SQLITE):
        holds = _file_of(part.database).exists()
    else:
        with psycopg.connect(_postgres(part.database)) as connection:
            asked = connection.execute("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')").fetchone()
            holds = bool(asked and asked[0])
    if holds:
        raise UserError(f"The database of the {part.name} is not empty. A back-up is restored into empty places alone.")


def _verified(source: Path) -> Mapping[str, str]:
    """The hashes of a back-up whose files are those that were written."""
    if not (source / MANIFEST).is_file():
        raise UserError(f"{source} is no back-up, or one that was not finished: it has no {MANIFEST}.")
    written: Mapping[str, str] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))["files"]
    found = _hashes(source)
    other = sorted(name for name in written.keys() | found.keys() if written.get(name) != found.get(name))
    if other:
        raise UserError(
            f"{len(other)} files of {source} are changed, missing or were added since it was made, {other[0]} among "
            "them. Nothing was restored; take another back-up."
        )
    return written


def _dump(database: str, into: Path) -> None:
    if not database.startswith(SQLITE):
        _run_postgres("pg_dump", database, "--format=custom", f"--file={into}")
    elif _file_of(database).exists():  # before the first model is registered there is none
        _copy_sqlite(_file_of(database), into)


def _load(dump: Path, database: str) -> None:
    if database.startswith(SQLITE):
        _file_of(database).parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(dump, _file_of(database))
    else:
        _run_postgres("pg_restore", database, "--single-transaction", "--exit-on-error", str(dump))


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(target)) as theirs:
        ours.backup(theirs)
        # A copy alone: journals beside it would be files that nobody listed.
        theirs.execute("PRAGMA journal_mode=DELETE")


def _run_postgres(program: str, database: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the password goes by the environment, which the list of processes does not show."""
    if shutil.which(program) is None:
        raise UserError(
            f"{program} is not on this machine. Install PostgreSQL's client programs of the server's version."
        )
    address = conninfo_to_dict(_postgres(database))
    password = str(address.pop("password", None) or "")
    target = make_conninfo("", **{name: str(value) for name, value in address.items()})
    ran = subprocess.run(  # noqa: S603  (programs of PostgreSQL by name, on addresses of the settings)
        [program, "--no-owner", "--no-privileges", f"--dbname={target}", *arguments],
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        # What follows the first line may quote a row.
        raise UserError(f"{program} refused: {ran.stderr.strip().split(chr(10))[0]}")


def _postgres(database: str) -> str:
    """The address as PostgreSQL's own programs read it, without the driver that MLflow's may name."""
    address = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", database)
    if not address.startswith("postgresql://"):
        raise UserError(f"A database of the kind '{database.split(':')[0]}' cannot be backed up here.")
    return address


def _file_of(database: str) -> Path:
    return Path(database.removeprefix(SQLITE))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        # What is deleted while it is looked at is what nothing names any more.
        target.unlink(missing_ok=True)


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _hashes(folder: Path) -> dict[str, str]:
    found = {}
    for path in _files_below(folder):
        if path != folder / MANIFEST:
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _held(folder: Path, names: Mapping[str, str]) -> Held:
    return Held(len(names), sum((folder / name).stat().st_size for name in names))
