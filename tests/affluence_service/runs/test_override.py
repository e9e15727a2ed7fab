"""A table that moved blocks its campaigns until an approver, never the one who started the run, says why not."""

import json

import polars as pl
import pytest
from tests.affluence_service.conftest import FOLDER

from affluence_service.access import Role
from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.models import Entry
from affluence_service.campaigns.models import Campaign
from affluence_service.campaigns.services import draft
from affluence_service.registry import shelf
from affluence_service.runs import services
from affluence_service.runs.models import Override
from affluence_service.runs.scoring import overlap

pytestmark = pytest.mark.django_db
OPTIONS = {"day": "2026-05-04", "control_share": 0.1}
REASON = {"reason": "The bank merged with another; checked with its data office."}


@pytest.fixture
def moved_run(analyst, made_dataset, champion, offers, work_off):
    """The made table with every balance up by half and a job renamed, scored by the champion of the table before."""
    file = FOLDER / made_dataset.folder / "customers.parquet"
    table = pl.read_parquet(file)
    table.with_columns(pl.col("balance_usd") * 1.5, pl.col("job").replace("clerk", "employee")).write_parquet(file)
    run = services.start_scoring(analyst, dataset=made_dataset)
    work_off()
    run.refresh_from_db()
    assert run.folder, run.job.problem + run.job.traceback
    return run


def drafted(person, run):
    return draft(person, run, name="spring", capacity={"contacts": 50}, economics={}, options=OPTIONS)


def test_a_table_that_looks_like_the_training_table_is_green_and_blocks_nothing(scored_run, analyst, approver) -> None:
    assert scored_run.summary["stability"]["light"] == "green"
    assert scored_run.blocked == ""
    assert drafted(analyst, scored_run).state == Campaign.State.MAKING
    with pytest.raises(Conflict, match="Nothing blocks"):
        services.override(approver, scored_run, reason="for nothing")


def test_of_a_second_run_it_is_said_how_many_stood_on_the_last_list(scored_run, analyst, work_off, client) -> None:
    assert scored_run.summary["overlap"] is None
    again = services.start_scoring(analyst, dataset=scored_run.dataset)
    work_off()
    again.refresh_from_db()
    first = again.summary["overlap"]["first"]
    assert again.summary["overlap"] == {"first": first, "both": first}
    assert first > 10
    assert again.digest == scored_run.digest
    client.force_login(analyst)
    assert f"Of the first {first:,} customers {first:,} were" in client.get(f"/runs/{again.id}").content.decode()


def test_only_as_many_as_the_shorter_list_has_are_counted() -> None:
    listed = pl.DataFrame({"customer_id": ["a", "b", "b", "c", "d"]})
    assert overlap(listed, pl.Series(["b", "x", "a"])) == {"first": 3, "both": 2}
    assert overlap(listed, pl.Series([], dtype=pl.String)) == {"first": 0, "both": 0}
    assert overlap(listed, None) is None


def test_a_table_that_moved_is_red_names_its_columns_and_blocks_the_campaign(moved_run, analyst) -> None:
    assert moved_run.summary["stability"]["light"] == "red"
    assert "job" in moved_run.blocked
    with pytest.raises(Conflict, match="unless an approver lets it pass"):
        drafted(analyst, moved_run)
    assert not Campaign.objects.exists()


def test_an_approvers_reason_lets_it_pass_and_is_on_record(moved_run, acting, approver, analyst) -> None:
    answer = acting(approver).post(f"/api/v1/runs/{moved_run.id}/override", REASON, format="json")
    assert answer.status_code == 201
    assert answer.json()["blocked"] == ""
    assert answer.json()["override"]["given_by"] == approver.username
    entry = Entry.objects.get(action="let a moved table pass", object_id=str(moved_run.id))
    assert (entry.actor, entry.details["reason"]) == (approver.username, REASON["reason"])
    moved_run.refresh_from_db()
    assert drafted(analyst, moved_run).state == Campaign.State.MAKING
    assert acting(approver).post(f"/api/v1/runs/{moved_run.id}/override", REASON, format="json").status_code == 409


def test_nobody_else_lets_it_pass(moved_run, acting, analyst, reviewer, outsider, person) -> None:
    path = f"/api/v1/runs/{moved_run.id}/override"
    for barred in (analyst, reviewer, person(Role.RELATIONSHIP_MANAGER), person(Role.ADMINISTRATOR)):
        assert acting(barred).post(path, REASON, format="json").status_code == 403
    assert acting(person(Role.APPROVER, of=outsider.team)).post(path, REASON, format="json").status_code == 404
    assert acting(None).post(path, REASON, format="json").status_code == 401
    assert not Override.objects.exists()


def test_nobody_lets_their_own_run_pass(moved_run, analyst) -> None:
    analyst.role = Role.APPROVER
    analyst.save()
    with pytest.raises(Refused, match="somebody else"):
        services.override(analyst, moved_run, reason="mine")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2_001])
def test_without_a_fit_reason_nothing_passes(moved_run, acting, approver, reason) -> None:
    answer = acting(approver).post(f"/api/v1/runs/{moved_run.id}/override", {"reason": reason}, format="json")
    assert answer.status_code in {400, 422}
    assert not Override.objects.exists()


def test_without_the_entry_in_the_record_there_is_no_override(moved_run, approver, monkeypatch) -> None:
    def fails(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(services, "record", fails)
    with pytest.raises(RuntimeError):
        services.override(approver, moved_run, reason="x")
    assert not Override.objects.exists()


def test_the_page_shows_the_light_and_the_form_to_the_approver_alone(
    moved_run, client, analyst, approver, outsider
) -> None:
    page = f"/runs/{moved_run.id}"
    client.force_login(analyst)
    shown = client.get(page).content.decode()
    assert "No campaign can be made of this run" in shown
    assert "override-reason" not in shown
    client.force_login(approver)
    assert "override-reason" in client.get(page).content.decode()
    assert client.post(f"{page}/override", REASON).status_code == 302
    assert f"“{REASON['reason']}”" in client.get(page).content.decode()
    client.force_login(outsider)
    assert client.post(f"{page}/override", REASON).status_code == 403
    client.logout()
    assert client.post(f"{page}/override", REASON)["Location"].startswith("/sign-in")


def test_a_model_of_before_sketches_says_that_nothing_was_watched(
    analyst, made_dataset, champion, offers, work_off, client
) -> None:
    state = FOLDER / champion.folder / "model.json"
    if not state.exists():
        (state,) = (FOLDER / champion.folder).rglob("model.json")
    old = json.loads(state.read_text())
    del old["sketch"]
    state.write_text(json.dumps(old))
    shelf.load.cache_clear() if hasattr(shelf.load, "cache_clear") else None
    run = services.start_scoring(analyst, dataset=made_dataset)
    work_off()
    run.refresh_from_db()
    assert run.summary["stability"] is None
    client.force_login(analyst)
    assert "nothing can be held against it" in client.get(f"/runs/{run.id}").content.decode()
