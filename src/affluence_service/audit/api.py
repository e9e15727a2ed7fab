"""The record over HTTP: read only."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import Action
from affluence_service.audit.models import Entry
from affluence_service.audit.selectors import entries_for
from affluence_service.audit.services import verify


class EntryOut(serializers.ModelSerializer[Entry]):
    """Who did what to which object when."""

    sealed = serializers.SerializerMethodField(help_text="Whether later changes of it would show.")

    class Meta:
        """All but what only the chain needs."""

        model = Entry
        fields = ("id", "at", "actor", "action", "object_kind", "object_id", "details", "sealed")

    def get_sealed(self, entry: Entry) -> bool:
        """Whether it is under a seal."""
        return entry.seal_id is not None


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


class VerificationOut(serializers.Serializer[Any]):
    """Whether the chain of seals holds."""

    holds = serializers.BooleanField()
    seals = serializers.IntegerField()
    sealed = serializers.IntegerField(help_text="Entries under a seal.")
    unsealed = serializers.IntegerField(help_text="Entries that wait for one: a change of these would not show yet.")
    head = serializers.CharField(help_text="The last digest. Who keeps it elsewhere finds out if the end is cut off.")
    faults = serializers.ListField(child=serializers.CharField())


class Verified(APIView):
    """The chain of seals over the records of all teams."""

    actions = {"GET": Action.SEE_AUDIT}

    @extend_schema(responses=VerificationOut, operation_id="verify_audit")
    def get(self, request: Request) -> Response:  # noqa: ARG002  (the framework's signature)
        """Whether it holds, checked now, entry by entry; it takes as long as there are entries."""
        found = verify()
        return Response(VerificationOut({"holds": not found.faults, **vars(found)}).data)
