"""The pages of campaigns: the list, one, a new one, and a relationship manager's own customers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from affluence.data.exclusion_lists import KINDS
from affluence.errors import UserError
from affluence_service.access import Action, Role, may
from affluence_service.audit.selectors import entries_for
from affluence_service.audit.services import record
from affluence_service.campaigns import forms, selectors, services
from affluence_service.campaigns.changes import changes_since_last
from affluence_service.campaigns.models import Campaign, Disposition
from affluence_service.candidates.forms import Money, Ways
from affluence_service.page_access import PageRequest, page
from affluence_service.people.models import User
from affluence_service.runs.selectors import runs_for

ON_A_PAGE = 25
Acted = dict[str, Any]


@page(Action.SEE_CAMPAIGNS)
def campaigns(request: PageRequest) -> HttpResponse:
    """The campaigns of the team, newest first."""
    shown = Paginator(selectors.campaigns_for(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "campaigns/campaigns.html", {"shown": shown, "may_draft": _may(request, "DRAFT_CAMPAIGNS")})


@page(Action.SEE_CAMPAIGNS)
def campaign(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002  (the address's word)
    """One campaign: who is on it, what it can prove, what changed, the decision, what came of it."""
    found = get_object_or_404(selectors.campaigns_for(request.user), id=id)
    mine = found.made_by_id == request.user.pk
    context = {
        "campaign": found,
        "cut": selectors.cut_of(found),
        "account": selectors.account_of(found),
        "changes": changes_since_last(found),
        "exclusions": found.exclusions.filter(taken_back_at=None),
        "outcomes": found.outcomes.select_related("job"),
        "record": entries_for(request.user).filter(object_id=str(found.id))[:20],
        "left": selectors.capacity_left(found),
        "managers": User.objects.filter(team=request.user.team_id, role=Role.RELATIONSHIP_MANAGER, is_active=True),
        "kinds": KINDS,
        "mine": mine,
        "may_draft": _may(request, "DRAFT_CAMPAIGNS"),
        "may_decide": _may(request, "DECIDE_CAMPAIGNS") and not mine,
        "may_export": _may(request, "EXPORT_CAMPAIGNS"),
        "see_ids": _may(request, "SEE_IDS"),
    }
    template = "campaigns/state.html" if request.htmx else "campaigns/campaign.html"
    return render(request, template, context)


@page(Action.DRAFT_CAMPAIGNS, methods=("GET", "POST"))
def draft(request: PageRequest, run: UUID) -> HttpResponse:
    """A new campaign of a scored run; the form says what is missing and keeps what was typed."""
    scored = get_object_or_404(runs_for(request.user), id=run)
    sent = request.POST.dict() if request.method == "POST" else {}
    wrong: list[str] = []
    if sent:
        wanted = forms.CampaignIn(data=_nested(sent, run=str(run)))
        if wanted.is_valid():
            chosen = dict(wanted.validated_data)
            chosen.pop("run")
            try:
                made = services.draft(request.user, scored, **chosen)
                return redirect("campaign-page", id=made.id)
            except (UserError, APIException) as error:
                wrong = [str(error)]
        else:
            wrong = list(_sentences(wanted.errors))
    context = {"run": scored, "sent": sent, "wrong": wrong, "today": timezone.localdate()}
    return render(request, "campaigns/draft.html", context, status=422 if wrong else 200)


@page(Action.DRAFT_CAMPAIGNS, Action.DECIDE_CAMPAIGNS, methods=("POST",))
def act(request: PageRequest, id: UUID, what: str) -> HttpResponse:  # noqa: A002
    """One act on a campaign; what came of it stands above the page that follows."""
    found = get_object_or_404(selectors.campaigns_for(request.user), id=id)
    if what not in ACTS:
        raise Http404
    action, done = ACTS[what]
    if not _may(request, action):
        return redirect("campaign-page", id=id)
    try:
        messages.success(request, done(request, found))
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("campaign-page", id=id)


@page(Action.EXPORT_CAMPAIGNS)
def download(request: PageRequest, id: UUID, file_format: str) -> HttpResponse:  # noqa: A002
    """The approved list as a file."""
    found = get_object_or_404(selectors.campaigns_for(request.user), id=id)
    if file_format not in selectors.FORMATS:
        return redirect("campaign-page", id=id)
    try:
        file = services.export(request.user, found, file_format=file_format)
    except APIException as error:
        messages.warning(request, str(error), extra_tags="warn")
        return redirect("campaign-page", id=id)
    name = f"campaign-{found.id}.{file_format}"
    return FileResponse(file.open("rb"), as_attachment=True, filename=name)  # type: ignore[return-value]


@page(Action.SEE_OWN_CUSTOMERS)
def my_customers(request: PageRequest) -> HttpResponse:
    """The customers assigned to the person, with reasons and offer, and what came of each."""
    shown = Paginator(selectors.assignments_for(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    assignments = list(shown)
    for campaign_id in {one.campaign_id for one in assignments}:
        seen = sum(one.campaign_id == campaign_id for one in assignments)
        record(request.user, "saw customers", "campaign", campaign_id, details={"customers": seen})
    context = {"shown": shown, "lines": selectors.told_of(assignments), "answers": Disposition.Answer.choices}
    return render(request, "campaigns/my_customers.html", context)


@page(Action.SEE_OWN_CUSTOMERS, methods=("POST",))
def say(request: PageRequest, id: int) -> HttpResponse:  # noqa: A002
    """What came of a contact, or that it is taken back; the line is drawn anew."""
    assignment = get_object_or_404(selectors.assignments_for(request.user), id=id)
    answer = request.POST.get("answer", "")
    standing = assignment.dispositions.filter(taken_back_at=None).last()
    if answer == "back" and standing is not None:
        services.take_back(request.user, standing)
    elif answer in Disposition.Answer.values:
        services.say(request.user, assignment, answer=answer)
    (line,) = selectors.told_of([assignment])
    context = {"line": line, "answers": Disposition.Answer.choices}
    return render(request, "campaigns/my_customer.html", context)


def _submit(request: PageRequest, found: Campaign) -> str:
    services.submit(request.user, found)
    return _("It waits for approval now. Whoever approves is told.")


def _withdraw(request: PageRequest, found: Campaign) -> str:
    services.withdraw(request.user, found)
    return _("It is a draft again.")


def _approve(request: PageRequest, found: Campaign) -> str:
    services.decide(request.user, found, approved=True, note=request.POST.get("note", "")[:2_000])
    return _("Approved. The list can be downloaded and handed out.")


def _reject(request: PageRequest, found: Campaign) -> str:
    note = request.POST.get("note", "").strip()[:2_000]
    if not note:
        raise UserError(_("Say why you return it, so that it can be mended."))
    services.decide(request.user, found, approved=False, note=note)
    return _("Returned to its maker with your word.")


def _exclude(request: PageRequest, found: Campaign) -> str:
    sent = forms.ExclusionIn(data={"kind": request.POST.get("kind"), "file": request.FILES.get("file")})
    if not sent.is_valid():
        raise UserError(" ".join(_sentences(sent.errors)))
    added = services.add_exclusion(
        request.user, found, kind=sent.validated_data["kind"], upload=sent.validated_data["file"]
    )
    return _("%(count)s customers on %(name)s will be left out; the list is made again.") % {
        "count": f"{added.customers:,}",
        "name": added.name,
    }


def _include(request: PageRequest, found: Campaign) -> str:
    wanted = request.POST.get("exclusion", "")
    exclusion = next((one for one in found.exclusions.all() if str(one.id) == wanted), None)
    if exclusion is None:
        raise UserError(_("There is no such list on this campaign."))
    services.take_back_exclusion(request.user, exclusion)
    return _("The list is heeded no longer; the campaign is made again.")


def _assign(request: PageRequest, found: Campaign) -> str:
    typed = {name[6:]: value for name, value in request.POST.dict().items() if name.startswith("share_") and value}
    shares = {name: int(value) for name, value in typed.items() if value.isdecimal() and 0 < int(value) <= 100_000}
    if not shares or len(shares) < len(typed):
        raise UserError(_("Give whole numbers of customers, for at least one relationship manager."))
    dealt = services.assign(request.user, found, shares=shares)
    return _("%(count)s customers handed out.") % {"count": f"{dealt:,}"}


def _outcomes(request: PageRequest, found: Campaign) -> str:
    services.add_outcomes(request.user, found, upload=request.FILES.get("file"))
    return _("What the campaign brought is being measured.")


ACTS: dict[str, tuple[str, Any]] = {
    "submit": ("DRAFT_CAMPAIGNS", _submit),
    "withdraw": ("DRAFT_CAMPAIGNS", _withdraw),
    "exclude": ("DRAFT_CAMPAIGNS", _exclude),
    "include": ("DRAFT_CAMPAIGNS", _include),
    "outcomes": ("DRAFT_CAMPAIGNS", _outcomes),
    "approve": ("DECIDE_CAMPAIGNS", _approve),
    "reject": ("DECIDE_CAMPAIGNS", _reject),
    "assign": ("DECIDE_CAMPAIGNS", _assign),
}


def _may(request: PageRequest, action: str) -> bool:
    return may(request.user, Action[action])


def _nested(sent: Acted, *, run: str) -> Acted:
    """The fields of the page's form as the API takes them; an empty one is not sent."""
    groups = {"capacity": Ways, "economics": Money, "options": forms.OptionsIn}
    filled = {name: value for name, value in sent.items() if value.strip()}
    nested: Acted = {
        group: {str(name): filled[str(name)] for name in form().fields if str(name) in filled}
        for group, form in groups.items()
    }
    shares = {"control_share", "lowest_precision", "recall", "base_rate", "hoped_lift"}
    for part in nested.values():
        part.update({name: _share(part[name]) for name in shares & part.keys()})
    nested["options"] |= {name: name in sent for name in ("top_up", "ignore_unknown")}
    return {"run": run, "name": filled.get("name", ""), **nested}


def _share(typed: str) -> Any:
    """Per cent, as people type it, as a share."""
    try:
        return float(typed.replace("%", "").strip()) / 100
    except ValueError:
        return typed


def _sentences(errors: Any, name: str = "") -> Any:
    """The faults of a form, each with the field's name before it."""
    if isinstance(errors, dict):
        for field, inner in errors.items():
            yield from _sentences(inner, field)
    else:
        yield from (f"{name.replace('_', ' ').capitalize()}: {error}" if name else str(error) for error in errors)
