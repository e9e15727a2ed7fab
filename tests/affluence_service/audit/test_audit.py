"""The record: written with the act, sealed in a chain, and every change of it found."""

import pytest
from django.db import transaction

from affluence_service.audit.models import Entry, Seal
from affluence_service.audit.services import SYSTEM, record, seal_entries, verify

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    for number in range(count):
        record(SYSTEM, "looked at", "dataset", number, details={"rows": number})


def test_entries_are_sealed_once_in_batches() -> None:
    write(5)
    assert seal_entries(batch=2) == 5
    assert seal_entries(batch=2) == 0
    assert [seal.entries for seal in Seal.objects.order_by("number")] == [2, 2, 1]
    assert verify().faults == ()
    assert verify().sealed == 5


def test_what_is_not_sealed_yet_is_counted() -> None:
    write(2)
    seal_entries()
    write(3)
    found = verify()
    assert (found.sealed, found.unsealed) == (2, 3)


@pytest.mark.parametrize("field", ["actor", "action", "object_id", "details", "at"])
def test_a_changed_entry_is_found(field: str) -> None:
    write(4)
    seal_entries(batch=2)
    entry = Entry.objects.order_by("id")[2]
    values = {"details": {"rows": 99}, "at": entry.at.replace(year=2001)}
    Entry.objects.filter(id=entry.id).update(**{field: values.get(field, "somebody else")})
    assert verify().faults == (f"An entry between {entry.id} and {entry.id + 1} was changed after it was sealed.",)


def test_a_removed_entry_is_found() -> None:
    write(3)
    seal_entries()
    Entry.objects.order_by("id").first().delete()
    assert verify().faults == ("Seal 1 was over 3 entries, of which 2 are left.",)


def test_a_removed_seal_is_found() -> None:
    write(3)
    seal_entries(batch=1)
    Entry.objects.filter(seal_id=2).delete()
    Seal.objects.filter(number=2).delete()
    assert "Seal 2 is missing: seal 3 follows seal 1." in verify().faults


def test_a_cut_off_end_shows_in_the_last_digest() -> None:
    write(2)
    seal_entries(batch=1)
    before = verify().head
    Entry.objects.filter(seal_id=2).delete()
    Seal.objects.filter(number=2).delete()
    assert verify().faults == ()
    assert verify().head != before


def test_the_record_falls_with_the_act() -> None:
    def act() -> None:
        with transaction.atomic():
            record(SYSTEM, "began", "run", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert not Entry.objects.exists()


def test_the_team_reads_its_own_record_alone(acting, approver, outsider, analyst) -> None:
    record(analyst, "uploaded", "dataset", 1)
    record(outsider, "uploaded", "dataset", 2)
    answer = acting(approver).get("/api/v1/audit")
    assert [entry["object_id"] for entry in answer.json()["results"]] == ["1"]
    assert acting(analyst).get("/api/v1/audit").status_code == 403
    assert acting().get("/api/v1/audit").status_code == 401
