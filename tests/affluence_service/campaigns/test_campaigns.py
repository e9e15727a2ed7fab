"""A campaign's life: drafted, made, decided by somebody else, exported as approved, handed out, measured."""

import io
from datetime import timedelta

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from affluence_service.audit.models import Entry
from affluence_service.campaigns import selectors, services
from affluence_service.campaigns.models import Campaign, Exclusion
from affluence_service.campaigns.services import _turns

pytestmark = pytest.mark.django_db

OPTIONS = {"day": "2026-12-01", "control_share": 0.2}


def sheet(text: str, name: str = "staff.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


@pytest.fixture
def drafted(analyst, scored_run, work_off) -> Campaign:
    campaign = services.draft(
        analyst, scored_run, name="Autumn", capacity={"contacts": 60}, economics={}, options=OPTIONS
    )
    work_off()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.DRAFT, campaign.problem
    return campaign


@pytest.fixture
def approved(drafted, analyst, approver) -> Campaign:
    services.submit(analyst, drafted)
    return services.decide(approver, drafted, approved=True, note="")


def post(client, path: str, data=None, **kwargs):
    return client.post(f"/api/v1/{path}", data or {}, format=kwargs.pop("format", "json"), **kwargs)


def test_a_draft_holds_as_many_as_were_asked_for(drafted) -> None:
    rows = drafted.summary["rows"]
    assert rows["written"] + rows["held_back"] == 60
    assert selectors.cut_of(drafted)["contacts"] == 60
    assert selectors.people_of(drafted).height == rows["written"]


def test_the_same_campaign_made_twice_has_the_same_checksum(drafted, analyst, scored_run, work_off) -> None:
    again = services.draft(analyst, scored_run, name="Autumn", capacity={"contacts": 60}, economics={}, options=OPTIONS)
    work_off()
    again.refresh_from_db()
    assert again.checksum == drafted.checksum


def test_a_capacity_asked_for_in_two_ways_is_refused_at_once(acting, analyst, scored_run) -> None:
    answer = post(
        acting(analyst),
        "campaigns",
        {
            "run": str(scored_run.id),
            "name": "Both",
            "capacity": {"contacts": 5, "recall": 0.5},
            "options": {"day": "2026-12-01"},
        },
    )
    assert answer.status_code == 422
    assert "exactly one" in answer.json()["detail"]
    assert not Campaign.objects.exists()


def test_a_campaign_that_cannot_be_made_says_why(analyst, scored_run, work_off) -> None:
    campaign = services.draft(
        analyst, scored_run, name="Dear", capacity={"budget": 100.0}, economics={}, options=OPTIONS
    )
    work_off()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.FAILED
    assert "cost" in campaign.problem
    assert "Traceback" not in campaign.problem
    changed = services.change(analyst, campaign, economics={"cost_a_contact": 10.0})
    work_off()
    changed.refresh_from_db()
    assert changed.state == Campaign.State.DRAFT
    assert selectors.cut_of(changed)["contacts"] == 10


def test_those_on_an_exclusion_list_are_left_out_until_it_is_taken_back(drafted, analyst, work_off) -> None:
    first = selectors.people_of(drafted)["customer_id"].to_list()[:5]
    exclusion = services.add_exclusion(analyst, drafted, kind="staff", upload=sheet("customer_id\n" + "\n".join(first)))
    work_off()
    drafted.refresh_from_db()
    assert drafted.state == Campaign.State.DRAFT
    assert not set(first) & set(selectors.people_of(drafted)["customer_id"])
    assert drafted.summary["rows"]["excluded_by_reason"] == {"staff": 5}
    services.take_back_exclusion(analyst, exclusion)
    work_off()
    drafted.refresh_from_db()
    assert drafted.summary["rows"]["excluded"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("name\nsomebody\n", "customer_id"), ("", "empty"), ("customer_id\n\n\n", "customer_id")],
)
def test_a_sheet_that_is_no_exclusion_list_leaves_nothing_behind(
    acting, analyst, drafted, settings, text, said
) -> None:
    answer = post(
        acting(analyst),
        f"campaigns/{drafted.id}/exclusions",
        {"kind": "staff", "file": sheet(text)},
        format="multipart",
    )
    assert answer.status_code in {400, 422}
    assert said in str(answer.json())
    assert not Exclusion.objects.exists()
    assert not list((settings.ENVIRONMENT.folder / "campaigns").rglob("*.csv"))


def test_unknown_ids_in_a_list_fail_the_making_with_a_sentence(drafted, analyst, work_off) -> None:
    services.add_exclusion(analyst, drafted, kind="staff", upload=sheet("customer_id\nnobody-of-ours\n"))
    work_off()
    drafted.refresh_from_db()
    assert drafted.state == Campaign.State.FAILED
    assert "nobody-of-ours" not in drafted.problem


def test_who_made_it_does_not_decide_on_it(drafted, analyst, approver, acting) -> None:
    services.submit(analyst, drafted)
    assert post(acting(analyst), f"campaigns/{drafted.id}/approve").status_code == 403
    Campaign.objects.filter(id=drafted.id).update(made_by=approver)
    answer = post(acting(approver), f"campaigns/{drafted.id}/approve")
    assert answer.status_code == 422
    assert "somebody else" in answer.json()["detail"]


