"""Home, the record of what happened, and what is shown where a page cannot be."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service import api_errors
from affluence_service.access import Action, may
from affluence_service.audit.selectors import entries_for
from affluence_service.datasets.selectors import datasets_for
from affluence_service.page_access import PageRequest, page
from affluence_service.people import services as people
from affluence_service.runs.selectors import runs_for
from affluence_service.workbench.selectors import reached

LATEST = 6
ON_A_PAGE = 50


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The door. Whoever came to see a page is led there."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    after = wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else "/"
    if request.user.is_authenticated:
        return redirect(after)
    wrong, name = "", request.POST.get("name", "")[:150]
    if request.method == "POST":
        try:
            people.sign_in(request, name=name, password=request.POST.get("password", "")[:200])
            return redirect(after)
        except APIException as error:
            wrong = str(error)
    context = {"wrong": wrong, "name": name, "next": after, "openid": settings.ENVIRONMENT.openid is not None}
    return render(request, "workbench/sign_in.html", context, status=401 if wrong else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """The way out."""
    if request.user.is_authenticated:
        people.sign_out(request, request.user)
    return redirect("sign-in")


@login_required
@require_http_methods(["GET", "POST"])
def own_password(request: PageRequest) -> HttpResponse:
    """A password of one's own, needed before anything else where somebody else saw the first one."""
    wrong = ""
    if request.method == "POST":
        old, new, again = (request.POST.get(name, "")[:200] for name in ("old", "new", "again"))
        try:
            if new != again:
                raise UserError(_("The new password was not typed the same way twice."))
            people.change_own_password(request, request.user, old=old, new=new)
            messages.success(request, _("Your new password holds from now on."))
            return redirect("home")
        except (UserError, APIException) as error:
            wrong = str(error)
    return render(request, "workbench/own_password.html", {"wrong": wrong}, status=422 if wrong else 200)


@page()
def home(request: PageRequest) -> HttpResponse:
    """What awaits the person, what ran last, how much is estimated to be hidden, what happened."""
    person = request.user
    context: dict[str, Any] = {"reached": reached(person), "may_keep": may(person, Action.MANAGE_PEOPLE)}
    if may(person, Action.SEE_RUNS):
        runs = runs_for(person).select_related("dataset", "version", "job")
        context |= {"runs": runs[:LATEST], "last": runs.filter(kind="score").exclude(folder="").first()}
    if may(person, Action.SEE_DATASETS):
        context |= {"tables": datasets_for(person).exists(), "may_add": may(person, Action.CHANGE_DATASETS)}
    if may(person, Action.SEE_AUDIT):
        context["happened"] = entries_for(person)[:LATEST]
    return render(request, "workbench/home.html", context)


@page(Action.SEE_AUDIT)
def activity(request: PageRequest) -> HttpResponse:
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
