"""How a view of the API asks whether its request may be done."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from affluence_service.access import Action, may

if TYPE_CHECKING:  # the framework's views read their default permissions, and so this module, while they are defined
    from rest_framework.views import APIView

SEEN_BY_OTHERS = "Somebody else saw your password. Change it first: POST it to /api/v1/me/password."


class OwnPassword(PermissionDenied):
    """The person must choose a password of their own before anything else."""

    default_detail = SEEN_BY_OTHERS
    default_code = "password_change_needed"


class MayDo(BasePermission):
    """The view says in `actions`, by method, which action a request needs; a method that is not named is refused."""

    message = "Your role does not allow this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the request's person may do what the view does for this method."""
        actions: Mapping[str, Action] = getattr(view, "actions", {})
        action = actions.get(str(request.method))
        _require_own_password(request)
        return action is not None and may(request.user, action)


class Oneself(BasePermission):
    """For what concerns the person alone, in any role: signed in, in a team, with a password of their own."""

    message = "You are in no team yet. Ask an administrator."

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002  (the framework's signature)
        """Whether somebody stands behind the request who may look after their own things."""
        _require_own_password(request)
        return request.user.is_authenticated and getattr(request.user, "team_id", None) is not None


def _require_own_password(request: Request) -> None:
    if getattr(request.user, "must_change_password", False):
        raise OwnPassword
