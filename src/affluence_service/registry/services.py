"""What is done about models: taken in, proposed, decided, rolled back; and the look-out for changes made elsewhere."""

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.services import SYSTEM, record
from affluence_service.datasets.contracts import contract_folders
from affluence_service.jobs.models import Job, State
from affluence_service.jobs.services import enqueue
from affluence_service.registry import shelf
from affluence_service.registry.models import Champion, ModelVersion, Proposal

TAKE_IN = "take in models"
# The jobs that take models in are about the registry as a whole.
REGISTRY = uuid.UUID(int=0)
RETRY_AFTER = timedelta(minutes=2)
OUTSIDE = "MLflow"


@dataclass(frozen=True)
class Taken:
    """What is known of a version that was copied from MLflow; `problem` says why it cannot serve."""

    name: str
    number: int
    contract: str
    fingerprint: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    usable: bool = False
    problem: str = ""


def watch() -> Job | None:
    """A job that takes models in, if MLflow or a contract changed since the last one, or MLflow is to be told of one.

    Cheap enough for every few seconds. One job at a time; after one that failed the next waits a while.
    """
    from affluence.adapters.mlflow_glance import glance

    last = Job.objects.filter(kind=TAKE_IN).order_by("-queued_at").first()
    if last is not None and not last.ended:
        return None
    if last is not None and last.state != State.DONE:
        return None if last.ended_at and last.ended_at + RETRY_AFTER > timezone.now() else take_in()
    known = None if last is None else last.result.get("seen")
    if known == sight(glance) and not Champion.objects.filter(told=False).exists():
        return None
    return take_in()


def take_in(*, asked_by: Any = None) -> Job:
    """A job that brings shelf and MLflow together, in the caller's transaction."""
    return enqueue(TAKE_IN, REGISTRY, asked_by=asked_by)


def sight(glance: Callable[[Path], str]) -> str:
    """A digest of what decides which versions can serve: MLflow's versions and aliases, and the contracts' files."""
    files = sorted(file for folder in contract_folders() for file in folder.glob("contract_*.yml"))
    stamps = [f"{file.name} {file.stat().st_mtime_ns}" for file in files]
    return hashlib.sha256("\n".join([glance(shelf.store_folder()), *stamps]).encode()).hexdigest()


def shelve(job_folder: str, taken: Iterable[Mapping[str, Any]]) -> None:
    """Put copied versions on the shelf: their files, and what is known of them.

    A version that could serve already is left as it is. A file's move is no part of a transaction; one that is undone
    leaves a folder that nothing points to, which the next job replaces.
    """
    home: Path = settings.ENVIRONMENT.folder
    for version in (Taken(**one) for one in taken):
        place = shelf.place_of(version.name, version.number)
        held = ModelVersion.objects.select_for_update().filter(name=version.name, number=version.number).first()
        if held is not None and held.usable:
            continue
        shutil.rmtree(home / place, ignore_errors=True)
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(home / job_folder / version.name / str(version.number), home / place)
        ModelVersion.objects.update_or_create(
            name=version.name,
            number=version.number,
            defaults={
                "contract": version.contract,
                "folder": str(place),
                "fingerprint": version.fingerprint,
                "metrics": version.metrics,
                "facts": version.facts,
                "usable": version.usable,
                "problem": version.problem,
            },
        )


def note_told(told: Mapping[str, int]) -> None:
    """Write down that MLflow's aliases stand where the champions do, unless they moved on meanwhile."""
    for name, number in told.items():
        Champion.objects.filter(name=name, version__number=number).update(told=True)


def follow(champions: Mapping[str, int]) -> None:
    """Let a champion follow MLflow's alias; not one that approvers moved, and never to a version that cannot serve."""
    for name, number in champions.items():
        held = Champion.objects.select_for_update().select_related("version").filter(name=name).first()
        version = ModelVersion.objects.filter(name=name, number=number, usable=True).first()
        if version is None or (held is not None and (not held.told or held.version_id == version.id)):
            continue
        _enthrone(version, decided_by=OUTSIDE, told=True)
        record(SYSTEM, "made champion", "model", version.id, details={"version": str(version), "where": OUTSIDE})


