"""What a service needs before its first request: a folder for its user alone, a key, tables, files for browsers."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from affluence_service.access import Role
from affluence_service.audit.services import Actor
from affluence_service.people.models import Team, User
from affluence_service.people.services import add_person, add_team

OPERATOR = Actor("operator")
FIRST_TEAM, FIRST_NAME = "First team", "administrator"


def prepare() -> Mapping[str, str]:
    """The variables that the service's processes need beside those that are set, everything else being ready."""
    environment = settings.ENVIRONMENT
    environment.folder.chmod(0o700)
    call_command("migrate", verbosity=0, interactive=False)
    if not environment.debug:
        call_command("collectstatic", verbosity=0, interactive=False)
    if environment.secret_key:
        return {}
    return {"AFFLUENCE_SECRET_KEY_FILE": str(key_file(environment.folder))}


def key_file(folder: Path) -> Path:
    """The file of the secret key in `folder`, made once and for its owner alone."""
    path = folder / "secret_key"
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(50))
    return path


def first_administrator(*, team: str = FIRST_TEAM) -> str | None:
    """The password of the administrator who was made because there was none; None where there is one already.

    The password is the operator's where AFFLUENCE_ADMIN_PASSWORD gives one, and then empty here: it is not shown.
    """
    if User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists():
        return None
    _, first = add_person(
        OPERATOR,
        name=FIRST_NAME,
        team=team_named(team),
        role=Role.ADMINISTRATOR,
        password=settings.ENVIRONMENT.admin_password,
    )
    return first


def team_named(name: str) -> Team:
    """The team of that name, made where there is none."""
    return Team.objects.filter(name=name).first() or add_team(OPERATOR, name=name)
