"""What can be read of the record."""

from typing import Any

from django.db.models import QuerySet

from affluence_service.audit.models import Entry


def entries_for(person: Any) -> QuerySet[Entry]:
    """The entries of the person's team, newest first."""
    return Entry.objects.filter(team_id=person.team_id)
