"""The record: written with the act, sealed in a chain, and every change of it found."""

import importlib
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from affluence_service.audit.models import Entry, Seal
from affluence_service.audit.services import SYSTEM, record, seal_entries, verify

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    for number in range(count):
        record(SYSTEM, "looked at", "dataset", number, details={"rows": number})


@pytest.fixture
def unguarded(db) -> None:
    """A database whose owner took the guard away, as who wants to change the record would."""
    guarding = importlib.import_module("affluence_service.audit.migrations.0002_sealed_stays")
    with connection.cursor() as cursor:
        for statement in guarding.lifts(connection.vendor):
            cursor.execute(statement)


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
def test_a_changed_entry_is_found(unguarded, field: str) -> None:
    write(4)
    seal_entries(batch=2)
    entry = Entry.objects.order_by("id")[2]
    values = {"details": {"rows": 99}, "at": entry.at.replace(year=2001)}
    Entry.objects.filter(id=entry.id).update(**{field: values.get(field, "somebody else")})
    assert verify().faults == (f"An entry between {entry.id} and {entry.id + 1} was changed after it was sealed.",)


def test_a_removed_entry_is_found(unguarded) -> None:
    write(3)
    seal_entries()
    Entry.objects.order_by("id").first().delete()
    assert verify().faults == ("Seal 1 was over 3 entries, of which 2 are left.",)


def test_a_removed_seal_is_found(unguarded) -> None:
    write(3)
    seal_entries(batch=1)
    Entry.objects.filter(seal_id=2).delete()
    Seal.objects.filter(number=2).delete()
    assert "Seal 2 is missing: seal 3 follows seal 1." in verify().faults


def test_a_cut_off_end_shows_in_the_last_digest(unguarded) -> None:
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


@pytest.mark.parametrize("table", [Entry, Seal])
def test_the_database_refuses_to_delete_what_is_sealed(table) -> None:
    write(1)
    seal_entries()
    with pytest.raises(IntegrityError, match="What is sealed stays"), transaction.atomic():
        table.objects.all()._raw_delete("default")
    assert verify().sealed == 1


@pytest.mark.parametrize(
    ("table", "change"), [(Entry, {"actor": "nobody"}), (Entry, {"seal": None}), (Seal, {"digest": ""})]
)
def test_the_database_refuses_to_change_what_is_sealed(table, change) -> None:
    write(1)
    seal_entries()
    with pytest.raises(IntegrityError, match="What is sealed stays"), transaction.atomic():
        table.objects.update(**change)
    assert verify().faults == ()


def test_the_chain_is_checked_over_http(acting, approver, analyst) -> None:
    write(3)
    seal_entries()
    answer = acting(approver).get("/api/v1/audit/verification").json()
    assert (answer["holds"], answer["seals"], answer["sealed"], answer["faults"]) == (True, 1, 3, [])
    assert answer["head"] == verify().head
    assert acting(analyst).get("/api/v1/audit/verification").status_code == 403


def test_a_broken_chain_is_told_over_http(unguarded, acting, approver) -> None:
    write(3)
    seal_entries()
    Entry.objects.filter(id=Entry.objects.first().id).update(actor="nobody")
    answer = acting(approver).get("/api/v1/audit/verification").json()
    assert answer["holds"] is False
    assert len(answer["faults"]) == 1


only_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")


def in_another_connection(act) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_committed_late_is_sealed_later() -> None:
    begun, sealed = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            record(SYSTEM, "was slow", "dataset", 0)
            begun.set()
            assert sealed.wait(30)

    thread = in_another_connection(late)
    assert begun.wait(30)
    write(2)
    assert seal_entries() == 2
    sealed.set()
    thread.join(30)
    assert Entry.objects.get(seal=None).id < Entry.objects.exclude(seal=None).latest("id").id
    assert seal_entries() == 1
    found = verify()
    assert (found.seals, found.sealed, found.unsealed, found.faults) == (2, 3, 0, ())


@only_postgres
@pytest.mark.django_db(transaction=True)
def test_several_sealers_at_once_make_one_chain() -> None:
    write(60)
    threads = [in_another_connection(lambda: seal_entries(batch=3)) for _ in range(4)]
    for thread in threads:
        thread.join(60)
    found = verify()
    assert (found.seals, found.sealed, found.faults) == (20, 60, ())
