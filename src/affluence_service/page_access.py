"""How a page asks who may see it: signed in, of a team, in a role that may."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from affluence_service.access import Action, may

View = Callable[..., HttpResponse]


class PageRequest(HttpRequest):
    """A request for a page, as its view gets it: by somebody signed in; `htmx` says whether a part alone is wanted."""

    user: Any
    htmx: Any


def page(*actions: Action, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """A decorator: the view is for those whose role may do one of `actions`, or anyone signed in where none is named.

    A stranger is sent to sign in and comes back. What it answers is kept by no cache: it may hold customers.
    """

    def decorate(view: View) -> View:
        @require_http_methods([*methods, *(["HEAD"] if "GET" in methods else [])])
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.user.must_change_password:
                return redirect("own-password-page")
            if actions and not any(may(request.user, action) for action in actions):
                raise PermissionDenied
            answer = view(request, *args, **kwargs)
            add_never_cache_headers(answer)
            return answer

        guarded.actions = actions  # type: ignore[attr-defined]  # a test walks all addresses by it
        return guarded

    return decorate
