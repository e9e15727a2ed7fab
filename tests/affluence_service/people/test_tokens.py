"""Tokens: shown once, with an end, and refused once they or their person are off."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from affluence_service.audit.models import Entry
from affluence_service.people import services
from affluence_service.people.models import Token, User

pytestmark = pytest.mark.django_db


def asking(text: str, address: str = "/api/v1/me"):
    return APIClient().get(address, HTTP_AUTHORIZATION=f"Token {text}")


@pytest.fixture
def token(analyst) -> tuple[Token, str]:
    return services.issue_token(analyst, analyst, name="machine", days=1)


def test_a_token_is_shown_once_and_works(acting, analyst) -> None:
    answer = acting(analyst).post("/api/v1/tokens", {"name": "notebook", "days": 7}, format="json")
    assert answer.status_code == 201
    text = answer.json()["token"]
    assert asking(text).json()["name"] == "analyst"
    listed = acting(analyst).get("/api/v1/tokens")
    assert text not in listed.content.decode()
    assert [line["name"] for line in listed.json()["results"]] == ["notebook"]
    assert not Token.objects.filter(digest__contains=text).exists()


def test_a_token_that_ran_out_is_refused(token) -> None:
    Token.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert asking(token[1]).status_code == 401


def test_a_revoked_token_is_refused(acting, analyst, token) -> None:
    assert acting(analyst).delete(f"/api/v1/tokens/{token[0].public_id}").status_code == 204
    assert asking(token[1]).status_code == 401


def test_the_token_of_who_is_switched_off_is_refused(administrator, analyst, token) -> None:
    User.objects.filter(id=analyst.id).update(is_active=False)
    assert asking(token[1]).status_code == 401


def test_who_is_switched_on_again_has_no_old_tokens(administrator, analyst, token) -> None:
    services.change_person(administrator, analyst, active=False)
    services.change_person(administrator, analyst, active=True)
    assert asking(token[1]).status_code == 401


@pytest.mark.parametrize("text", ["", "x", "a b", "\x00", "é", "0" * 64, "9" * 10_000])
def test_what_is_no_token_is_refused_in_the_one_shape(db, text: str) -> None:
    answer = asking(text)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_costs_one_query_and_writes_once_an_hour(token) -> None:
    for _ in range(3):
        services.issue_token(token[0].user, token[0].user, name="another", days=1)
    asking(token[1])
    first = Token.objects.get(digest=token[0].digest).last_used_at
    with CaptureQueriesContext(
        connection,
    ) as queries:
        asking(token[1])
    about = [query["sql"] for query in queries if "people_token" in query["sql"]]
    assert len(about) == 1
    assert about[0].startswith("SELECT")
    assert Token.objects.get(digest=token[0].digest).last_used_at == first
    Token.objects.update(last_used_at=timezone.now() - timedelta(hours=2))
    asking(token[1])
    assert Token.objects.get(digest=token[0].digest).last_used_at >= first


def test_a_token_issues_no_tokens_and_changes_no_password(token) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token[1]}")
    assert client.post("/api/v1/tokens", {"name": "mine", "days": 90}, format="json").status_code == 403
    assert client.post("/api/v1/me/password", {"old": "a", "new": "b"}, format="json").status_code == 403


def test_one_sees_and_revokes_ones_own_tokens_alone(acting, administrator, token) -> None:
    assert acting(administrator).get("/api/v1/tokens").json()["count"] == 0
    assert acting(administrator).delete(f"/api/v1/tokens/{token[0].public_id}").status_code == 404


@pytest.mark.parametrize("days", [0, 91, 10**30])
def test_a_token_lasts_no_longer_than_the_operator_allows(acting, analyst, days: int) -> None:
    answer = acting(analyst).post("/api/v1/tokens", {"name": "notebook", "days": days}, format="json")
    assert answer.status_code in {400, 422}
    assert not Token.objects.exists()


def test_issuing_and_revoking_are_recorded(analyst, token) -> None:
    services.revoke_token(analyst, token[0])
    told = list(Entry.objects.order_by("id").values_list("action", "object_id"))
    assert told == [("issued a token", str(token[0].public_id)), ("revoked a token", str(token[0].public_id))]
