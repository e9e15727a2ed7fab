"""The operator's verbs for teams, people and tokens."""

import pytest
from click.testing import CliRunner, Result
from rest_framework.test import APIClient

from affluence_service.audit.models import Entry
from affluence_service.people.models import Team, Token, User
from affluence_service.verbs import main

pytestmark = pytest.mark.django_db


def verb(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=given)


@pytest.fixture
def newcomer(db) -> str:
    """The password of a newcomer."""
    assert verb("teams", "add", "Branch").exit_code == 0
    done = verb("people", "add", "newcomer", "--team", "Branch", "--role", "administrator")
    assert done.exit_code == 0
    return done.stdout.splitlines()[-1]


def test_the_first_administrator_comes_from_the_terminal(newcomer) -> None:
    person = User.objects.get()
    assert person.check_password(newcomer)
    assert person.must_change_password
    assert str(person.team) == "Branch"
    entries = Entry.objects.order_by("id")
    assert {entry.actor for entry in entries} == {"operator"}
    assert {entry.team_id for entry in entries} == {Team.objects.get().id}


def test_a_password_from_standard_input_is_not_shown_and_stays(db) -> None:
    verb("teams", "add", "Branch")
    word = "correct horse battery staple"
    arguments = ("people", "add", "newcomer", "--team", "Branch", "--role", "analyst", "--password-from-stdin")
    done = verb(*arguments, given=f"{word}\n")
    assert done.exit_code == 0
    assert word not in done.output
    assert User.objects.get().check_password(word)
    assert not User.objects.get().must_change_password


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (("teams", "add", "Branch"), "", "There is a team 'Branch' already."),
        (("people", "add", "newcomer", "--team", "Branch", "--role", "analyst"), "", "Somebody is called 'newcomer'"),
        (("people", "add", "other", "--team", "Moon", "--role", "analyst"), "", "There is no team 'Moon'."),
        (("people", "disable", "nobody"), "", "Nobody is called 'nobody'."),
        (("people", "password", "newcomer", "--password-from-stdin"), "short\n", "too short"),
        (("people", "password", "newcomer", "--password-from-stdin"), "", "No password came on standard input."),
        (("tokens", "issue", "newcomer", "--name", "x", "--days", "1000"), "", "A token lasts from 1 to 90 days"),
        (("tokens", "revoke", "00000000-0000-0000-0000-000000000000"), "", "There is no token"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(newcomer, arguments, given: str, told: str) -> None:
    done = verb(*arguments, given=given)
    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output


def test_a_token_is_issued_listed_and_revoked(newcomer) -> None:
    issued = verb("tokens", "issue", "newcomer", "--name", "nightly", "--days", "2")
    text = issued.stdout.splitlines()[-1]
    listed = verb("tokens", "list", "--of", "newcomer").output
    assert "nightly" in listed
    assert text not in listed
    assert APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Token {text}").status_code == 200
    assert verb("tokens", "revoke", str(Token.objects.get().public_id)).exit_code == 0
    assert APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Token {text}").status_code == 401


def test_people_are_changed_switched_off_and_on_and_listed(newcomer) -> None:
    verb("teams", "add", "Moon")
    assert verb("people", "change", "newcomer", "--role", "analyst", "--team", "Moon").exit_code == 0
    assert "newcomer: analyst of Moon, signed in never" in verb("people", "list").output
    verb("people", "disable", "newcomer")
    assert "switched off" in verb("people", "list").output
    verb("people", "change", "newcomer", "--enable")
    assert User.objects.get().is_active
    assert "Moon: 1 people" in verb("teams", "list").output