def propose(person: Any, version: ModelVersion, *, reason: str) -> Proposal:
    """A proposal that the version become champion.

    Errors: Conflict when it serves already, is proposed already, or cannot serve.
    """
    if not version.usable:
        raise Conflict(f"{version} cannot serve: {version.problem or 'it was not taken in yet.'}")
    if Champion.objects.filter(version=version).exists():
        raise Conflict(f"{version} is champion already.")
    with transaction.atomic():
        ModelVersion.objects.select_for_update().get(id=version.id)
        if Proposal.objects.filter(version=version, state=Proposal.State.OPEN).exists():
            raise Conflict(f"{version} is proposed already. Wait for the decision, or withdraw the proposal.")
        proposal = Proposal.objects.create(version=version, reason=reason, proposed_by=person)
        record(person, "proposed", "model", version.id, details={"version": str(version), "reason": reason})
    return proposal


def approve(person: Any, proposal: Proposal, *, note: str) -> Proposal:
    """The proposal, approved: its version serves from now on, and MLflow is told soon.

    Errors: Conflict when it is no longer open or its version cannot serve; Refused when it is the person's own.
    """
    with transaction.atomic():
        open_one = _decide(person, proposal, Proposal.State.APPROVED, note=note)
        version = open_one.version
        if not version.usable:
            raise Conflict(f"{version} cannot serve: {version.problem}")
        _enthrone(version, decided_by=person.get_username(), told=False)
        take_in(asked_by=person)
        record(person, "approved", "model", version.id, details={"version": str(version), "note": note})
    return open_one


def reject(person: Any, proposal: Proposal, *, note: str) -> Proposal:
    """The proposal, rejected. Errors: Conflict when it is no longer open; Refused when it is the person's own."""
    with transaction.atomic():
        open_one = _decide(person, proposal, Proposal.State.REJECTED, note=note)
        version = open_one.version
        record(person, "rejected", "model", version.id, details={"version": str(version), "note": note})
    return open_one


def withdraw(person: Any, proposal: Proposal) -> Proposal:
    """The proposal, withdrawn by who made it. Errors: Conflict when it is no longer open; Refused for anyone else."""
    with transaction.atomic():
        open_one = _open(proposal)
        if open_one.proposed_by_id != person.id:
            raise Refused("Only who made a proposal withdraws it. An approver can reject it.")
        _close(open_one, person, Proposal.State.WITHDRAWN, note="")
        record(person, "withdrew", "model", open_one.version_id, details={"version": str(open_one.version)})
    return open_one


def roll_back(person: Any, champion: Champion, *, reason: str) -> Champion:
    """The champion, back at the version before, from now on; MLflow is told soon.

    Errors: Conflict when there is no version before, or it cannot serve.
    """
    with transaction.atomic():
        held = Champion.objects.select_for_update().get(name=champion.name)
        if held.before is None or not held.before.usable:
            raise Conflict(f"{held.version} has no version before it that can serve. Propose one instead.")
        left = str(held.version)
        now = _enthrone(held.before, decided_by=person.get_username(), told=False)
        take_in(asked_by=person)
        details = {"from": left, "to": str(now.version), "reason": reason}
        record(person, "rolled back", "model", now.version_id, details=details)
    return now


def note_problem(version: ModelVersion, problem: str) -> None:
    """Write down why a version does not serve though it was chosen; once, not at every request."""
    with transaction.atomic():
        noted = ModelVersion.objects.filter(id=version.id).exclude(problem=problem).update(problem=problem)
        if noted:
            record(SYSTEM, "could not load", "model", version.id, details={"version": str(version)})


def _enthrone(version: ModelVersion, *, decided_by: str, told: bool) -> Champion:
    """The champion of the version's name, which is now that version; the one before it can return."""
    held = Champion.objects.select_for_update().select_related("version").filter(name=version.name).first()
    if held is not None and held.version_id == version.id:
        return held
    before = held.version if held is not None else None
    champion, _ = Champion.objects.update_or_create(
        name=version.name,
        defaults={
            "version": version,
            "before": before,
            "since": timezone.now(),
            "decided_by": decided_by,
            "told": told,
        },
    )
    return champion


def _decide(person: Any, proposal: Proposal, state: Proposal.State, *, note: str) -> Proposal:
    open_one = _open(proposal)
    if open_one.proposed_by_id == person.id:
        raise Refused("Nobody decides on their own proposal. Ask another approver.")
    _close(open_one, person, state, note=note)
    return open_one


def _open(proposal: Proposal) -> Proposal:
    held = Proposal.objects.select_for_update(of=("self",)).select_related("version").get(id=proposal.id)
    if held.state != Proposal.State.OPEN:
        raise Conflict(f"The proposal is not open any more: it is {held.get_state_display()}.")
    return held


def _close(proposal: Proposal, person: Any, state: Proposal.State, *, note: str) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.note = state, person, timezone.now(), note
    proposal.save(update_fields=("state", "decided_by", "decided_at", "note"))
