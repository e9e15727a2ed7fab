"""What the service tells of requests and of what it asks the database. On where OpenTelemetry's variables say so.

Of a request the method, the route as the code writes it, the status and the seconds are told; never its path or what
was asked in it, which can hold a customer's number.
"""

import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from affluence.adapters import telemetry
from affluence.adapters.telemetry import Key, Metric, SpanName

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OTHER = "_OTHER"
UNKNOWN_ROUTE = "unknown"
SERVER_ERROR = 500


def begin(service: str, *, counts: bool = True) -> None:
    """Begin telling in this process, where it is asked for; one that counts nothing sends no metrics."""
    telemetry.start(service, version=version("affluence"), counts=counts)
    if telemetry.is_on():
        connection_created.connect(_watch, dispatch_uid="affluence_service.observing")


def timed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware that makes a span of each request and counts it."""

    def answer(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        method = request.method if request.method in METHODS else OTHER
        told: dict[Key, Any] = {Key.METHOD: method or OTHER}
        parent = {name: request.headers[name] for name in ("traceparent", "tracestate") if name in request.headers}
        with telemetry.span(f"{method}", told, kind="server", parent=parent) as span:
            response = get_response(request)
            told |= {Key.ROUTE: route_of(request), Key.STATUS: response.status_code}
            if response.status_code >= SERVER_ERROR:
                telemetry.failed(span, str(response.status_code))
            span.update_name(f"{method} {told[Key.ROUTE]}")
            telemetry.note(told)
            telemetry.measure(Metric.REQUEST_SECONDS, time.perf_counter() - began, told)
        return response

    return answer


def route_of(request: HttpRequest) -> str:
    """The route as the code writes it, without what stands in its place."""
    return request.resolver_match.route if request.resolver_match else UNKNOWN_ROUTE


def _watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _asked not in connection.execute_wrappers:
        connection.execute_wrappers.append(_asked)


def _asked(
    execute: Callable[..., Any],
    sql: str,
    parameters: Any,
    many: bool,  # noqa: FBT001  (as Django calls it)
    context: Mapping[str, Any],
) -> Any:
    """A span of a call, with its verb alone: a statement may hold values."""
    if not telemetry.recording():
        return execute(sql, parameters, many, context)
    told = {Key.DATABASE: context["connection"].vendor, Key.OPERATION: sql.split(maxsplit=1)[0].upper()[:20]}
    span = telemetry.leaf(f"{SpanName.DATABASE} {told[Key.OPERATION]}", told)
    try:
        return execute(sql, parameters, many, context)
    except BaseException as error:
        telemetry.failed(span, type(error).__name__)
        raise
    finally:
        span.end()
