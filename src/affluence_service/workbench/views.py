"""Home, the record of what happened, and what is shown where a page cannot be."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from affluence_service import api_errors
from affluence_service.access import Action, may
from affluence_service.audit.selectors import entries_for
from affluence_service.audit.services import record
from affluence_service.datasets.selectors import datasets_for
from affluence_service.page_access import page
from affluence_service.runs.selectors import runs_for

LATEST = 6
ON_A_PAGE = 50


class SignIn(LoginView):
    """The door."""

    template_name = "workbench/sign_in.html"
    redirect_authenticated_user = True
    extra_context = {"openid": settings.ENVIRONMENT.openid is not None}

    def form_valid(self, form: Any) -> HttpResponse:
        """Let in, on record."""
        record(form.get_user(), "signed in", "person", form.get_user().public_id)
        return super().form_valid(form)


class SignOut(LogoutView):
    """The way out."""

    next_page = "sign-in"


@page()
def home(request: HttpRequest) -> HttpResponse:
    """What awaits the person, what ran last, how much is estimated to be hidden, what happened."""
    person = request.user
    context: dict[str, Any] = {}
    if may(person, Action.SEE_RUNS):
        runs = runs_for(person).select_related("dataset", "version", "job")
        context |= {"runs": runs[:LATEST], "last": runs.filter(kind="score").exclude(folder="").first()}
    if may(person, Action.SEE_DATASETS):
        context["tables"] = datasets_for(person).exists()
    if may(person, Action.SEE_AUDIT):
        context["happened"] = entries_for(person)[:LATEST]
    return render(request, "workbench/home.html", context)


@page(Action.SEE_AUDIT)
def activity(request: HttpRequest) -> HttpResponse:
    """The record of the team, searchable by word."""
    wanted = request.GET.get("q", "").replace("\0", "").strip()
    entries = entries_for(request.user)
    if wanted:
        words = Q(actor__icontains=wanted) | Q(action__icontains=wanted) | Q(object_kind__icontains=wanted)
        entries = entries.filter(words | Q(object_id__startswith=wanted))
    shown = Paginator(entries, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "workbench/activity.html", {"shown": shown, "wanted": wanted})


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Who may not see a page is told so, and by whom it could be changed."""
    if _of_api(request):
        return api_errors.not_allowed(request, exception)
    detail = _("Your role does not include this page. Your administrator can change your role.")
    return _refusal(request, 403, _("Not for your role"), detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is nothing there, or it belongs to another team: nobody is told which."""
    if _of_api(request):
        return api_errors.not_found(request, exception)
    detail = _("There is nothing at this address. It may have been deleted, or the address is mistyped.")
    return _refusal(request, 404, _("Nothing is here"), detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours."""
    if _of_api(request):
        return api_errors.server_error(request)
    detail = _("This went wrong through a fault of ours. Nothing was changed. The operator’s log has the rest.")
    return _refusal(request, 500, _("A fault of ours"), detail)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old."""
    if _of_api(request):
        return api_errors.csrf_failed(request, reason)
    detail = _("The page was open for too long, or did not come from here. Load it again; nothing was changed.")
    return _refusal(request, 403, _("This page is too old"), detail)


def _refusal(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    return render(request, "workbench/refusal.html", {"title": title, "detail": detail}, status=status)


def _of_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
