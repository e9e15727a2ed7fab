"""An administrator looks after the people of their own team, and nobody after themselves."""

import pytest

from affluence_service.access import Role
from affluence_service.api_errors import Refused
from affluence_service.audit.models import Entry
from affluence_service.people import services
from affluence_service.people.models import User

pytestmark = pytest.mark.django_db


def test_an_administrator_adds_somebody_to_their_own_team(acting, administrator) -> None:
    wish = {"name": "newcomer", "role": "analyst", "email": "new@bank.example"}
    answer = acting(administrator).post("/api/v1/people", wish, format="json")
    assert answer.status_code == 201
    told = answer.json()
    person = User.objects.get(username="newcomer")
    assert person.team == administrator.team
    assert person.check_password(told["password"])
    assert person.must_change_password
    entry = Entry.objects.get()
    assert (entry.actor, entry.action, entry.details) == ("administrator", "added", {"role": "analyst"})


def test_who_signs_in_elsewhere_has_no_password(acting, administrator) -> None:
    wish = {"name": "newcomer", "role": "analyst", "signs_in_elsewhere": True}
    assert acting(administrator).post("/api/v1/people", wish, format="json").json()["password"] == ""
    assert not User.objects.get(username="newcomer").has_usable_password()


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"name": "administrator"}, 409),
        ({"name": "Administrator"}, 409),
        ({"name": "a name with spaces"}, 422),
        ({"name": "a\x00b"}, 400),
        ({"name": "x" * 151}, 400),
        ({"role": "emperor"}, 400),
        ({"email": "no address"}, 400),
    ],
)
def test_a_person_who_cannot_be_added_is_refused(acting, administrator, wish, status: int) -> None:
    wish = {"name": "newcomer", "role": "analyst", **wish}
    answer = acting(administrator).post("/api/v1/people", wish, format="json")
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert User.objects.count() == 1


def test_a_change_of_role_is_recorded_with_the_role(acting, administrator, analyst) -> None:
    address = f"/api/v1/people/{analyst.public_id}"
    assert acting(administrator).patch(address, {"role": "approver"}, format="json").json()["role"] == "approver"
    assert Entry.objects.get().details == {"field": "role", "role": "approver"}


def test_a_change_that_changes_nothing_is_not_recorded(acting, administrator, analyst) -> None:
    acting(administrator).patch(f"/api/v1/people/{analyst.public_id}", {"role": "analyst"}, format="json")
    assert not Entry.objects.exists()


def test_people_of_another_team_are_not_there(acting, administrator, outsider) -> None:
    client, address = acting(administrator), f"/api/v1/people/{outsider.public_id}"
    assert client.get(address).status_code == 404
    assert client.patch(address, {"active": False}, format="json").status_code == 404
    assert client.post(f"{address}/password").status_code == 404
    assert client.patch(f"/api/v1/teams/{outsider.team_id}", {"name": "ours"}, format="json").status_code == 404
    assert {person["name"] for person in client.get("/api/v1/people").json()["results"]} == {"administrator"}
    assert [team["name"] for team in client.get("/api/v1/teams").json()["results"]] == ["Branch North"]


@pytest.mark.parametrize("change", [{"role": "analyst"}, {"active": False}])
def test_nobody_changes_themselves(acting, administrator, change) -> None:
    address = f"/api/v1/people/{administrator.public_id}"
    assert acting(administrator).patch(address, change, format="json").status_code == 422


def test_an_administrator_sets_a_password_that_must_be_changed(acting, administrator, analyst) -> None:
    told = acting(administrator).post(f"/api/v1/people/{analyst.public_id}/password").json()
    analyst.refresh_from_db()
    assert analyst.check_password(told["password"])
    assert analyst.must_change_password


def test_a_team_is_renamed_but_not_to_the_name_of_another(acting, administrator, outsider) -> None:
    client, address = acting(administrator), f"/api/v1/teams/{administrator.team_id}"
    assert client.patch(address, {"name": "Branch West"}, format="json").json()["name"] == "Branch West"
    assert client.patch(address, {"name": "Branch South"}, format="json").status_code == 409


def test_a_change_of_team_revokes_the_tokens(administrator, analyst) -> None:
    services.issue_token(analyst, analyst, name="machine", days=1)
    services.change_person(administrator, analyst, team=services.add_team(administrator, name="Branch East"))
    assert not analyst.auth_token_set.exists()


def test_no_token_for_who_has_no_team(person) -> None:
    with pytest.raises(Refused, match="in a team"):
        services.issue_token(None, person(Role.ANALYST, of=None), name="machine", days=1)
