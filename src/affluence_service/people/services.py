"""Teams made, people added, changed, signed in and out, their passwords, and tokens issued and revoked.

`by` is whoever acts: a signed-in administrator or the operator at a terminal.
"""

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from rest_framework import exceptions

from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.services import Actor, record
from affluence_service.people import lockout
from affluence_service.people.models import Team, Token, User

STRANGER = "somebody not signed in"
WRONG = "No active account has this name and this password. Check both; an administrator can set a new password."


class LockedOut(exceptions.APIException):
    """Too many wrong passwords for a name; `wait` says for how many seconds it stays locked."""

    status_code = 429
    default_code = "locked_out"

    def __init__(self, *, wait: timedelta) -> None:
        minutes = -(-int(wait.total_seconds()) // 60)
        super().__init__(
            f"This name is locked for another {minutes} minutes after {settings.AXES_FAILURE_LIMIT} failed sign-ins. "
            "Wait, or ask an administrator for a new password."
        )
        self.wait = wait.total_seconds()


def add_team(by: Any, *, name: str) -> Team:
    """The new team. Errors: Conflict when one has this name."""
    with transaction.atomic():
        if Team.objects.filter(name=name).exists():
            raise Conflict(f"There is a team '{name}' already. Choose another name.")
        team = Team.objects.create(name=name)
        record(_of_team(by, team), "added", "team", team.id)
    return team


def rename_team(by: Any, team: Team, *, name: str) -> Team:
    """The team under its new name. Errors: Conflict when another has it."""
    with transaction.atomic():
        if Team.objects.filter(name=name).exclude(id=team.id).exists():
            raise Conflict(f"There is a team '{name}' already. Choose another name.")
        team.name = name
        team.save(update_fields=["name"])
        record(_of_team(by, team), "renamed", "team", team.id)
    return team


def add_person(
    by: Any, *, name: str, team: Team, role: str, email: str = "", password: str = "", signs_in_elsewhere: bool = False
) -> tuple[User, str]:
    """The new person and their first password, which they must change when they first sign in.

    The password is empty where one was given, and where the person signs in through OpenID Connect alone.

    Errors: Conflict when somebody has this name; Refused for a name or a password against the rules.
    """
    first = "" if password or signs_in_elsewhere else _made_password()
    person = User(username=name, team=team, role=role, email=email, must_change_password=bool(first))
    if password:
        _require_good(password, person)
    person.set_password(password or first or None)
    with transaction.atomic():
        if User.objects.filter(username__iexact=name).exists():
            raise Conflict(f"Somebody is called '{name}' already. Choose another name.")
        _require_valid(person)
        person.save()
        record(_of_team(by, team), "added", "person", person.public_id, details={"role": role})
    return person, first


def change_person(
    by: Any,
    person: User,
    *,
    role: str | None = None,
    active: bool | None = None,
    email: str | None = None,
    team: Team | None = None,
) -> User:
    """The person with another role, team or address, or switched off; what is None stays.

    Who is switched off or changes team loses their tokens. Errors: Refused for one's own role and for switching oneself
    off, so that a team keeps an administrator.
    """
    if getattr(by, "pk", None) == person.pk and (role not in {None, person.role} or active is False):
        raise Refused("Nobody changes their own role or switches themselves off. Ask another administrator.")
    wished = {"role": role, "is_active": active, "email": email, "team": team}
    changes = {field: value for field, value in wished.items() if value not in {None, getattr(person, field)}}
    with transaction.atomic():
        before = _of_team(by, person.team)
        for field, value in changes.items():
            setattr(person, field, value)
        _require_valid(person)
        person.save(update_fields=list(changes))
        if active is False or "team" in changes:
            person.auth_token_set.all().delete()
        for field in changes:
            told = {} if field in {"email", "team"} else {field: changes[field]}
            record(before, "changed", "person", person.public_id, details={"field": field, **told})
    return person


def set_password(by: Any, person: User, *, password: str = "") -> str:
    """A new first password for the person, which they must change; empty where one was given. It also unlocks them.

    Their tokens are revoked and their sessions end. Errors: Refused for a password against the rules.
    """
    first = "" if password else _made_password()
    if password:
        _require_good(password, person)
    with transaction.atomic():
        person.set_password(password or first)
        person.must_change_password = bool(first)
        person.save(update_fields=["password", "must_change_password"])
        person.auth_token_set.all().delete()
        record(_of_team(by, person.team), "set a password", "person", person.public_id)
    lockout.unlock(person.get_username())
    return first


def change_own_password(request: HttpRequest, person: User, *, old: str, new: str) -> None:
    """Let the person sign in with another password from now on; other sessions of theirs end.

    Errors: Refused when the old one is wrong, or the new one is the same or against the rules; LockedOut after five
    wrong ones.
    """
    if _authenticated(request, person.get_username(), old) is None:
        raise Refused("The old password is wrong.")
    if old == new:
        raise Refused("The new password is the old one. Choose another.")
    _require_good(new, person)
    with transaction.atomic():
        person.set_password(new)
        person.must_change_password = False
        person.save(update_fields=["password", "must_change_password"])
        record(person, "changed their password", "person", person.public_id)
    if hasattr(request, "session"):
        auth.update_session_auth_hash(request, person)


def sign_in(request: HttpRequest, *, name: str, password: str) -> User:
    """The person, now signed in with a session. Every try is recorded, never the name that was typed.

    Errors: AuthenticationFailed when name and password do not go together; LockedOut after five failures.
    """
    person = _authenticated(request, name, password)
    if person is None:
        raise exceptions.AuthenticationFailed(WRONG)
    welcome(request, person)
    return person


def welcome(request: HttpRequest, person: User, *, backend: str | None = None) -> None:
    """Begin a session for a person who showed who they are."""
    with transaction.atomic():
        auth.login(request, person, backend=backend)
        record(person, "signed in", "person", person.public_id)


def sign_out(request: HttpRequest, person: User) -> None:
    """End the session."""
    with transaction.atomic():
        record(person, "signed out", "person", person.public_id)
        auth.logout(request)


def issue_token(by: Any, person: User, *, name: str, days: int) -> tuple[Token, str]:
    """A token for a machine that acts for the person, and its text, which is shown this once.

    Errors: Refused beyond the days that the operator allows, and for who is switched off or has no team.
    """
    most = settings.ENVIRONMENT.token_days
    if not 1 <= days <= most:
        raise Refused(f"A token lasts from 1 to {most} days; {days} were asked for.")
    if not person.is_active or person.team_id is None:
        raise Refused("A token acts for a person who is active and in a team.")
    with transaction.atomic():
        token, text = Token.objects.create(person, expiry=timedelta(days=days), name=name)
        record(_of_team(by, person.team), "issued a token", "token", token.public_id, details={"days": days})
    return token, text


def revoke_token(by: Any, token: Token) -> None:
    """Let the token open nothing from now on."""
    with transaction.atomic():
        record(_of_team(by, token.user.team), "revoked a token", "token", token.public_id)
        token.delete()


def _authenticated(request: HttpRequest, name: str, password: str) -> User | None:
    """The active person of this name and password. Errors: LockedOut, before the password is looked at."""
    found = auth.authenticate(request, username=name, password=password)
    if found is not None:
        return found
    known = User.objects.filter(username=name).select_related("team").first()
    who = known.public_id if known else "unknown"
    stranger = Actor(STRANGER, None, known.team_id if known else None)
    locked = getattr(request, "axes_locked_out", False)
    record(stranger, "was locked out" if locked else "failed to sign in", "person", who)
    if locked:
        raise LockedOut(wait=lockout.left(name))
    return None


def _of_team(by: Any, team: Team | None) -> Any:
    """The operator acts in the team that the act is about, so that its people read of it."""
    return Actor(by.name, by.public_id, team.id if team else None) if isinstance(by, Actor) else by


def _made_password() -> str:
    return secrets.token_urlsafe(15)


def _require_good(password: str, person: User) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error


def _require_valid(person: User) -> None:
    try:
        person.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
