"""The pages of a ranking: its people, one of them, where to cut, and the segments."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service.access import Action, may
from affluence_service.candidates import forms, selectors, services
from affluence_service.page_access import PageRequest, page
from affluence_service.runs.models import Run
from affluence_service.runs.selectors import runs_for

ON_A_PAGE = 50
ONE_OF = ("segment", "type", "offer")
COLUMNS_SHOWN = 3
# Of the profile what is read at a glance; the quartiles stand in the report.
FIGURES = {"holds": "share who hold it", "median": "median", "share": "share"}
SHARES = ("holds", "share")
TYPES = ("money elsewhere", "about to cross", "mis-tagged", "look-alike", "type uncertain")


@page(Action.SEE_CANDIDATES)
def candidates(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002  (the address's word)
    """The ranking a page at a time, filtered and ordered; the sight is recorded."""
    run = _run(request, id)
    if run is None:
        return redirect("run-page", id=id)
    asked = {name: value for name, value in request.GET.dict().items() if value and name != "page"}
    wanted, wrong = _wanted(asked)
    by_id = "customer" in wanted
    if by_id and not may(request.user, Action.SEE_IDS):
        wanted, by_id = {**wanted}, False
        wanted.pop("customer")
    try:
        ranking: Any = selectors.ranking_of(run, wanted)
    except (UserError, APIException) as error:
        wrong, wanted = str(error), {}
        ranking = selectors.ranking_of(run, wanted)
    shown = Paginator(ranking, ON_A_PAGE).get_page(request.GET.get("page"))
    lines = selectors.lines_of(run, list(shown.object_list), ids=False)
    services.note_sight(request.user, run, customers=len(lines), ids=False, reason="", by_id=by_id)
    columns = selectors.columns_of(run)
    sort, listed = str(asked.get("sort", "rank")), run.summary["cut"]["contacts"]
    told = [{**line, "first": _first(line, columns)} for line in lines]
    context = {
        "run": run,
        "shown": shown,
        "lines": _with_cut(told, listed=listed) if sort == "rank" else told,
        "cut_page": 1 + listed // ON_A_PAGE if not wanted.keys() - {"sort"} and sort == "rank" else None,
        "columns": columns[:COLUMNS_SHOWN],
        "numeric": [column for column in columns if column["number"]],
        "asked": asked,
        "chips": {name: value for name, value in asked.items() if name != "sort"},
        "wrong": wrong,
        "sort": sort,
        "types": TYPES,
        "segments": [segment["name"] for segment in selectors.segments_of(run)["segments"]],
        "may_see_ids": may(request.user, Action.SEE_IDS),
        "may_export": may(request.user, Action.EXPORT_CANDIDATES),
        "may_draft": may(request.user, Action.DRAFT_CAMPAIGNS),
        "listed": listed,
        "chances": any(line["chance"] is not None for line in lines),
    }
    return render(request, "candidates/results.html" if request.htmx else "candidates/candidates.html", context)


@page(Action.SEE_CANDIDATES, methods=("GET", "POST"))
def person(request: PageRequest, id: UUID, rank: int) -> HttpResponse:  # noqa: A002
    """One candidate: reasons, what each column adds, type, segment, offer, beside the typical; the sight is recorded.

    The full id is shown to who may see it and says why; that is recorded too.
    """
    run = _run(request, id)
    if run is None:
        return redirect("run-page", id=id)
    reason = request.POST.get("reason", "").replace("\0", "").strip()[: forms.LONGEST]
    ids = bool(reason) and may(request.user, Action.SEE_IDS)
    found = selectors.person_at(run, rank, ids=ids)
    if found is None:
        raise Http404
    services.note_sight(request.user, run, customers=1, ids=ids, reason=reason)
    context = {
        "run": run,
        "person": found,
        "falls": _waterfall(found["parts"]),
        "ids": ids,
        "may_see_ids": may(request.user, Action.SEE_IDS),
        "last": run.candidates,
    }
    return render(request, "candidates/person.html", context)


@page(Action.SEE_CANDIDATES)
def cut(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """Where to cut: the gain curve with the cut on it, and everything that follows from moving it."""
    run = _run(request, id)
    if run is None:
        return redirect("run-page", id=id)
    asked = {name: value for name, value in request.GET.dict().items() if value}
    sent, wrong = forms.Capacity(data=asked), ""
    wanted = dict(sent.validated_data) if sent.is_valid() else {}
    try:
        made = selectors.cut_of(run, wanted)
    except (UserError, APIException) as error:
        wrong = str(error)
        made = selectors.cut_of(run, {})
    points = selectors.curve_of(run, wanted)
    low, high = _at_random(points)
    context = {
        "run": run,
        "cut": made,
        "points": [{**point, "random": (low * point["contacts"], high * point["contacts"])} for point in points],
        "random": {"low": low, "high": high},
        "at_random": (low * made.contacts, high * made.contacts),
        "widest": points[-1]["contacts"] if points else 1,
        "asked": asked,
        "wrong": wrong,
        "hidden": run.summary.get("hidden"),
        "may_draft": may(request.user, Action.DRAFT_CAMPAIGNS),
    }
    return render(request, "candidates/cut.html", context)


@page(Action.SEE_CANDIDATES)
def segments(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """Who the listed are: segments as cards and a map, against affluent and normal, and what to do about each."""
    run = _run(request, id)
    if run is None:
        return redirect("run-page", id=id)
    told = selectors.segments_of(run)
    strategies = {one["segment"]: one for one in selectors.strategy_of(run, value_a_find=None)}
    names = [segment["name"] for segment in told["segments"]]
    groups = [group["group"] for group in told["groups"] if group["group"] not in names]
    context = {
        "run": run,
        "told": told,
        "cards": [
            {**segment, "strategy": strategies.get(segment["name"]), "figures": _figures(told, segment["name"], groups)}
            for segment in told["segments"]
        ],
        "groups": groups,
        "places": {name: place for place, name in enumerate(names)},
    }
    return render(request, "candidates/segments.html", context)


def _run(request: PageRequest, id: UUID) -> Run | None:  # noqa: A002
    """The run, if it has a ranking; else its person is told why not."""
    run = get_object_or_404(runs_for(request.user), id=id)
    try:
        return selectors.require_ranking(run)
    except APIException as error:
        messages.warning(request, str(error), extra_tags="warn")
        return None


def _wanted(asked: Mapping[str, str]) -> tuple[Mapping[str, Any], str]:
    """The filters as the API reads them, and what is wrong with those that are left out."""
    lists = {name: [asked[name]] for name in ONE_OF if name in asked}
    bounds = {
        name: [f"{asked['column']}:{asked[name]}"]
        for name in ("at_least", "at_most")
        if asked.get("column") and name in asked
    }
    plain = {name: asked[name] for name in ("sort", "min_chance", "customer") if name in asked}
    if "min_chance" in plain:
        plain["min_chance"] = _share(plain["min_chance"])
    sent = forms.Wanted(data={**plain, **lists, **bounds})
    if sent.is_valid():
        return sent.validated_data, ""
    return {}, "; ".join(f"{field}: {errors[0]}" for field, errors in sent.errors.items())


def _share(typed: str) -> str:
    try:
        return str(float(typed.replace("%", "")) / 100)
    except ValueError:
        return typed


def _at_random(points: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """How many a contact chosen at random finds: one figure twice, or the ends of a range."""
    if not points:
        return 0.0, 0.0
    last = points[-1]
    names = ("finds", "finds") if last["finds"] is not None else ("finds_low", "finds_high")
    low, high = ((last[name] or 0) / last["contacts"] for name in names)
    return low, high


def _with_cut(lines: list[dict[str, Any]], *, listed: int) -> list[dict[str, Any]]:
    """The lines of a page by rank, of which the first beyond the list says so: the cut is drawn above it."""
    before = [listed if line["rank"] == listed + 1 else line["rank"] for line in lines[:1]]
    before += [line["rank"] for line in lines[:-1]]
    return [{**line, "first_below": last <= listed < line["rank"]} for last, line in zip(before, lines, strict=True)]


def _waterfall(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What each column adds, each from where the one before it ended: first what speaks for, then what against."""
    ordered = [part for way in ("for", "against") for part in parts if part["direction"] == way]
    ends = list(accumulate((part["contribution"] for part in ordered), initial=0.0))
    return {
        "steps": [{**part, "start": start} for part, start in zip(ordered, ends, strict=False)],
        "total": ends[-1],
        "low": min(ends),
        "high": max(ends),
    }


def _first(line: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> list[Any]:
    shown = columns[:COLUMNS_SHOWN]
    return [{"value": line["values"][column["name"]], "number": column["number"]} for column in shown]


def _figures(told: Mapping[str, Any], segment: str, groups: Sequence[str]) -> list[Mapping[str, Any]]:
    """Each figure of a segment beside that of the groups it is held against."""
    by_figure: dict[tuple[str, str], dict[str, Any]] = {}
    for figure in told["figures"]:
        if figure["figure"] not in FIGURES:
            continue
        by_figure.setdefault((figure["subject"], figure["figure"]), {})[figure["group"]] = figure["value"]
    return [
        {
            "subject": subject,
            "figure": FIGURES[figure],
            "share": figure in SHARES,
            "value": values.get(segment),
            "others": [values.get(one) for one in groups],
        }
        for (subject, figure), values in by_figure.items()
    ]
