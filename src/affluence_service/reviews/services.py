"""Asking for customers to check by hand, saying what was found of them, and taking that back."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from affluence_service.access import Action, Role, may
from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.services import record
from affluence_service.jobs.services import enqueue
from affluence_service.people.models import User
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.reviews.selectors import people_on
from affluence_service.runs.models import Run

MOST = 5_000


def suggest(person: Any, run: Run, *, size: int, purpose: str = "find", seed: int = 0, given_to: str = "") -> Sheet:
    """A sheet of `size` customers of a scored run that are worth checking; a worker draws them.

    Errors: Conflict when the run is no finished scoring; Refused when nobody of that name can check.
    """
    if run.kind != Run.Kind.SCORE or not run.folder:
        raise Conflict("Customers to check are drawn from a run that scored a table and is done. Choose such a run.")
    manager = _manager(person, given_to)
    with transaction.atomic():
        sheet = Sheet.objects.create(
            team_id=run.team_id,
            run=run,
            purpose=purpose,
            size=size,
            seed=seed,
            asked_by=person,
            given_to=manager,
        )
        sheet.job = enqueue("suggest a review", sheet.id, asked_by=person)
        sheet.save(update_fields=["job"])
        record(person, "asked for a review", "sheet", sheet.id, details={"size": size, "purpose": purpose})
    return sheet


def give_verdict(person: Any, sheet: Sheet, *, row: int, answer: str) -> Verdict:
    """What the person found of the customer in that row; the one before it, if any, counts no longer.

    Errors: Conflict while the sheet is not drawn; Refused when no such row stands on it.
    """
    if not sheet.folder:
        raise Conflict("The sheet is not drawn yet. Wait until its job is done.")
    if row not in set(people_on(sheet)["row"].to_list()):
        raise Refused(f"Row {row} does not stand on this sheet. Answer for a row that it lists.")
    with transaction.atomic():
        verdict = Verdict.objects.create(sheet=sheet, row=row, answer=answer, given_by=person)
        record(person, "gave a verdict", "sheet", sheet.id, details={"verdict": verdict.id, "answer": answer})
    return verdict


def take_back(person: Any, verdict: Verdict) -> Verdict:
    """The verdict, which counts no longer; the one before it, if any, counts again.

    Errors: Refused when it is somebody else's and the person is no analyst; Conflict when it was taken back before.
    """
    if verdict.given_by_id != person.pk and not may(person, Action.SUGGEST_REVIEWS):
        raise Refused("This verdict is somebody else's. Ask them, or an analyst, to take it back.")
    with transaction.atomic():
        now = timezone.now()
        taken = Verdict.objects.filter(id=verdict.id, taken_back_at=None).update(
            taken_back_at=now, taken_back_by=person
        )
        if not taken:
            raise Conflict("This verdict was taken back already.")
        record(person, "took back a verdict", "sheet", verdict.sheet_id, details={"verdict": verdict.id})
    verdict.refresh_from_db()
    return verdict


def _manager(person: Any, name: str) -> User | None:
    if not name:
        return None
    found = User.objects.filter(
        username=name, team_id=person.team_id, role=Role.RELATIONSHIP_MANAGER, is_active=True
    ).first()
    if found is None:
        raise Refused(f"No relationship manager of your team is called '{name}'. Leave it empty, or name one.")
    return found
