"""One shape for every error that the API answers with: problem details (RFC 9457).

`type` is a short, stable code, `title` what went wrong in general, `detail` one sentence on this case and what to do,
`errors` the faults by field where there are several.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions, serializers, status
from rest_framework.views import exception_handler

from affluence.errors import UserError

_logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


class Fault(serializers.Serializer[Any]):
    """One fault in what was sent."""

    field = serializers.CharField(help_text="Where it is; empty for the whole.")
    message = serializers.CharField(help_text="What is wrong and what to do.")


class Problem(serializers.Serializer[Any]):
    """An error, in the shape of RFC 9457."""

    type = serializers.CharField(help_text="A short, stable code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="One sentence on this case, and what to do.")
    errors = Fault(many=True)  # type: ignore[assignment]  # the shape's own name for it


class Refused(exceptions.APIException):
    """What was asked for cannot be done with what was sent or as things stand; the message says what to do."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "refused"


class Conflict(exceptions.APIException):
    """What was asked for does not go with the state that the object is in."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    """More was sent than is taken."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class NotReady(exceptions.APIException):
    """The service cannot do this yet; the message says what is missing."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "not_ready"


TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not available in that format",
    409: "Not possible in this state",
    413: "Too large",
    415: "Unknown format",
    422: "Refused",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Not ready",
}


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to an error that left a view of the API: JSON, whatever the view answers with when all is well."""
    if isinstance(error, UserError):
        error = Refused(str(error))
    answer = exception_handler(error, dict(context))
    if answer is None:
        return None
    body = problem(answer.status_code, _code(error), *_told(answer.data))
    told = {
        name: value for name, value in answer.headers.items() if name in {"Allow", "Retry-After", "WWW-Authenticate"}
    }
    return JsonResponse(body, status=answer.status_code, content_type=CONTENT_TYPE, headers=told)


def problem(status_code: int, code: str, detail: str, faults: list[dict[str, str]]) -> dict[str, Any]:
    """The body of an error."""
    return {
        "type": code,
        "title": TITLES.get(status_code, "Error"),
        "status": status_code,
        "detail": detail,
        "errors": faults,
    }


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001  (Django's signature)
    """The answer to what no part of the service can read."""
    return plain(400, "bad_request", "The request cannot be read. Check its address, its headers and its body.")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001  (Django's signature)
    """The answer to an address that there is not."""
    return plain(404, "not_found", "There is nothing at this address.")


def not_allowed(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001  (Django's signature)
    """The answer to who may not."""
    return plain(403, "not_allowed", "Your role does not allow this.")


def server_error(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  (Django's signature)
    """The answer to a fault of ours; the operator's log has the rest."""
    return plain(500, "error", "This went wrong through a fault of ours. It is in the operator's log.")


def csrf_failed(request: HttpRequest, reason: str = "") -> JsonResponse:  # noqa: ARG001  (Django's signature)
    """The answer to a form that did not come from our own page."""
    return plain(403, "csrf_failed", "The form's token is missing or has run out. Load the page again.")


def plain(status_code: int, code: str, detail: str) -> JsonResponse:
    """An error's answer outside of the API's views."""
    return JsonResponse(problem(status_code, code, detail, []), status=status_code, content_type=CONTENT_TYPE)


def _code(error: Exception) -> str:
    return str(
        getattr(error, "default_code", None) or {"Http404": "not_found"}.get(type(error).__name__, "not_allowed")
    )


def _told(data: Any) -> tuple[str, list[dict[str, str]]]:
    """One sentence, and the faults by field."""
    if isinstance(data, Mapping) and set(data) == {"detail"}:
        return str(data["detail"]), []
    faults = list(_faults(data, ""))
    return faults[0]["message"] if len(faults) == 1 else f"{len(faults)} fields need a change.", faults


def _faults(data: Any, field: str) -> Any:
    if isinstance(data, Mapping):
        for name, inner in data.items():
            place = "" if name == "non_field_errors" else str(name)
            yield from _faults(inner, ".".join(part for part in (field, place) if part))
    elif isinstance(data, list) and not all(isinstance(item, str) for item in data):
        for number, inner in enumerate(data):
            yield from _faults(inner, f"{field}[{number}]")
    elif isinstance(data, list):
        yield from ({"field": field, "message": str(message)} for message in data)
    else:
        yield {"field": field, "message": str(data)}
