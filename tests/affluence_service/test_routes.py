"""Every address there is, by every role: who may not is refused, who is nobody is asked who they are.

The addresses come from the URL conf, so that no new one can be forgotten here.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny, IsAuthenticated

from affluence_service.access import MAY, Role
from affluence_service.api_access import MayDo, Oneself

pytestmark = pytest.mark.django_db
# Whoever asks gets an answer: orchestrators, who signs in, who reads what the API is. None of these knows a customer.
OPEN = {"api/v1/health", "api/v1/ready", "api/v1/schema", "api/v1/docs", "api/v1/session", "sign-in", "sign-out"}
METHODS = ("get", "post", "put", "patch", "delete")
NOTHING = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": "999999999",
    "str": "nothing",
    "slug": "nothing",
    "rank": "999",
}


def walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


ROUTES = dict(walk(get_resolver().url_patterns))
API = {route: callback.cls for route, callback in ROUTES.items() if hasattr(callback, "cls")}
PAGES = {route: callback for route, callback in ROUTES.items() if route not in API}
CLOSED_API = [
    (route, method) for route, view in API.items() if route not in OPEN for method in METHODS if hasattr(view, method)
]


def address(route: str) -> str:
    """An address of the route at which nothing is."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda part: NOTHING[part[1] or "str"], route)


def test_what_is_open_is_there_and_nothing_else_asks_for_no_permission() -> None:
    assert set(ROUTES) >= OPEN
    assert {route for route, view in API.items() if AllowAny in view.permission_classes} <= OPEN
    assert len(CLOSED_API) > 40


@pytest.mark.parametrize(("route", "method"), CLOSED_API)
def test_each_method_of_the_api_says_which_action_it_is(route: str, method: str) -> None:
    view = API[route]
    assert view.permission_classes in ([MayDo], (MayDo,), (Oneself,), (IsAuthenticated,))
    assert MayDo not in view.permission_classes or method.upper() in view.actions


@pytest.mark.parametrize(("route", "method"), CLOSED_API)
def test_a_stranger_is_asked_who_they_are(acting, route: str, method: str) -> None:
    answer = getattr(acting(), method)(address(route))
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Token"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", list(Role))
def test_who_may_not_is_refused_and_who_may_finds_nothing_where_nothing_is(acting, person, role: Role) -> None:
    client = acting(person(role))
    client.raise_request_exception = False
    wrong = []
    for route, method in CLOSED_API:
        action = getattr(API[route], "actions", {}).get(method.upper())
        status = getattr(client, method)(address(route)).status_code
        allowed = action is None or action in MAY[role]
        # What is sent may be refused before anybody looks for the object: that tells nothing of it.
        refused = {400, 415, 422} if method in {"post", "put", "patch"} else set()
        there = {404} if "<" in route else {200, 202, 204, 409}
        expected = there | refused if allowed else {403}
        if status not in expected:
            wrong.append(f"{method} {route}: {status}, not one of {sorted(expected)}")
    assert wrong == []


@pytest.mark.parametrize("change", [{"team": None}, {"must_change_password": True}])
def test_who_has_no_team_or_no_password_of_their_own_reaches_nothing(acting, analyst, change) -> None:
    for field, value in change.items():
        setattr(analyst, field, value)
    client = acting(analyst)
    reached = {route for route, method in CLOSED_API if getattr(client, method)(address(route)).status_code != 403}
    assert reached <= {"api/v1/me", "api/v1/me/password"}


@pytest.mark.parametrize("route", sorted(set(PAGES) - OPEN))
def test_a_stranger_is_led_from_every_page_to_the_door(route: str) -> None:
    client = Client()
    for answer in (client.get(address(route)), client.post(address(route))):
        assert answer.status_code in {302, 405}
        assert answer.status_code == 405 or answer["Location"].startswith("/sign-in")


@pytest.mark.parametrize("route", sorted(set(PAGES) - OPEN))
def test_a_page_writes_nothing_for_another_site(analyst, route: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address(route)).status_code in {403, 405}
