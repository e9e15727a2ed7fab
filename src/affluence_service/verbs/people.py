"""The operator's work with teams, people and tokens."""

import sys
from typing import TYPE_CHECKING, Any

import click

from affluence_service.access import Role
from affluence_service.verbs import main, telling

if TYPE_CHECKING:  # models are there once Django is set up
    from affluence_service.people.models import Team, User

ROLES = click.Choice([str(role) for role in Role])


@main.group()
def teams() -> None:
    """Those who share datasets, runs and campaigns."""


@teams.command("add")
@click.argument("name")
@telling
def add_team(name: str) -> None:
    """Add a team."""
    from affluence_service.people import services

    services.add_team(_operator(), name=name)
    click.echo(
        f"The team {name} is there. Give it an administrator: people add NAME --team '{name}' --role administrator"
    )


@teams.command("list")
def list_teams() -> None:
    """Every team, with how many people it has."""
    from django.db.models import Count

    from affluence_service.people.models import Team

    for team in Team.objects.annotate(size=Count("people")).order_by("name"):
        click.echo(f"{team.name}: {team.size} people")


@main.group()
def people() -> None:
    """Who may sign in, as what."""


@people.command("add")
@click.argument("name")
@click.option("--team", "team_name", required=True, help="The team, by name.")
@click.option("--role", type=ROLES, required=True)
@click.option("--email", default="")
@click.option("--password-from-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--signs-in-elsewhere", is_flag=True, help="No password here: OpenID Connect alone.")
@telling
def add_person(
    name: str, *, team_name: str, role: str, email: str, password_from_stdin: bool, signs_in_elsewhere: bool
) -> None:
    """Add a person. A password is made and shown once, to be changed at the first sign-in, unless one is given."""
    from affluence_service.people import services

    _, first = services.add_person(
        _operator(),
        name=name,
        team=_team(team_name),
        role=role,
        email=email,
        password=_given() if password_from_stdin else "",
        signs_in_elsewhere=signs_in_elsewhere,
    )
    click.echo(f"{name} is there, as {role} of {team_name}.")
    _show(first)


@people.command("list")
def list_people() -> None:
    """Every person: team, role, whether active, when last signed in."""
    from affluence_service.people.models import User

    for person in User.objects.select_related("team").order_by("team__name", "username"):
        last = f"{person.last_login:%Y-%m-%d %H:%M}" if person.last_login else "never"
        off = "" if person.is_active else ", switched off"
        click.echo(f"{person.get_username()}: {person.role} of {person.team or 'no team'}, signed in {last}{off}")


@people.command("change")
@click.argument("name")
@click.option("--role", type=ROLES)
@click.option("--team", "team_name", help="The team, by name.")
@click.option("--email")
@click.option("--enable", is_flag=True, help="Let a person in again who was switched off.")
@telling
def change_person(name: str, *, role: str | None, team_name: str | None, email: str | None, enable: bool) -> None:
    """Give a person another role, team or address. Who changes team loses their tokens."""
    from affluence_service.people import services

    team = _team(team_name) if team_name else None
    services.change_person(
        _operator(), _person(name), role=role, team=team, email=email, active=True if enable else None
    )
    click.echo(f"{name} is changed.")


@people.command("disable")
@click.argument("name")
@telling
def disable_person(name: str) -> None:
    """Switch a person off: no sign-in, no session, no token."""
    from affluence_service.people import services

    services.change_person(_operator(), _person(name), active=False)
    click.echo(f"{name} is switched off, and their tokens are revoked.")


@people.command("password")
@click.argument("name")
@click.option("--password-from-stdin", is_flag=True, help="Read the password from standard input.")
@telling
def set_password(name: str, *, password_from_stdin: bool) -> None:
    """Set a person's password, unlock them, and revoke their tokens. It is shown once unless it is given."""
    from affluence_service.people import services

    first = services.set_password(_operator(), _person(name), password=_given() if password_from_stdin else "")
    click.echo(f"{name} has a new password.")
    _show(first)


@main.group()
def tokens() -> None:
    """By which machines act for people."""


@tokens.command("issue")
@click.argument("name")
@click.option("--name", "what", required=True, help="What it is for, to tell it from others.")
@click.option("--days", type=int, default=30, show_default=True)
@telling
def issue_token(name: str, *, what: str, days: int) -> None:
    """Issue a token that acts for a person; it is shown once, on standard output alone."""
    from affluence_service.people import services

    token, text = services.issue_token(_operator(), _person(name), name=what, days=days)
    click.echo(f"A token for {name}, until {token.expiry:%Y-%m-%d}. It is not shown again:", err=True)
    click.echo(text)


@tokens.command("list")
@click.option("--of", "name", help="One person's alone.")
@telling
def list_tokens(name: str | None) -> None:
    """Every token: id, whose, what for, until when, and when it was last used, to the hour."""
    from affluence_service.people.models import Token

    found = Token.objects.select_related("user").order_by("user__username", "created")
    for token in found.filter(user=_person(name)) if name else found:
        used = f"{token.last_used_at:%Y-%m-%d %H:00}" if token.last_used_at else "never"
        click.echo(f"{token.public_id}: {token.user}, {token.name}, until {token.expiry:%Y-%m-%d}, used {used}")


@tokens.command("revoke")
@click.argument("token_id", type=click.UUID)
@telling
def revoke_token(token_id: Any) -> None:
    """Revoke a token, by the id that the list shows."""
    from affluence.errors import UserError
    from affluence_service.people import services
    from affluence_service.people.models import Token

    token = Token.objects.filter(public_id=token_id).select_related("user__team").first()
    if token is None:
        raise UserError(f"There is no token {token_id}. See: affluence-service tokens list")
    services.revoke_token(_operator(), token)
    click.echo("It is revoked.")


def _operator() -> Any:
    from affluence_service.audit.services import Actor

    return Actor("operator")


def _team(name: str) -> "Team":
    from affluence.errors import UserError
    from affluence_service.people.models import Team

    found = Team.objects.filter(name=name).first()
    if found is None:
        raise UserError(f"There is no team '{name}'. See: affluence-service teams list")
    return found


def _person(name: str) -> "User":
    from affluence.errors import UserError
    from affluence_service.people.models import User

    found = User.objects.filter(username=name).select_related("team").first()
    if found is None:
        raise UserError(f"Nobody is called '{name}'. See: affluence-service people list")
    return found


def _given() -> str:
    from affluence.errors import UserError

    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UserError("No password came on standard input. Give one line.")
    return password


def _show(first: str) -> None:
    if first:
        click.echo("The password, shown this once, to be changed at the first sign-in:", err=True)
        click.echo(first)
