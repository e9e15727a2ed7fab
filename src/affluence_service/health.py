"""Whether this process lives, and whether it can do its work."""

from typing import Any

from django.db import connection
from django.db.utils import Error
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.registry.selectors import serving


class Well(serializers.Serializer[Any]):
    """How it stands."""

    status = serializers.ChoiceField(choices=["ok", "no champion yet", "no database"])


class _Open(APIView):
    """Asked by orchestrators, without a person."""

    authentication_classes: tuple[Any, ...] = ()
    permission_classes = (AllowAny,)
    throttle_classes: tuple[Any, ...] = ()


class Health(_Open):
    """Whether the process answers."""

    @extend_schema(responses=Well, operation_id="health")
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """It does."""
        return Response({"status": "ok"})


class Ready(_Open):
    """Whether the process can take requests: the database answers. Without a champion it can, and says so."""

    problems = (503,)

    @extend_schema(responses={200: Well, 503: Well}, operation_id="ready")
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """How it stands."""
        try:
            connection.ensure_connection()
            champion = serving().exists()
        except Error:
            return Response({"status": "no database"}, status=503)
        return Response({"status": "ok" if champion else "no champion yet"})
