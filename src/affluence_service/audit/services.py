"""Writing the record, sealing it, and checking that nothing of it was changed since."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from affluence_service.audit.models import Entry, Seal

BEGINNING = "0" * 64
BATCH = 1_000
# Any number that nothing else in the database locks by.
SEALING = 7_301_948


@dataclass(frozen=True)
class Actor:
    """Who acts: a person of a team, or a part of the system."""

    name: str
    public_id: Any = None
    team_id: Any = None


SYSTEM = Actor("system")


@dataclass(frozen=True)
class Verification:
    """What a check of the chain found: sealed and unsealed entries, and what does not hold."""

    seals: int
    sealed: int
    unsealed: int
    head: str
    faults: tuple[str, ...]


def record(
    actor: Any, action: str, object_kind: str, object_id: Any, *, details: Mapping[str, Any] | None = None
) -> Entry:
    """The entry, written in the caller's transaction: the act and its record stand or fall together.

    `actor` is a signed-in user or an `Actor`. `details` hold counts, states and reasons, never a customer.
    """
    acted = actor if isinstance(actor, Actor) else Actor(actor.get_username(), actor.public_id, actor.team_id)
    return Entry.objects.create(
        at=timezone.now(),
        actor=acted.name,
        actor_id=acted.public_id,
        team_id=acted.team_id,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        details=dict(details or {}),
    )


def seal_entries(*, batch: int = BATCH) -> int:
    """How many entries were sealed: all that were not, in batches of at most `batch`.

    An entry that was begun before others and committed after they were sealed is sealed with a later batch.
    """
    sealed = 0
    while True:
        with transaction.atomic():
            _wait_for_turn()
            last = Seal.objects.order_by("-number").first()
            entries = list(Entry.objects.filter(seal=None).order_by("id")[:batch])
            if not entries:
                return sealed
            _seal(last, entries)
        sealed += len(entries)


def verify() -> Verification:
    """What holds of the chain, entry by entry, and what does not."""
    faults: list[str] = []
    before, sealed, expected = BEGINNING, 0, 1
    for seal in Seal.objects.order_by("number").iterator():
        entries = list(seal.sealed.order_by("id"))
        sealed += len(entries)
        faults += _faults(seal, entries, before=before, number=expected)
        before, expected = seal.digest, seal.number + 1
    return Verification(
        seals=Seal.objects.count(),
        sealed=sealed,
        unsealed=Entry.objects.filter(seal=None).count(),
        head=before,
        faults=tuple(faults),
    )


def _faults(seal: Seal, entries: list[Entry], *, before: str, number: int) -> Iterable[str]:
    if seal.number != number:
        yield f"Seal {number} is missing: seal {seal.number} follows seal {number - 1}."
    if seal.before != before:
        yield f"Seal {seal.number} does not continue the seal before it."
    if len(entries) != seal.entries:
        yield f"Seal {seal.number} was over {seal.entries:,} entries, of which {len(entries):,} are left."
    elif _digest(seal.before, entries) != seal.digest:
        yield f"An entry between {seal.first_id} and {seal.last_id} was changed after it was sealed."


def _wait_for_turn() -> None:
    """Let one sealer at a time continue, to the end of its transaction. On SQLite a transaction is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING])


def _seal(last: Seal | None, entries: list[Entry]) -> None:
    before = last.digest if last else BEGINNING
    seal = Seal.objects.create(
        number=last.number + 1 if last else 1,
        made_at=timezone.now(),
        entries=len(entries),
        first_id=entries[0].id,
        last_id=entries[-1].id,
        before=before,
        digest=_digest(before, entries),
    )
    Entry.objects.filter(id__in=[entry.id for entry in entries]).update(seal=seal)


def _digest(before: str, entries: Iterable[Entry]) -> str:
    chain = hashlib.sha256(before.encode())
    for entry in entries:
        chain.update(_canonical(entry).encode())
    return chain.hexdigest()


def _canonical(entry: Entry) -> str:
    """The entry as one line that any reader would write the same."""
    parts = {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "actor_id": str(entry.actor_id),
        "team_id": str(entry.team_id),
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "details": entry.details,
    }
    return json.dumps(parts, sort_keys=True, separators=(",", ":")) + "\n"
