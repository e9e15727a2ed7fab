"""The page of people: who is in the team in which role, and one's own tokens."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service.access import MAY, Action, Role, may
from affluence_service.page_access import PageRequest, page
from affluence_service.people import selectors, services

TOKEN_DAYS = 30


@page(Action.MANAGE_PEOPLE, methods=("GET", "POST"))
def people(request: PageRequest) -> HttpResponse:
    """The people of the team; a new one is added here, and the first password is shown this once."""
    made, wrong = None, ""
    if request.method == "POST":
        name, role = request.POST.get("name", "").strip()[:150], request.POST.get("role", "")
        try:
            if role not in Role.values:
                raise UserError(_("Choose one of the roles."))
            person, password = services.add_person(
                request.user, name=name, team=request.user.team, role=role, email=request.POST.get("email", "").strip()
            )
            made = {"name": person.username, "password": password}
        except (UserError, APIException) as error:
            wrong = str(error)
    context = {
        "people": selectors.people_for(request.user),
        "roles": [(role.value, role.label, sorted(MAY[role])) for role in Role],
        "made": made,
        "wrong": wrong,
        "sent": request.POST if wrong else {},
    }
    return render(request, "people/people.html", context, status=422 if wrong else 200)


@page(Action.MANAGE_PEOPLE, methods=("POST",))
def change(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002  (the address's word)
    """Another role, switched off or on, or a new first password, which is shown this once."""
    person = get_object_or_404(selectors.people_for(request.user), public_id=id)
    what, role = request.POST.get("what", ""), request.POST.get("role", "")
    try:
        if what == "password":
            password = services.set_password(request.user, person)
            told = _("The first password of %(name)s is %(password)s. It is shown this once.")
            messages.success(request, told % {"name": person.username, "password": password})
        elif what == "role" and role in Role.values:
            services.change_person(request.user, person, role=role)
            messages.success(request, _("%(name)s has another role now.") % {"name": person.username})
        elif what in {"off", "on"}:
            services.change_person(request.user, person, active=what == "on")
            told = _("%(name)s may sign in.") if what == "on" else _("%(name)s may sign in no longer.")
            messages.success(request, told % {"name": person.username})
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("people-page")


@page(methods=("GET", "POST"))
def tokens(request: PageRequest) -> HttpResponse:
    """One's own tokens for machines; a new one is shown this once."""
    made, wrong = None, ""
    if request.method == "POST":
        try:
            made = _act_on_tokens(request)
        except (UserError, APIException) as error:
            wrong = str(error)
    context: dict[str, Any] = {
        "tokens": selectors.tokens_of(request.user),
        "made": made,
        "wrong": wrong,
        "may_score": may(request.user, Action.SCORE),
    }
    return render(request, "people/tokens.html", context, status=422 if wrong else 200)


def _act_on_tokens(request: PageRequest) -> str | None:
    """The text of a new token; None when one was revoked."""
    if revoked := request.POST.get("revoke", ""):
        token = next((one for one in selectors.tokens_of(request.user) if str(one.public_id) == revoked), None)
        if token is not None:
            services.revoke_token(request.user, token)
        return None
    name, days = request.POST.get("name", "").strip()[:100], request.POST.get("days", "")
    if not name or not days.isdecimal():
        raise UserError(_("Give the token a name and a whole number of days."))
    return services.issue_token(request.user, request.user, name=name, days=int(days))[1]