def test_nothing_leaves_before_approval(drafted, acting, analyst) -> None:
    answer = acting(analyst).get(f"/api/v1/campaigns/{drafted.id}/export")
    assert answer.status_code == 409
    assert not Entry.objects.filter(action="exported").exists()


def test_a_submitted_campaign_cannot_be_changed_until_it_is_withdrawn(drafted, acting, analyst) -> None:
    client, path = acting(analyst), f"campaigns/{drafted.id}"
    assert post(client, f"{path}/submit").status_code == 200
    assert client.patch(f"/api/v1/{path}", {"name": "Winter"}, format="json").status_code == 409
    assert post(client, f"{path}/submit").status_code == 409
    assert post(client, f"{path}/withdraw").json()["state"] == "draft"
    assert client.patch(f"/api/v1/{path}", {"name": "Winter"}, format="json").status_code == 202


def test_a_rejected_campaign_says_why_and_can_be_mended(drafted, acting, analyst, approver) -> None:
    services.submit(analyst, drafted)
    answer = post(acting(approver), f"campaigns/{drafted.id}/reject", {"note": "Too many."})
    assert answer.json()["state"] == "rejected"
    assert answer.json()["decision_note"] == "Too many."
    changed = acting(analyst).patch(f"/api/v1/campaigns/{drafted.id}", {"capacity": {"contacts": 20}}, format="json")
    assert changed.json()["state"] == "making"


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "parquet"])
def test_the_export_is_what_was_approved_and_is_recorded(approved, acting, analyst, file_format) -> None:
    answer = acting(analyst).get(f"/api/v1/campaigns/{approved.id}/export?format={file_format}")
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    assert content == (selectors.folder_of(approved) / f"list.{file_format}").read_bytes()
    entry = Entry.objects.get(action="exported")
    assert entry.details == {"format": file_format, "customers": approved.summary["rows"]["written"]}
    ids = selectors.people_of(approved)["customer_id"].to_list()
    assert not any(one in str(entry.details) for one in ids)


def test_those_held_back_never_leave(approved, acting, analyst) -> None:
    answer = acting(analyst).get(f"/api/v1/campaigns/{approved.id}/export?format=parquet")
    listed = pl.read_parquet(io.BytesIO(b"".join(answer.streaming_content)))
    control = pl.read_parquet(selectors.folder_of(approved) / selectors.CONTROL)
    assert control.height > 0
    assert not set(listed["customer_id"]) & set(control["customer_id"])


def test_a_list_that_was_tampered_with_is_not_exported(approved, acting, analyst) -> None:
    (selectors.folder_of(approved) / "list.csv").write_text("customer_id\nsomebody\n")
    assert acting(analyst).get(f"/api/v1/campaigns/{approved.id}/export").status_code == 409


def test_an_outsider_sees_no_campaign(approved, acting, outsider) -> None:
    client, path = acting(outsider), f"/api/v1/campaigns/{approved.id}"
    assert client.get("/api/v1/campaigns").json()["count"] == 0
    for answer in (
        client.get(path),
        client.get(f"{path}/export"),
        client.get(f"{path}/outcomes"),
        client.get(f"{path}/exclusions"),
        client.post(f"{path}/submit", {}, format="json"),
        client.patch(path, {"name": "Ours"}, format="json"),
    ):
        assert answer.status_code == 404


def test_every_address_asks_who_one_is(approved, acting) -> None:
    path = f"/api/v1/campaigns/{approved.id}"
    for tail in ("", "/export", "/outcomes", "/exclusions"):
        assert acting().get(f"{path}{tail}").status_code == 401
    for tail in ("submit", "withdraw", "approve", "reject", "assign", "exclusions", "outcomes"):
        assert acting().post(f"{path}/{tail}").status_code == 401


def test_the_reviewer_reads_and_changes_nothing(approved, acting, reviewer) -> None:
    client, path = acting(reviewer), f"/api/v1/campaigns/{approved.id}"
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/export").status_code == 403
    for tail in ("submit", "approve", "assign", "outcomes"):
        assert client.post(f"{path}/{tail}", {}, format="json").status_code == 403


def test_customers_are_dealt_in_turns() -> None:
    assert _turns({"a": 3, "b": 1, "c": 2}) == ["a", "b", "c", "a", "c", "a"]
    assert _turns({}) == []


def test_a_relationship_manager_sees_those_assigned_and_nobody_else(
    approved, acting, approver, relationship_manager
) -> None:
    client = acting(relationship_manager)
    assert client.get("/api/v1/my-customers").json()["count"] == 0
    dealt = post(
        acting(approver), f"campaigns/{approved.id}/assign", {"shares": [{"manager": "manager", "customers": 7}]}
    )
    assert dealt.json() == {"customers": 7}
    shown = client.get("/api/v1/my-customers").json()["results"]
    people = selectors.people_of(approved).head(7)
    assert [line["customer_id"] for line in shown] == people["customer_id"].to_list()
    assert all(line["reasons"] for line in shown if line["offer"])
    assert Entry.objects.filter(action="saw customers", actor="manager").get().details == {"customers": 7}
    assert client.get(f"/api/v1/campaigns/{approved.id}").status_code == 403


