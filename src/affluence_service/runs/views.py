"""The pages of runs: the list, one run as it goes on, and starting one."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service.access import Action, may
from affluence_service.datasets.selectors import datasets_for
from affluence_service.jobs import selectors as jobs
from affluence_service.jobs.models import State
from affluence_service.page_access import PageRequest, page
from affluence_service.runs import services
from affluence_service.runs.models import Run
from affluence_service.runs.selectors import log_of, runs_for

ON_A_PAGE = 25
LONGEST_REASON = 2_000


@page(Action.SEE_RUNS)
def runs(request: PageRequest) -> HttpResponse:
    """The runs of the team, newest first; those that go on are kept up to date."""
    shown = Paginator(runs_for(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    going_on = any(run.job is not None and not run.job.ended for run in shown)
    template = "runs/table.html" if request.htmx else "runs/runs.html"
    return render(request, template, {"shown": shown, "runs": shown, "going_on": going_on})


@page(Action.SEE_RUNS)
def run(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002  (the address's word)
    """One run: stage, time left, what it told; when it is done, the way to what came of it."""
    found = get_object_or_404(runs_for(request.user), id=id)
    job = found.job
    context = {
        "run": found,
        "job": job,
        "going_on": job is not None and not job.ended,
        "failed": job is not None and job.state == State.FAILED,
        "spent": jobs.seconds_of(job) if job else None,
        "left": jobs.seconds_left(job) if job else None,
        "position": jobs.position(job) if job else None,
        "log": log_of(found, request.user),
        "may_start": may(request.user, Action.START_RUNS),
        "may_draft": may(request.user, Action.DRAFT_CAMPAIGNS) and not found.blocked,
        "may_override": may(request.user, Action.DECIDE_CAMPAIGNS) and found.asked_by_id != request.user.pk,
    }
    return render(request, "runs/progress.html" if request.htmx else "runs/run.html", context)


@page(Action.START_RUNS, methods=("POST",))
def start(request: PageRequest, table: UUID, kind: str) -> HttpResponse:
    """A run of that kind on a table."""
    if kind not in Run.Kind.values:
        raise Http404
    dataset = get_object_or_404(datasets_for(request.user), id=table)
    begin = services.start_training if kind == Run.Kind.TRAIN else services.start_scoring
    try:
        return redirect("run-page", id=begin(request.user, dataset=dataset).id)
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
        return redirect("table", id=table)


@page(Action.START_RUNS, methods=("POST",))
def cancel(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """Stop a run."""
    found = get_object_or_404(runs_for(request.user), id=id)
    try:
        services.cancel(request.user, found)
        messages.success(request, _("The run is being stopped."))
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("run-page", id=id)


@page(Action.DECIDE_CAMPAIGNS, methods=("POST",))
def override(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """Let campaigns be made of a run although its table moved."""
    found = get_object_or_404(runs_for(request.user), id=id)
    try:
        services.override(request.user, found, reason=request.POST.get("reason", "")[:LONGEST_REASON])
        messages.success(request, _("Campaigns can be made of this run now. Your reason is on record."))
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("run-page", id=id)
