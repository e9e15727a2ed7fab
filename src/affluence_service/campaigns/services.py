"""The life of a campaign: drafted, changed, submitted, decided, handed out, and what came of it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from affluence_service.access import Role
from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.services import record
from affluence_service.campaigns import selectors
from affluence_service.campaigns.models import Assignment, Campaign, Disposition, Exclusion, Outcomes
from affluence_service.jobs.services import enqueue
from affluence_service.people.models import User
from affluence_service.runs.models import Run

State = Campaign.State
CHANGEABLE = (State.DRAFT, State.FAILED, State.REJECTED)


def draft(
    person: Any,
    run: Run,
    *,
    name: str,
    capacity: Mapping[str, Any],
    economics: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Campaign:
    """A campaign of a scored table, which a worker makes.

    `options` are those of `affluence.decision.campaign.CampaignSettings` but its name.

    Errors: Conflict when the run is no finished scoring, or is blocked because its table moved; UserError for a
    capacity that contradicts itself.
    """
    if run.kind != Run.Kind.SCORE or not run.folder:
        raise Conflict("A campaign is made of a run that scored a table and is done. Choose such a run.")
    if run.blocked:
        raise Conflict(f"{run.blocked} No campaign is made of this run unless an approver lets it pass, with a reason.")
    _require_sound(capacity, options)
    with transaction.atomic():
        campaign = Campaign.objects.create(
            team_id=run.team_id,
            run=run,
            name=name,
            made_by=person,
            capacity=dict(capacity),
            economics=dict(economics),
            options=dict(options),
        )
        _make(person, campaign)
        record(person, "drafted", "campaign", campaign.id, details={"capacity": dict(capacity)})
    return campaign


def change(person: Any, campaign: Campaign, **changes: Any) -> Campaign:
    """The campaign with another name, capacity, economics or options, made anew. Errors: Conflict once submitted."""
    _require_sound(changes.get("capacity", campaign.capacity), changes.get("options", campaign.options))
    with transaction.atomic():
        held = _held(campaign, *CHANGEABLE)
        for field, value in changes.items():
            setattr(held, field, value)
        held.save(update_fields=list(changes))
        _make(person, held)
        record(person, "changed", "campaign", held.id, details={"fields": sorted(changes)})
    return held


def add_exclusion(person: Any, campaign: Campaign, *, kind: str, upload: "File[bytes]") -> Exclusion:
    """A list of customers to leave out, kept with the campaign, which is made anew.

    Errors: UserError for a file that is no such list; Conflict once the campaign is submitted. Nothing stays of either.
    """
    file = _keep(campaign, upload)
    try:
        entries = selectors.read_exclusions(campaign, file, kind=kind).entries
        with transaction.atomic():
            held = _held(campaign, *CHANGEABLE)
            exclusion = Exclusion.objects.create(
                campaign=held,
                kind=kind,
                name=str(upload.name)[:200],
                file=str(file.relative_to(settings.ENVIRONMENT.folder)),
                customers=entries["customer_id"].n_unique(),
                added_by=person,
            )
            _make(person, held)
            record(
                person,
                "added an exclusion list",
                "campaign",
                held.id,
                details={"kind": kind, "list": str(exclusion.id)},
            )
    except Exception:
        shutil.rmtree(file.parent)
        raise
    return exclusion


def take_back_exclusion(person: Any, exclusion: Exclusion) -> None:
    """Heed a list no longer; the campaign is made anew. Errors: Conflict once submitted, or when it was taken back."""
    with transaction.atomic():
        held = _held(exclusion.campaign, *CHANGEABLE)
        if not Exclusion.objects.filter(id=exclusion.id, taken_back_at=None).update(taken_back_at=timezone.now()):
            raise Conflict("This list was taken back already.")
        _make(person, held)
        record(person, "took back an exclusion list", "campaign", held.id, details={"list": str(exclusion.id)})


def submit(person: Any, campaign: Campaign) -> Campaign:
    """The campaign, which waits for somebody else's decision. Errors: Conflict unless it is a draft."""
    with transaction.atomic():
        held = _held(campaign, State.DRAFT)
        _move(held, State.SUBMITTED, submitted_at=timezone.now())
        record(person, "submitted", "campaign", held.id)
    return held


def withdraw(person: Any, campaign: Campaign) -> Campaign:
    """The campaign, a draft again. Errors: Conflict unless it waits for a decision."""
    with transaction.atomic():
        held = _held(campaign, State.SUBMITTED)
        _move(held, State.DRAFT, submitted_at=None)
        record(person, "withdrew", "campaign", held.id)
    return held


def decide(person: Any, campaign: Campaign, *, approved: bool, note: str) -> Campaign:
    """The campaign, approved or rejected. Errors: Conflict unless it waits; Refused to the one who made it."""
    with transaction.atomic():
        held = _held(campaign, State.SUBMITTED)
        if held.made_by_id == person.pk:
            raise Refused("You made this campaign, so somebody else decides on it.")
        state = State.APPROVED if approved else State.REJECTED
        _move(held, state, decided_by=person, decided_at=timezone.now(), decision_note=note)
        record(person, str(state), "campaign", held.id, details={"checksum": held.checksum})
    return held


def export(person: Any, campaign: Campaign, *, file_format: str) -> Path:
    """The approved list as a file, recorded as an export.

    Errors: Conflict unless it is approved, or when the file is not what was approved.
    """
    from affluence.data.writing import checksum

    if campaign.state != State.APPROVED:
        raise Conflict("Only an approved campaign is exported. Submit it, and have somebody else approve it.")
    file = selectors.folder_of(campaign) / f"list.{file_format}"
    if not file.is_file() or checksum(file.read_bytes()) != campaign.summary["files"][file.name]:
        raise Conflict("The file is not the list that was approved. Tell the operator; the record has its checksum.")
    record(
        person,
        "exported",
        "campaign",
        campaign.id,
        details={"format": file_format, "customers": campaign.summary["rows"]["written"]},
    )
    return file


