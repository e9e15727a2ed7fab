"""How a view of the API asks whether its request may be done."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from affluence_service.access import Action, may

if TYPE_CHECKING:  # the framework's views read their default permissions, and so this module, while they are defined
    from rest_framework.views import APIView


class MayDo(BasePermission):
    """The view says in `actions`, by method, which action a request needs; a method that is not named is refused."""

    message = "Your role does not allow this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the request's person may do what the view does for this method."""
        actions: Mapping[str, Action] = getattr(view, "actions", {})
        action = actions.get(str(request.method))
        return action is not None and may(request.user, action)
