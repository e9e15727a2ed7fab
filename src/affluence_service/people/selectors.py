"""What can be read of people: those of an administrator's team, and one's own tokens."""

from typing import Any

from django.db.models import QuerySet

from affluence_service.people.models import Team, Token, User


def people_for(person: Any) -> QuerySet[User]:
    """The people of the person's team, by name."""
    return User.objects.filter(team_id=person.team_id).select_related("team").order_by("username")


def teams_for(person: Any) -> QuerySet[Team]:
    """The person's own team."""
    return Team.objects.filter(id=person.team_id).order_by("name")


def tokens_of(person: Any) -> QuerySet[Token]:
    """The person's own tokens, newest first; those that ran out too."""
    found: QuerySet[Token] = Token.objects.filter(user=person).order_by("-created")
    return found
