"""Models over HTTP: what is told of them, and who may decide which of them serves."""

import shutil
import uuid

import pytest
from django.conf import settings

from affluence_service.audit.models import Entry
from affluence_service.jobs.models import Job
from affluence_service.registry import services
from affluence_service.registry.models import Champion, ModelVersion, Proposal

pytestmark = pytest.mark.django_db
NAME = "affluence-made"
API = "/api/v1"


@pytest.fixture
def second(champion):
    home = settings.ENVIRONMENT.folder
    shutil.copytree(home / champion.folder, home / f"models/{NAME}/2")
    return ModelVersion.objects.create(
        name=NAME, number=2, contract="made", folder=f"models/{NAME}/2", usable=True, metrics=champion.metrics
    )


@pytest.fixture
def proposal(second, analyst):
    return services.propose(analyst, second, reason="It finds more.")


def test_versions_are_listed_with_figures_and_who_serves(acting, analyst, champion, second) -> None:
    told = acting(analyst).get(f"{API}/models").json()["results"]
    assert [(one["number"], one["champion"], one["usable"]) for one in told] == [(2, False, True), (1, True, True)]
    assert {"value", "low", "high", "assumption"} <= set(told[1]["metrics"]["roc_auc"])
    assert told[1]["facts"]["table"] == "made"
    assert [one["number"] for one in acting(analyst).get(f"{API}/models?champion=true").json()["results"]] == [1]
    assert acting(analyst).get(f"{API}/models?contract=other").json()["results"] == []


def test_one_version_is_told_of(acting, reviewer, champion) -> None:
    assert acting(reviewer).get(f"{API}/models/{champion.id}").json()["number"] == 1
    assert acting(reviewer).get(f"{API}/models/{uuid.uuid4()}").status_code == 404


def test_the_card_is_a_page_that_runs_and_loads_nothing(acting, analyst, champion) -> None:
    answer = acting(analyst).get(f"{API}/models/{champion.id}/card")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"<html" in answer.content


def test_a_version_without_a_card_has_none_to_show(acting, analyst, champion) -> None:
    (settings.ENVIRONMENT.folder / champion.folder / "model_card.html").unlink()
    assert acting(analyst).get(f"{API}/models/{champion.id}/card").status_code == 404


READING = ["/models", "/models/{id}", "/models/{id}/card", "/proposals"]


@pytest.mark.parametrize("path", READING)
def test_models_are_read_by_all_but_strangers_and_relationship_managers(
    acting, person, outsider, relationship_manager, champion, path
) -> None:
    address = API + path.format(id=champion.id)
    for role in ("analyst", "approver", "reviewer", "administrator"):
        assert acting(person(role)).get(address).status_code == 200, role
    # Models hold no customer: every team sees them.
    assert acting(outsider).get(address).status_code == 200
    assert acting(relationship_manager).get(address).status_code == 403
    assert acting().get(address).status_code == 401


def test_an_analyst_proposes_and_an_approver_lets_it_serve(acting, analyst, approver, champion, second) -> None:
    proposed = acting(analyst).post(f"{API}/models/{second.id}/propose", {"reason": "It finds more."}, format="json")
    assert proposed.status_code == 201, proposed.json()
    assert proposed.json()["state"] == "open"
    approved = acting(approver).post(
        f"{API}/proposals/{proposed.json()['id']}/approve", {"note": "Agreed."}, format="json"
    )
    assert approved.status_code == 200, approved.json()
    assert (approved.json()["state"], approved.json()["decided_by"]) == ("approved", "approver")
    held = Champion.objects.get()
    assert (held.version, held.before, held.decided_by, held.told) == (second, champion, "approver", False)
    assert Job.objects.filter(kind=services.TAKE_IN, state="queued").exists()
    assert list(Entry.objects.values_list("action", flat=True)[:2]) == ["approved", "proposed"]


def test_nobody_approves_or_rejects_their_own_proposal(acting, approver, champion, second) -> None:
    # Somebody who was an analyst when they proposed.
    own = Proposal.objects.create(version=second, reason="Mine.", proposed_by=approver)
    for decision in ("approve", "reject"):
        answer = acting(approver).post(f"{API}/proposals/{own.id}/{decision}", {}, format="json")
        assert answer.status_code == 422
        assert answer.json()["detail"] == "Nobody decides on their own proposal. Ask another approver."
    own.refresh_from_db()
    assert own.state == "open"
    assert Champion.objects.get().version == champion


def test_a_rejected_proposal_changes_nothing_and_is_closed(acting, approver, champion, proposal) -> None:
    rejected = acting(approver).post(f"{API}/proposals/{proposal.id}/reject", {"note": "Not yet."}, format="json")
    assert (rejected.status_code, rejected.json()["note"]) == (200, "Not yet.")
    assert Champion.objects.get().version == champion
    assert acting(approver).post(f"{API}/proposals/{proposal.id}/approve", {}, format="json").status_code == 409


def test_only_the_proposer_withdraws(acting, analyst, person, proposal) -> None:
    other = acting(person("analyst", name="other")).post(f"{API}/proposals/{proposal.id}/withdraw")
    assert other.status_code == 422
    withdrawn = acting(analyst).post(f"{API}/proposals/{proposal.id}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")


def test_a_version_is_proposed_once_and_not_when_it_serves_or_cannot(acting, analyst, champion, second) -> None:
    def propose(version: ModelVersion) -> int:
        return acting(analyst).post(f"{API}/models/{version.id}/propose", {"reason": "So."}, format="json").status_code

    assert propose(champion) == 409
    assert propose(second) == 201
    assert propose(second) == 409
    broken = ModelVersion.objects.create(name=NAME, number=3, contract="made", problem="It does not load.")
    assert propose(broken) == 409


def test_one_call_rolls_back_and_another_forward_again(acting, approver, analyst, champion, proposal) -> None:
    services.approve(approver, proposal, note="")
    address = f"{API}/models/champions/{NAME}/roll-back"
    back = acting(approver).post(address, {"reason": "Complaints."}, format="json")
    assert (back.status_code, back.json()["number"], back.json()["before"]) == (200, 1, 2)
    assert Champion.objects.get().version == champion
    assert Entry.objects.first().details["reason"] == "Complaints."
    assert acting(approver).post(address, {"reason": "Or not."}, format="json").json()["number"] == 2


def test_a_first_champion_cannot_be_rolled_back(acting, approver, champion) -> None:
    address = f"{API}/models/champions/{NAME}/roll-back"
    assert acting(approver).post(address, {"reason": "Why not."}, format="json").status_code == 409
    assert acting(approver).post(address.replace("made", "none"), {"reason": "So."}, format="json").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "allowed"),
    [
        ("/models/{second}/propose", {"reason": "So."}, {"analyst"}),
        ("/proposals/{proposal}/approve", {}, {"approver"}),
        ("/proposals/{proposal}/reject", {}, {"approver"}),
        ("/models/champions/affluence-made/roll-back", {"reason": "So."}, {"approver"}),
    ],
)
def test_who_may_not_is_told_so(acting, person, second, proposal, path, body, allowed) -> None:
    address = API + path.format(second=second.id, proposal=proposal.id)
    for role in {"analyst", "approver", "relationship_manager", "reviewer", "administrator"} - allowed:
        assert acting(person(role)).post(address, body, format="json").status_code == 403, role
    assert acting().post(address, body, format="json").status_code == 401


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 2_001}, {"reason": "a\x00b"}, [], "words"])
def test_a_reason_is_wanted(acting, analyst, second, body) -> None:
    assert acting(analyst).post(f"{API}/models/{second.id}/propose", body, format="json").status_code == 400