def test_nobody_is_handed_out_twice(approved, approver, relationship_manager) -> None:
    written = approved.summary["rows"]["written"]
    assert services.assign(approver, approved, shares={"manager": 10}) == 10
    assert services.assign(approver, approved, shares={"manager": 10_000}) == written - 10
    assert services.assign(approver, approved, shares={"manager": 10}) == 0


def test_only_a_relationship_manager_of_the_team_is_given_customers(approved, acting, approver, outsider) -> None:
    for name in ("analyst", "outsider", "nobody"):
        answer = post(
            acting(approver), f"campaigns/{approved.id}/assign", {"shares": [{"manager": name, "customers": 1}]}
        )
        assert answer.status_code == 422


def test_what_came_of_a_contact_is_said_and_taken_back(approved, acting, approver, relationship_manager) -> None:
    services.assign(approver, approved, shares={"manager": 2})
    client = acting(relationship_manager)
    first = client.get("/api/v1/my-customers").json()["results"][0]
    said = post(client, f"my-customers/{first['id']}/outcome", {"answer": "interested"})
    assert said.status_code == 201
    assert client.get("/api/v1/my-customers").json()["results"][0]["disposition"]["answer"] == "interested"
    path = f"my-customers/{first['id']}/outcome/{said.json()['id']}/take-back"
    assert post(client, path).status_code == 200
    assert post(client, path).status_code == 409
    assert client.get("/api/v1/my-customers").json()["results"][0]["disposition"] is None


def test_another_manager_cannot_speak_of_ones_customers(
    approved, acting, approver, relationship_manager, person
) -> None:
    services.assign(approver, approved, shares={"manager": 1})
    mine = acting(relationship_manager).get("/api/v1/my-customers").json()["results"][0]["id"]
    other = person("relationship_manager", name="other manager")
    assert post(acting(other), f"my-customers/{mine}/outcome", {"answer": "declined"}).status_code == 404


def test_the_lift_is_measured_against_those_held_back(approved, acting, analyst, work_off) -> None:
    people = selectors.people_of(approved)["customer_id"].to_list()
    control = pl.read_parquet(selectors.folder_of(approved) / selectors.CONTROL)["customer_id"].to_list()
    lines = [f"{one},upgraded,2026-12-20" for one in (*people[:20], *control[:2])]
    answer = post(
        acting(analyst),
        f"campaigns/{approved.id}/outcomes",
        {"file": sheet("customer_id,outcome,date\n" + "\n".join(lines), "outcomes.csv")},
        format="multipart",
    )
    assert answer.status_code == 202
    work_off()
    (told,) = acting(analyst).get(f"/api/v1/campaigns/{approved.id}/outcomes").json()
    assert told["state"] == "done", told
    upgrades = told["lift"]["upgrades"]
    assert upgrades["low"] < upgrades["value"] < upgrades["high"]
    assert told["lift"]["contacted"] == len(people)
    assert not any(one in str(told) for one in people)


def test_outcomes_of_another_list_are_refused_with_a_sentence(approved, acting, analyst, work_off) -> None:
    text = "customer_id,outcome,date\nsomebody-else,upgraded,2026-12-20\n"
    answer = post(acting(analyst), f"campaigns/{approved.id}/outcomes", {"file": sheet(text)}, format="multipart")
    assert answer.status_code == 202
    work_off()
    (told,) = acting(analyst).get(f"/api/v1/campaigns/{approved.id}/outcomes").json()
    assert told["state"] == "failed"
    assert told["problem"]
    assert "somebody-else" not in told["problem"]


def test_what_managers_said_is_measured_without_a_file(approved, acting, analyst, approver, person, work_off) -> None:
    manager = person("relationship_manager", name="caller")
    client = acting(analyst)
    assert post(client, f"campaigns/{approved.id}/outcomes", format="multipart").status_code == 409
    services.assign(approver, approved, shares={"caller": 5})
    Campaign.objects.filter(id=approved.id).update(
        summary={
            **approved.summary,
            "settings": {
                **approved.summary["settings"],
                "day": (timezone.now() - timedelta(days=1)).date().isoformat(),
            },
        }
    )
    for assignment in selectors.assignments_for(manager):
        services.say(manager, assignment, answer="upgraded")
    assert post(client, f"campaigns/{approved.id}/outcomes", format="multipart").status_code == 202
    work_off()
    (told,) = client.get(f"/api/v1/campaigns/{approved.id}/outcomes").json()
    assert told["lift"]["heard_of"] == 5, told


def test_every_step_is_on_record(approved) -> None:
    actions = set(Entry.objects.filter(object_id=str(approved.id)).values_list("action", flat=True))
    assert {"drafted", "submitted", "approved"} <= actions
