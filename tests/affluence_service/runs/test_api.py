"""Runs over HTTP: who may do what, what is refused, and what a run tells of itself."""

import uuid

import pytest

from affluence_service.access import Role
from affluence_service.audit.models import Entry
from affluence_service.jobs.models import Job
from affluence_service.registry.models import ModelVersion
from affluence_service.runs.models import Run

pytestmark = pytest.mark.django_db
RUNS = "/api/v1/runs"


@pytest.fixture
def serving(made_dataset) -> ModelVersion:
    """A version that serves the made table, without its files: enough for a run to be asked for."""
    from django.utils import timezone

    from affluence_service.registry.models import Champion

    version = ModelVersion.objects.create(name="affluence-made", number=1, contract="made", usable=True)
    Champion.objects.create(name=version.name, version=version, since=timezone.now(), decided_by="somebody")
    return version


@pytest.fixture
def start(acting, made_dataset):
    def post(person, **asked):
        body = {"kind": "score", "dataset": str(made_dataset.id), **asked}
        return acting(person).post(RUNS, {name: it for name, it in body.items() if it is not None}, format="json")

    return post


def test_a_run_is_started_by_the_teams_analyst_alone(
    start, serving, analyst, approver, reviewer, outsider, person
) -> None:
    assert start(outsider).status_code == 404
    for barred in (approver, reviewer, person(Role.RELATIONSHIP_MANAGER), person(Role.ADMINISTRATOR)):
        assert start(barred).status_code == 403
    assert start(None).status_code == 401
    assert not Run.objects.exists()
    answer = start(analyst)
    assert answer.status_code == 202
    assert answer.json()["job"]["state"] == "queued"
    assert answer.json()["model"] == {"id": str(serving.id), "name": "affluence-made", "number": 1}


def test_runs_are_seen_by_the_team_alone(start, serving, acting, analyst, approver, reviewer, outsider, person) -> None:
    one = f"{RUNS}/{start(analyst).json()['id']}"
    for seeing in (analyst, approver, reviewer):
        assert acting(seeing).get(RUNS).json()["count"] == 1
        assert acting(seeing).get(one).json()["kind"] == "score"
        assert acting(seeing).get(f"{one}/log").status_code == 200
    assert acting(outsider).get(RUNS).json()["count"] == 0
    for path in (one, f"{one}/log", f"{one}/report"):
        assert acting(outsider).get(path).status_code == 404
        assert acting(person(Role.RELATIONSHIP_MANAGER)).get(path).status_code == 403
        assert acting(None).get(path).status_code == 401
    assert acting(analyst).get(f"{RUNS}/{uuid.uuid4()}").status_code == 404


def test_a_run_is_cancelled_by_the_teams_analyst_alone(start, serving, acting, analyst, approver, outsider) -> None:
    cancel = f"{RUNS}/{start(analyst).json()['id']}/cancel"
    assert acting(outsider).post(cancel).status_code == 404
    assert acting(approver).post(cancel).status_code == 403
    assert acting(None).post(cancel).status_code == 401
    assert acting(analyst).post(cancel).json()["job"]["state"] == "cancelled"
    again = acting(analyst).post(cancel)
    assert (again.status_code, again.json()["type"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"kind": "guess"}, 400, "not a valid choice"),
        ({"dataset": "mine"}, 400, "valid UUID"),
        ({"dataset": None}, 400, "required"),
        ({"dataset": str(uuid.uuid4())}, 404, ""),
        ({"model": str(uuid.uuid4())}, 404, ""),
        ({"options": {"contacts": 0}}, 400, "greater than or equal to 1"),
        ({"options": {"contacts": 10**30}}, 400, "less than or equal"),
        ({"options": {"mode": "fast"}}, 400, "means nothing to a scoring"),
        ({"options": []}, 400, ""),
        ({"kind": "train", "options": {"contacts": 5}}, 400, "means nothing to a training"),
        ({"kind": "train", "options": {"learners": ["oracle"]}}, 422, "no learner 'oracle'"),
        ({"kind": "train", "options": {"learners": ["a\0b"]}}, 400, "Null characters"),
        ({"kind": "train", "model": str(uuid.uuid4())}, 400, "A training makes a version"),
    ],
)
def test_what_cannot_be_started_is_refused_with_why(asked, status, told, start, serving, analyst) -> None:
    answer = start(analyst, **asked)
    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert not Run.objects.exists()
    assert not Entry.objects.filter(action="started").exists()


def test_without_a_champion_a_scoring_is_in_conflict_and_says_what_to_do(start, analyst) -> None:
    answer = start(analyst)
    assert answer.status_code == 409
    assert "Train one on this dataset first" in answer.json()["detail"]


def test_runs_are_listed_by_kind_state_and_dataset(start, serving, acting, analyst, made_dataset) -> None:
    start(analyst)
    start(analyst, kind="train", options={"mode": "fast", "learners": ["xgboost"]})
    ask = acting(analyst).get
    assert ask(RUNS, {"kind": "train"}).json()["count"] == 1
    assert ask(RUNS, {"state": "queued"}).json()["count"] == 2
    assert ask(RUNS, {"state": "done"}).json()["count"] == 0
    assert ask(RUNS, {"dataset": str(made_dataset.id)}).json()["count"] == 2
    assert ask(RUNS, {"dataset": str(uuid.uuid4())}).json()["count"] == 0
    assert ask(RUNS, {"kind": "guess"}).status_code == 400
    assert ask(RUNS, {"dataset": "mine"}).status_code == 400


def test_the_options_of_a_training_are_kept_as_they_will_be_heeded(start, serving, analyst) -> None:
    answer = start(analyst, kind="train", options={"seed": 7}).json()
    assert answer["options"] == {"mode": "accurate", "learners": [], "seed": 7, "use_verdicts": True}
    assert answer["model"] is None


def test_the_log_tells_who_did_what_and_what_the_work_told(scored_run, acting, analyst) -> None:
    log = acting(analyst).get(f"{RUNS}/{scored_run.id}/log").json()
    assert [(act["actor"], act["action"]) for act in log["acts"]] == [
        ("analyst", "started"),
        ("worker for analyst", "finished"),
    ]
    messages = [line["message"] for line in log["lines"]]
    assert messages[0].startswith("Scoring")
    assert messages[-1].startswith("Writing the result")
    assert log["attempts"] == 1
    assert log["problem"] == ""


def test_a_run_that_failed_tells_the_user_a_sentence_and_keeps_the_trace_to_the_operator(
    start, serving, acting, analyst, work_off, monkeypatch
) -> None:
    monkeypatch.setattr("affluence_service.runs.work.open_dataset", lambda _: 1 / 0)
    run = start(analyst).json()["id"]
    work_off()
    told = acting(analyst).get(f"{RUNS}/{run}").json()
    assert told["job"]["state"] == "failed"
    assert "through a fault of ours" in told["job"]["problem"]
    assert "Traceback" not in str(told)
    assert "ZeroDivisionError" in Job.objects.get(run=run).traceback


def test_a_report_is_made_of_trainings_alone(scored_run, acting, analyst) -> None:
    answer = acting(analyst).get(f"{RUNS}/{scored_run.id}/report")
    assert answer.status_code == 409
    assert "made of a training" in answer.json()["detail"]
