"""The pages of customer tables: the drop, the list, one table and what was found in it, what columns are called."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service.access import Action, may
from affluence_service.datasets import selectors, services
from affluence_service.datasets.arriving import from_form
from affluence_service.datasets.contracts import contract_named, is_known, known_contracts
from affluence_service.datasets.models import Dataset, State
from affluence_service.jobs import selectors as jobs
from affluence_service.page_access import PageRequest, page

ON_A_PAGE = 25
WEIGHTS = {"stops": "bad", "warns": "warn", "notes": ""}


@page(Action.SEE_DATASETS, methods=("GET", "POST"))
def tables(request: PageRequest) -> HttpResponse:
    """The drop and the list; a file that is dropped is sent here."""
    may_add = may(request.user, Action.CHANGE_DATASETS)
    if request.method == "POST" and may_add:
        return _received(request)
    shown = Paginator(selectors.datasets_for(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "shown": shown,
        "may_add": may_add,
        "contracts": [one for one in known_contracts() if not one.problem],
        "default": settings.ENVIRONMENT.default_contract,
        "most_bytes": settings.ENVIRONMENT.max_upload_bytes,
    }
    return render(request, "datasets/tables.html", context)


@page(Action.SEE_DATASETS)
def table(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002  (the address's word)
    """One table: how far its check is, what was found, what to do about it, what can be done with it."""
    found = get_object_or_404(selectors.datasets_for(request.user), id=id)
    template = "datasets/checking.html" if request.htmx else "datasets/table.html"
    return render(request, template, _told(request, found))


@page(Action.CHANGE_DATASETS, methods=("POST",))
def act(request: PageRequest, id: UUID, what: str) -> HttpResponse:  # noqa: A002
    """Delete a table, or cancel its check."""
    found = get_object_or_404(selectors.datasets_for(request.user), id=id)
    try:
        if what == "delete":
            services.delete(request.user, found)
            messages.success(request, _("%(name)s is deleted; the record of it stays.") % {"name": found.name})
            return redirect("tables")
        services.cancel(request.user, found)
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("table", id=id)


@page(Action.CHANGE_DATASETS, methods=("GET", "POST"))
def columns(request: PageRequest, contract: str) -> HttpResponse:
    """What the team's files call the columns of a contract: remembered for the next file."""
    if not is_known(contract):
        return redirect("tables")
    wrong, team = "", request.user.team_id
    headers = contract_named(contract).headers
    if request.method == "POST":
        typed = {request.POST.get(f"their_{place}", "").strip(): ours for place, ours in enumerate(headers)}
        try:
            services.map_columns(request.user, contract, {theirs: ours for theirs, ours in typed.items() if theirs})
            messages.success(request, _("Remembered. Add the table again, and its columns are known."))
            return redirect("tables")
        except (UserError, APIException) as error:
            wrong = str(error)
    known = {ours: theirs for theirs, ours in selectors.known_as(team, contract).items()}
    suggested = {ours: request.GET.get(f"for_{ours}", "") for ours in headers}
    lines = [
        {"ours": ours, "theirs": request.POST.get(f"their_{place}", known.get(ours) or suggested[ours])}
        for place, ours in enumerate(headers)
    ]
    context = {"contract": contract, "lines": lines, "wrong": wrong, "meanings": _meanings(contract)}
    return render(request, "datasets/columns.html", context, status=422 if wrong else 200)


def _received(request: PageRequest) -> HttpResponse:
    file, contract = request.FILES.get("file"), request.POST.get("contract", "")
    try:
        if not isinstance(file, TemporaryUploadedFile):
            raise UserError(_("No file came. Choose one, or drop it on the field."))
        received = services.receive(request.user, from_form(file), contract=contract)
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
        return _go(request, reverse("tables"))
    return _go(request, reverse("table", args=[received.id]))


def _go(request: PageRequest, address: str) -> HttpResponse:
    """Lead the browser there; a script that sent the file is told where to."""
    if request.headers.get("X-Sent-By") == "script":
        return HttpResponse(status=204, headers={"X-Go-To": address})
    return redirect(address)


def _told(request: PageRequest, found: Dataset) -> dict[str, Any]:
    missing = {
        violation["column"]: violation.get("alike")
        for violation in found.report.get("violations", [])
        if violation["rule"] == "missing_column" and violation["column"]
    }
    return {
        "table": found,
        "violations": found.report.get("violations", []),
        "findings": [{**finding, "weight": WEIGHTS.get(finding["severity"], "")} for finding in found.findings],
        "missing": missing,
        "left": jobs.seconds_left(found.job) if found.job else None,
        "checking": found.state == State.CHECKING,
        "accepted": found.state == State.ACCEPTED,
        "untagged": found.rows - found.tagged if found.rows is not None and found.tagged is not None else found.rows,
        "may_change": may(request.user, Action.CHANGE_DATASETS),
        "may_run": may(request.user, Action.START_RUNS),
    }


def _meanings(contract: str) -> dict[str | None, str]:
    loaded = contract_named(contract)
    own = {loaded.customer_id.source: _("customer id"), loaded.tag.source: _("the bank’s segment tag")}
    return {**own, **{column.source: column.meaning for column in loaded.columns}}
