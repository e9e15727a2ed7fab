"""The pages of reviews: the sheets, and the short stack of customers that is checked by hand."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from affluence.errors import UserError
from affluence_service.access import Action, Role, may
from affluence_service.audit.services import record
from affluence_service.candidates.selectors import columns_of
from affluence_service.page_access import PageRequest, page
from affluence_service.people.models import User
from affluence_service.reviews import selectors, services
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.runs.selectors import runs_for

ON_A_PAGE = 25
SIZES = (50, 100, 200, 300)


@page(Action.SEE_REVIEWS)
def reviews(request: PageRequest) -> HttpResponse:
    """The sheets that the person may see, newest first, and a form for another."""
    person = request.user
    shown = Paginator(selectors.sheets_for(person), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"shown": shown, "may_check": may(person, Action.GIVE_VERDICTS)}
    if may(person, Action.SUGGEST_REVIEWS):
        managers = User.objects.filter(team=person.team_id, role=Role.RELATIONSHIP_MANAGER, is_active=True)
        scored = runs_for(person).filter(kind="score").exclude(folder="").select_related("dataset")
        context |= {"runs": scored[:20], "managers": managers, "sizes": SIZES}
    return render(request, "reviews/reviews.html", context)


@page(Action.SUGGEST_REVIEWS, methods=("POST",))
def suggest(request: PageRequest) -> HttpResponse:
    """A new sheet."""
    run = get_object_or_404(runs_for(request.user), id=_uuid(request.POST.get("run", "")))
    size, purpose = request.POST.get("size", ""), request.POST.get("purpose", "find")
    try:
        if not size.isdecimal() or not 1 <= int(size) <= services.MOST or purpose not in {"find", "count"}:
            raise UserError(_("Give a whole number of customers to check, up to 5,000."))
        services.suggest(request.user, run, size=int(size), purpose=purpose, given_to=request.POST.get("given_to", ""))
        messages.success(request, _("The customers are being drawn. They stand here in a moment."))
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    return redirect("reviews-page")


@page(Action.GIVE_VERDICTS)
def review(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002  (the address's word)
    """The stack: the first customer who is not checked yet, or the one asked for; what was said can be taken back."""
    sheet = get_object_or_404(selectors.sheets_for(request.user), id=id)
    if not sheet.folder:
        return render(request, "reviews/waiting.html", {"sheet": sheet})
    return render(request, _template(request), _stack(request, sheet))


@page(Action.GIVE_VERDICTS, methods=("POST",))
def answer(request: PageRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """A verdict given, or the last one taken back; the next customer follows."""
    sheet = get_object_or_404(selectors.sheets_for(request.user), id=id)
    said, row = request.POST.get("answer", ""), request.POST.get("row", "")
    try:
        if said == "back":
            last = sheet.verdicts.filter(given_by=request.user, taken_back_at=None).last()
            if last is not None:
                services.take_back(request.user, last)
        elif said in Verdict.Answer.values and row.isdecimal():
            services.give_verdict(request.user, sheet, row=int(row), answer=said)
    except (UserError, APIException) as error:
        messages.warning(request, str(error), extra_tags="warn")
    if request.htmx:
        return render(request, _template(request), _stack(request, sheet))
    return redirect("review-page", id=id)


def _stack(request: PageRequest, sheet: Sheet) -> dict[str, object]:
    people = selectors.people_on(sheet).to_dicts()
    standing = {row: verdict for (_of, row), verdict in selectors.standing_verdicts([sheet]).items()}
    left = [person for person in people if person["row"] not in standing]
    person = left[0] if left else None
    own = {"row", "customer_id", "stratum", "weight"}
    if person is not None:
        record(request.user, "saw customers", "sheet", sheet.id, details={"customers": 1})
    counts = {said: sum(one.answer == said for one in standing.values()) for said in Verdict.Answer.values}
    return {
        "sheet": sheet,
        "person": person,
        "values": _in_words(sheet, {name: value for name, value in (person or {}).items() if name not in own}),
        "done": len(standing),
        "size": len(people),
        "affluent": counts[Verdict.Answer.AFFLUENT],
        "answers": Verdict.Answer.choices,
        "mine": sheet.verdicts.filter(given_by=request.user, taken_back_at=None).exists(),
        "count": _count(sheet),
    }


def _count(sheet: Sheet) -> dict[str, object]:
    """The count of the hidden before anybody was checked and by what was found so far, on one scale."""
    before = sheet.run.summary.get("hidden")
    now = selectors.count_by_hand(sheet.run)
    told = [estimate["high"] for estimate in (before, now and vars(now)) if estimate]
    return {"before": before, "now": now, "most": 1.05 * max(told, default=1.0)}


def _in_words(sheet: Sheet, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The values under the words of their columns, with their units."""
    said = {
        column["name"]: f"{column['words']} ({column['unit']})" if column["unit"] else column["words"]
        for column in columns_of(sheet.run)
    }
    return [(said.get(name, name.replace("_", " ")), value) for name, value in values.items()]


def _template(request: PageRequest) -> str:
    return "reviews/stack.html" if request.htmx else "reviews/review.html"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
