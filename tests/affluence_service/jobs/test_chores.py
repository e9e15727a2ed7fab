"""What is done every so often: when it is due, by one, and again after it failed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affluence_service.audit.models import Entry
from affluence_service.audit.services import SYSTEM, record
from affluence_service.jobs import chores
from affluence_service.jobs.models import Chore

pytestmark = pytest.mark.django_db
COUNTED, FAULTY = f"{__name__}.counted", f"{__name__}.faulty"
SEAL = "affluence_service.audit.services.seal_entries"
DONE: list[str] = []


def counted() -> None:
    DONE.append("counted")


def faulty() -> None:
    raise ValueError("C-1234567 is not sealed")


@pytest.fixture(autouse=True)
def _none_done() -> None:
    DONE.clear()


@pytest.fixture
def due() -> Callable[[], None]:
    """Lets time pass."""

    def pass_time() -> None:
        Chore.objects.update(due_at=timezone.now() - timedelta(seconds=1))

    return pass_time


def test_a_chore_is_done_when_it_is_due_and_not_before(settings: Any, due: Callable[[], None]) -> None:
    settings.CHORES = {COUNTED: 60}
    assert chores.do_due() == [COUNTED]
    assert chores.do_due() == []
    due()
    assert chores.do_due() == [COUNTED]
    assert DONE == ["counted", "counted"]


def test_a_chore_that_another_is_at_is_not_begun(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHORES = {COUNTED: 0}
    inside: list[list[str]] = []

    def meanwhile() -> None:
        inside.append(chores.do_due())

    monkeypatch.setitem(globals(), "counted", meanwhile)
    assert chores.do_due() == [COUNTED]
    assert inside == [[]]


def test_a_chore_that_fails_is_logged_without_its_words_and_comes_again(
    settings: Any, due: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHORES = {FAULTY: 60, COUNTED: 60}
    assert chores.do_due() == [COUNTED]
    assert "ValueError" in caplog.text
    assert "C-1234567" not in caplog.text
    caplog.clear()
    due()
    chores.do_due()
    assert "ValueError" in caplog.text


def test_the_record_of_actions_is_sealed_as_a_chore(settings: Any) -> None:
    assert settings.CHORES[SEAL] <= 60
    record(SYSTEM, "tried", "nothing", 0)
    settings.CHORES = {SEAL: settings.CHORES[SEAL]}
    chores.do_due()
    assert not Entry.objects.filter(seal=None).exists()


def test_every_chore_of_the_settings_can_be_done(settings: Any) -> None:
    assert sorted(chores.do_due()) == sorted(settings.CHORES)
