"""Back-up of what the service keeps, and its restore into empty places."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from affluence_service.verbs import main, telling

FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


def _of_registry(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Options for where MLflow is a server."""
    files = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option("--registry-files", type=files, help="Where MLflow's server keeps its files."),
        click.option(
            "--registry-database",
            envvar="MLFLOW_BACKEND_STORE_URI",
            default="",
            help="The database of MLflow's server.",
        ),
    ):
        verb = option(verb)
    return verb


@main.command()
@FOLDER
@_of_registry
@telling
def backup(folder: Path, *, registry_database: str, registry_files: Path | None) -> None:
    """Copy the database, MLflow's and all files into FOLDER, while the service runs. It holds customers: guard it."""
    from django.conf import settings

    from affluence_service import backups
    from affluence_service.audit.services import Actor, record

    parts = backups.parts_of(settings.ENVIRONMENT, registry_database=registry_database, registry_files=registry_files)
    record(Actor("operator"), "backed up", "service", "backup")
    held = backups.back_up(parts, folder)
    click.echo(f"{held.files:,} files, {held.bytes:,} bytes stand in {folder}, with their hashes in its manifest.")


@main.command()
@FOLDER
@_of_registry
@telling
def restore(folder: Path, *, registry_database: str, registry_files: Path | None) -> None:
    """Copy the back-up in FOLDER to where the settings say, if all of it is whole and all of that is empty."""
    from django.conf import settings

    from affluence_service import backups

    parts = backups.parts_of(settings.ENVIRONMENT, registry_database=registry_database, registry_files=registry_files)
    held = backups.restore(parts, folder)
    click.echo(f"{held.files:,} files, {held.bytes:,} bytes are restored. Run: affluence-service manage migrate")
