"""The record over HTTP: read only."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers

from affluence_service.access import Action
from affluence_service.audit.models import Entry
from affluence_service.audit.selectors import entries_for


class EntryOut(serializers.ModelSerializer[Entry]):
    """Who did what to which object when."""

    sealed = serializers.BooleanField(source="seal_id", help_text="Whether later changes of it would show.")

    class Meta:
        """All but what only the chain needs."""

        model = Entry
        fields = ("id", "at", "actor", "action", "object_kind", "object_id", "details", "sealed")


class Entries(generics.ListAPIView[Entry]):
    """The record of the team, newest first."""

    serializer_class = EntryOut
    actions = {"GET": Action.SEE_AUDIT}

    @extend_schema(
        parameters=[
            OpenApiParameter("object", OpenApiTypes.UUID, description="Entries about this object alone."),
            OpenApiParameter("actor", OpenApiTypes.STR, description="Entries of this person alone."),
        ]
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A page of the record."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Entry]:
        """The entries that are asked for."""
        entries = entries_for(self.request.user)
        wanted = {"object": "object_id", "actor": "actor"}
        given = {field: self.request.GET[name] for name, field in wanted.items() if name in self.request.GET}
        return entries.filter(**given)
