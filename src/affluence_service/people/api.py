"""Who one is, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import MAY, Action, Role


class Me(serializers.Serializer[Any]):
    """A person: name, team, role, and what the role may do."""

    name = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices)
    may = serializers.ListField(child=serializers.ChoiceField(choices=[str(action) for action in Action]))


class WhoAmI(APIView):
    """The person that the request acts for."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=Me, operation_id="who_am_i")
    def get(self, request: Request) -> Response:
        """Name, team, role and rights."""
        person: Any = request.user
        team = person.team.name if person.team else None
        allowed = sorted(MAY[Role(person.role)]) if team else []
        return Response({"name": person.get_username(), "team": team, "role": person.role, "may": allowed})
