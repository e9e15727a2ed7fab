"""Signing in: sessions and CSRF, lockout, passwords, and what the record says of each."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import override_settings
from rest_framework.test import APIClient
from tests.affluence_service.conftest import PASSWORD

from affluence_service.audit.models import Entry
from affluence_service.people import services
from affluence_service.people.models import User

pytestmark = pytest.mark.django_db
NEW = "another long enough passphrase"


@pytest.fixture
def browser() -> APIClient:
    """A browser: it keeps cookies, and its requests are held to CSRF."""
    return APIClient(enforce_csrf_checks=True)


def signing_in(browser: APIClient, name: str, password: str = PASSWORD):
    token = browser.get("/api/v1/session").json()["csrf_token"]
    return browser.post("/api/v1/session", {"name": name, "password": password}, format="json", HTTP_X_CSRFTOKEN=token)


def recorded() -> list[tuple[str, str]]:
    return list(Entry.objects.order_by("id").values_list("actor", "action"))


def test_a_session_is_opened_and_closed(browser, analyst) -> None:
    answer = signing_in(browser, "analyst")
    assert answer.status_code == 200
    assert answer.json()["name"] == "analyst"
    assert browser.get("/api/v1/me").status_code == 200
    token = browser.get("/api/v1/session").json()["csrf_token"]
    assert browser.delete("/api/v1/session", HTTP_X_CSRFTOKEN=token).status_code == 204
    assert browser.get("/api/v1/me").status_code == 401
    assert recorded() == [("analyst", "signed in"), ("analyst", "signed out")]


def test_signing_in_from_another_site_is_refused(browser, analyst) -> None:
    answer = browser.post("/api/v1/session", {"name": "analyst", "password": PASSWORD}, format="json")
    assert answer.status_code == 403
    assert answer.json()["type"] == "csrf_failed"


def test_a_session_writes_nothing_without_the_token_of_our_page(browser, administrator) -> None:
    signing_in(browser, "administrator")
    wish = {"name": "somebody", "role": "analyst"}
    assert browser.post("/api/v1/people", wish, format="json").status_code == 403
    token = browser.get("/api/v1/session").json()["csrf_token"]
    assert browser.post("/api/v1/people", wish, format="json", HTTP_X_CSRFTOKEN=token).status_code == 201


def test_the_cookies_stay_out_of_reach_of_scripts_and_other_sites(browser, analyst) -> None:
    signing_in(browser, "analyst")
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert browser.cookies[settings.CSRF_COOKIE_NAME]["samesite"] == "Strict"


@pytest.mark.parametrize("name", ["analyst", "nobody"])
def test_a_wrong_password_says_no_more_of_a_known_name_than_of_an_unknown_one(browser, analyst, name: str) -> None:
    answer = signing_in(browser, name, "not the password")
    assert answer.status_code == 401
    assert answer.json()["detail"] == services.WRONG


def test_the_sixth_try_is_refused_even_with_the_right_password_and_says_how_long(browser, analyst) -> None:
    assert [signing_in(browser, "analyst", "wrong").status_code for _ in range(5)] == [401] * 4 + [429]
    answer = signing_in(browser, "analyst")
    assert answer.status_code == 429
    assert "locked for another 15 minutes" in answer.json()["detail"]
    assert 0 < int(answer["Retry-After"]) <= 900
    assert recorded()[-1][1] == "was locked out"


def test_a_lock_ends_with_its_time(browser, analyst) -> None:
    for _ in range(5):
        signing_in(browser, "analyst", "wrong")
    for attempt in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(id=attempt.id).update(attempt_time=attempt.attempt_time - timedelta(minutes=16))
    assert signing_in(browser, "analyst").status_code == 200


def test_a_lock_is_of_one_name_alone(browser, analyst, approver) -> None:
    for _ in range(5):
        signing_in(browser, "analyst", "wrong")
    assert signing_in(browser, "approver").status_code == 200


def test_signing_in_forgets_the_failures_before(browser, analyst) -> None:
    for _ in range(2):
        assert [signing_in(browser, "analyst", "wrong").status_code for _ in range(4)] == [401] * 4
        assert signing_in(browser, "analyst").status_code == 200


def test_a_name_that_may_be_a_password_is_kept_nowhere(browser, db) -> None:
    typed = "my secret typed in the wrong field"
    signing_in(browser, typed, "x")
    kept = [str(list(table.objects.values())) for table in (Entry, AccessAttempt)]
    assert not any(typed in text for text in kept)
    assert recorded() == [(services.STRANGER, "failed to sign in")]


def test_a_failure_is_told_to_the_team_of_the_account(browser, analyst, approver, acting) -> None:
    signing_in(browser, "analyst", "wrong")
    told = acting(approver).get("/api/v1/audit").json()["results"]
    assert [(entry["action"], entry["object_id"]) for entry in told] == [("failed to sign in", str(analyst.public_id))]


def test_who_is_switched_off_cannot_sign_in_and_loses_the_session(browser, analyst) -> None:
    signing_in(browser, "analyst")
    User.objects.filter(id=analyst.id).update(is_active=False)
    assert browser.get("/api/v1/me").status_code == 401
    assert signing_in(APIClient(enforce_csrf_checks=True), "analyst").status_code == 401


def change(browser: APIClient, old: str, new: str):
    token = browser.get("/api/v1/session").json()["csrf_token"]
    return browser.post("/api/v1/me/password", {"old": old, "new": new}, format="json", HTTP_X_CSRFTOKEN=token)


def test_a_password_that_others_saw_is_changed_before_anything_else(browser, administrator) -> None:
    _, first = services.add_person(administrator, name="newcomer", team=administrator.team, role="administrator")
    assert signing_in(browser, "newcomer", first).json()["must_change_password"] is True
    for address in ("/api/v1/people", "/api/v1/tokens"):
        answer = browser.get(address)
        assert (answer.status_code, answer.json()["type"]) == (403, "password_change_needed")
    assert change(browser, first, NEW).status_code == 204
    assert browser.get("/api/v1/people").status_code == 200
    assert browser.get("/api/v1/me").json()["must_change_password"] is False


def test_a_changed_password_ends_the_other_sessions(browser, analyst) -> None:
    other = APIClient(enforce_csrf_checks=True)
    signing_in(other, "analyst")
    signing_in(browser, "analyst")
    assert change(browser, PASSWORD, NEW).status_code == 204
    assert browser.get("/api/v1/me").status_code == 200
    assert other.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("short", "too short"),
        ("123456789012345", "entirely numeric"),
        ("1q2w3e4r5t6y", "too common"),
        ("administrator1", "too similar to the username"),
        (PASSWORD, "is the old one"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(browser, administrator, new: str, told: str) -> None:
    signing_in(browser, "administrator")
    answer = change(browser, PASSWORD, new)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_guessing_the_old_password_locks_too(browser, analyst) -> None:
    signing_in(browser, "analyst")
    assert [change(browser, "guess", NEW).status_code for _ in range(5)] == [422] * 4 + [429]


def test_a_set_password_unlocks_and_ends_sessions_and_tokens(browser, analyst, administrator) -> None:
    signing_in(browser, "analyst")
    services.issue_token(analyst, analyst, name="machine", days=1)
    for _ in range(5):
        signing_in(APIClient(enforce_csrf_checks=True), "analyst", "wrong")
    first = services.set_password(administrator, analyst)
    assert browser.get("/api/v1/me").status_code == 401
    assert not analyst.auth_token_set.exists()
    assert signing_in(browser, "analyst", first).status_code == 200


def test_strangers_are_slowed_down_in_the_one_shape(acting: Callable[..., APIClient], db, monkeypatch) -> None:
    from django.core.cache import cache
    from rest_framework.throttling import AnonRateThrottle

    cache.clear()
    monkeypatch.setattr(AnonRateThrottle, "THROTTLE_RATES", {"anon": "2/minute"})
    answers = [acting().get("/api/v1/session", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Content-Type"] == "application/problem+json"
    assert answers[-1].json()["title"] == "Too many requests"
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    cache.clear()


@override_settings(SECURE_SSL_REDIRECT=True)
def test_plain_http_is_sent_to_https(browser, db) -> None:
    answer = browser.get("/api/v1/session")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/api/v1/session")