def assign(person: Any, campaign: Campaign, *, shares: Mapping[str, int]) -> int:
    """How many customers of an approved list were handed out: in turns from the best, so that no manager gets the rest.

    `shares` are the most customers by name of a relationship manager. Who was handed out before keeps their manager.

    Errors: Conflict unless approved; Refused for a name that is no relationship manager of the team.
    """
    managers = {name: _manager(campaign, name) for name in shares}
    with transaction.atomic():
        held = _held(campaign, State.APPROVED)
        taken = set(held.assignments.values_list("rank", flat=True))
        ranks = [rank for rank in selectors.people_of(held)["rank"].to_list() if rank not in taken]
        dealt = [
            Assignment(campaign=held, rank=rank, manager=managers[name])
            for rank, name in zip(ranks, _turns(shares), strict=False)
        ]
        Assignment.objects.bulk_create(dealt, batch_size=1_000)
        record(person, "assigned", "campaign", held.id, details={"customers": len(dealt), "managers": len(managers)})
    return len(dealt)


def say(person: Any, assignment: Assignment, *, answer: str) -> Disposition:
    """What came of a contact; what was said before counts no longer."""
    with transaction.atomic():
        said = Disposition.objects.create(assignment=assignment, answer=answer, given_by=person)
        record(person, "said what came of it", "campaign", assignment.campaign_id, details={"disposition": said.id})
    return said


def take_back(person: Any, disposition: Disposition) -> None:
    """Let what was said count no longer. Errors: Conflict when it was taken back already."""
    with transaction.atomic():
        now = timezone.now()
        if not Disposition.objects.filter(id=disposition.id, taken_back_at=None).update(taken_back_at=now):
            raise Conflict("This was taken back already.")
        campaign = disposition.assignment.campaign_id
        record(person, "took back what came of it", "campaign", campaign, details={"disposition": disposition.id})


def add_outcomes(person: Any, campaign: Campaign, *, upload: "File[bytes] | None") -> Outcomes:
    """What came of an approved campaign, from a file or, without one, from what relationship managers said.

    A worker measures what it brought. Errors: Conflict unless approved; UserError for a file that is no outcomes.
    """
    from affluence.data.outcome_files import read_outcomes

    if campaign.state != State.APPROVED:
        raise Conflict("Only an approved campaign has outcomes.")
    folder = ""
    if upload is not None:
        file = _keep(campaign, upload)
        folder = str(file.parent.relative_to(settings.ENVIRONMENT.folder))
        try:
            read_outcomes(file, contract=selectors.contract_of(campaign))
        except Exception:
            shutil.rmtree(file.parent)
            raise
    elif not selectors.standing_dispositions(campaign):
        raise Conflict("No relationship manager said yet what came of a contact. Upload a file of outcomes, or wait.")
    with transaction.atomic():
        outcomes = Outcomes.objects.create(
            campaign=campaign,
            name=str(upload.name)[:200] if upload else "what relationship managers said",
            upload=folder,
            added_by=person,
        )
        outcomes.job = enqueue("measure a lift", outcomes.id, asked_by=person)
        outcomes.save(update_fields=["job"])
        record(person, "added outcomes", "campaign", campaign.id, details={"outcomes": str(outcomes.id)})
    return outcomes


def _require_sound(capacity: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Say now what a worker would say later. Errors: UserError."""
    from affluence.deciding import campaign_settings
    from affluence.decision.capacity import Capacity

    asked = {name: value for name, value in capacity.items() if value is not None}
    if asked:
        Capacity(**asked)
    campaign_settings({**options, "name": "a campaign"}, seed=int(options.get("seed", 0)))


def _make(person: Any, campaign: Campaign) -> None:
    """Have a worker make the campaign as it stands now."""
    campaign.job = enqueue("make a campaign", campaign.id, asked_by=person)
    _move(campaign, State.MAKING, job=campaign.job, problem="", folder="", summary={}, checksum="")


def _held(campaign: Campaign, *states: str) -> Campaign:
    """The campaign as it stands now, held for this transaction. Errors: Conflict in another state."""
    held = Campaign.objects.select_for_update(of=("self",)).select_related("run__dataset").get(id=campaign.id)
    if held.state not in states:
        raise Conflict(f"The campaign {held.get_state_display()}: this is not possible now.")
    return held


def _move(campaign: Campaign, state: str, **changes: Any) -> None:
    for field, value in {"state": state, **changes}.items():
        setattr(campaign, field, value)
    campaign.save(update_fields=["state", *changes])


def _keep(campaign: Campaign, upload: "File[bytes]") -> Path:
    """The uploaded file in a folder of its own."""
    file: Path = settings.ENVIRONMENT.folder / "campaigns" / str(campaign.id) / str(uuid4()) / selectors.SHEET
    file.parent.mkdir(parents=True)
    with file.open("wb") as kept:
        for chunk in upload.chunks():
            kept.write(chunk)
    return file


def _manager(campaign: Campaign, name: str) -> User:
    found = User.objects.filter(
        username=name, team_id=campaign.team_id, role=Role.RELATIONSHIP_MANAGER, is_active=True
    ).first()
    if found is None:
        raise Refused(f"No relationship manager of your team is called '{name}'.")
    return found


def _turns(shares: Mapping[str, int]) -> Sequence[str]:
    """The names in turns, each as often as its share."""
    most = max(shares.values(), default=0)
    return [name for turn in range(most) for name, share in shares.items() if turn < share]
