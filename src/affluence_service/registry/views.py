"""The page of models: the champion beside the others, what is proposed, and deciding on it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service.access import Action, may
from affluence_service.page_access import PageRequest, page
from affluence_service.registry import selectors, services
from affluence_service.registry.models import Champion, Proposal

LONGEST = 2_000


@page(Action.SEE_MODELS)
def models(request: PageRequest) -> HttpResponse:
    """Every version with its figures, which of them serves, and what waits for a decision."""
    found = list(selectors.versions())
    champions = {champion.name: champion for champion in Champion.objects.select_related("version", "before")}
    context = {
        "models": found,
        "champions": champions.values(),
        "serving": {champion.version_id for champion in champions.values()},
        "open": selectors.proposals().filter(state=Proposal.State.OPEN),
        "closed": selectors.proposals().exclude(state=Proposal.State.OPEN)[:10],
        "may_propose": may(request.user, Action.PROPOSE_MODELS),
        "may_decide": may(request.user, Action.DECIDE_MODELS),
    }
    return render(request, "registry/models.html", context)


@page(Action.PROPOSE_MODELS, Action.DECIDE_MODELS, methods=("POST",))
def act(request: PageRequest, what: str, subject: str) -> HttpResponse:
    """One act on a model or a proposal; what came of it stands above the page that follows."""
    if what not in ACTS:
        raise Http404
    action, done = ACTS[what]
    if not may(request.user, action):
        return redirect("models-page")
    try:
        messages.success(request, done(request, subject))
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("models-page")


def _said(request: PageRequest) -> str:
    return request.POST.get("said", "").replace("\0", "").strip()[:LONGEST]


def _propose(request: PageRequest, subject: str) -> str:
    if not _said(request):
        raise UserError(_("Say why it should serve; whoever decides reads it."))
    version = get_object_or_404(selectors.versions(), id=_uuid(subject))
    services.propose(request.user, version, reason=_said(request))
    return _("Proposed. An approver decides.")


def _withdraw(request: PageRequest, subject: str) -> str:
    services.withdraw(request.user, _proposal(subject))
    return _("The proposal is withdrawn.")


def _approve(request: PageRequest, subject: str) -> str:
    services.approve(request.user, _proposal(subject), note=_said(request))
    return _("It serves from now on.")


def _reject(request: PageRequest, subject: str) -> str:
    services.reject(request.user, _proposal(subject), note=_said(request))
    return _("The proposal is rejected; the champion stays.")


def _roll_back(request: PageRequest, subject: str) -> str:
    if not _said(request):
        raise UserError(_("Say why it goes back; it is kept in the record."))
    services.roll_back(request.user, get_object_or_404(Champion, name=subject), reason=_said(request))
    return _("The version before serves again.")


ACTS: dict[str, tuple[Action, Callable[[PageRequest, str], str]]] = {
    "propose": (Action.PROPOSE_MODELS, _propose),
    "withdraw": (Action.PROPOSE_MODELS, _withdraw),
    "approve": (Action.DECIDE_MODELS, _approve),
    "reject": (Action.DECIDE_MODELS, _reject),
    "roll-back": (Action.DECIDE_MODELS, _roll_back),
}


def _proposal(subject: str) -> Proposal:
    found: Proposal = get_object_or_404(selectors.proposals(), id=_uuid(subject))
    return found


def _uuid(text: str) -> Any:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
