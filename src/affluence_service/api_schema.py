"""The OpenAPI schema: what drf-spectacular reads from the views, and the errors that every one of them can answer."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.permissions import AllowAny

from affluence_service.api_errors import CONTENT_TYPE, TITLES, Problem


class Schema(AutoSchema):
    """Every answer that is an error has the one shape; a view names those beyond the usual in `problems`."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in sorted(self._problems()):
            body = self._get_response_for_code(Problem, str(status), [CONTENT_TYPE])  # type: ignore[no-untyped-call]
            bodies.setdefault(str(status), {**body, "description": TITLES[status]})
        return bodies

    def _problems(self) -> set[int]:
        """The errors that this operation can answer with."""
        statuses = {400, 405, 406, 429, *getattr(self.view, "problems", ())}
        if AllowAny not in getattr(self.view, "permission_classes", []):
            statuses |= {401, 403}
        if "{" in self.path:
            statuses.add(404)
        if self.method in {"POST", "PUT", "PATCH"}:
            statuses.add(415)
        if getattr(self.view, "pagination_class", None) and self.method == "GET":
            statuses.add(404)
        return statuses


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has few types
    """How the schema tells of tokens."""

    target_class = "affluence_service.people.authentication.ByToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:  # noqa: ARG002  (the library's signature)
        """A word and the token, in the header Authorization."""
        word = "Token"
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix=word)
