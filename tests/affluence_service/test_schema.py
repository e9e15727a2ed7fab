"""The schema keeps its word: whatever is sent, no answer is a fault of ours or one that the schema does not know.

Schemathesis makes up requests from the schema, fitting ones and others, for an analyst, an approver, an administrator
and nobody. Half of the ids are those of things that are there, with or without their files.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup

from affluence_service.access import Role
from affluence_service.campaigns.models import Assignment, Campaign
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.models import State as DatasetState
from affluence_service.jobs.models import Job, State
from affluence_service.people import services as people
from affluence_service.registry.models import ModelVersion, Proposal
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.runs.models import Run
from affluence_service.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = 12
SCHEMA = "/api/v1/schema?format=json"


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests leave the test's connection open, as they do with the framework's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def there(analyst, approver, relationship_manager) -> Mapping[str, list[Any]]:
    """Things of every kind, by the part of an address that names them."""
    job = Job.objects.create(kind="score", subject=analyst.team_id, team=analyst.team, state=State.DONE)
    shared: dict[str, Any] = {"team": analyst.team}
    datasets = [
        Dataset.objects.create(
            **shared, uploaded_by=analyst, name=f"{state}.csv", contract="reference_bank", state=state
        )
        for state in DatasetState.values
    ]
    version = ModelVersion.objects.create(name="made", number=1, contract="reference_bank", usable=True)
    runs = [
        Run.objects.create(
            **shared, kind=kind, dataset=dataset, version=version, asked_by=analyst, folder=folder, job=of
        )
        for dataset in datasets[:2]
        for kind, folder, of in (("score", "work/lost", None), ("train", "", None))
    ]
    Run.objects.filter(kind="score").update(summary={"cut": {"contacts": 3}, "candidates": 10}, candidates=10)
    campaigns = [
        Campaign.objects.create(**shared, run=runs[0], name=state, made_by=analyst, state=state, job=job)
        for state in Campaign.State.values
    ]
    sheet = Sheet.objects.create(**shared, run=runs[0], purpose="find", size=1, asked_by=analyst, job=job)
    verdict = Verdict.objects.create(sheet=sheet, row=1, answer="affluent", given_by=analyst)
    approved = next(one for one in campaigns if one.state == Campaign.State.APPROVED)
    assigned = Assignment.objects.create(campaign=approved, rank=1, manager=relationship_manager)
    proposal = Proposal.objects.create(
        version=version, reason="better", proposed_by=analyst, proposed_at=timezone.now()
    )
    token, _ = people.issue_token(analyst, analyst, name="another", days=1)
    return {
        "datasets": [one.id for one in datasets],
        "runs": [one.id for one in runs],
        "campaigns": [one.id for one in campaigns],
        "reviews": [sheet.id],
        "sheets": [sheet.id],
        "verdicts": [verdict.id],
        "assignments": [assigned.id],
        "models": [version.id],
        "versions": [version.id],
        "proposals": [proposal.id],
        "people": [analyst.public_id, approver.public_id],
        "teams": [analyst.team_id],
        "tokens": [token.public_id],
    }


def headers_of(person: Any) -> Mapping[str, str]:
    """How requests show for whom they act."""
    if person is None:
        return {}
    _, text = people.issue_token(person, person, name="machine", days=1)
    return {"Authorization": f"Token {text}"}


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR, None])
def test_every_answer_is_one_that_the_schema_tells_of(person, there, role: Role | None) -> None:
    headers = headers_of(person(role, name="asking") if role else None)
    schema = schemathesis.openapi.from_wsgi(SCHEMA, application)
    checks = schema.config.checks
    # What fits the schema can still be refused for what no schema says: an empty file, a NUL, two fields that do not go
    # together (400), a capacity that contradicts itself, a weak password (422).
    fitting = checks.positive_data_acceptance
    fitting.expected_statuses = [*fitting.expected_statuses, "400", "422"]
    failures: dict[str, str] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            _try_out(operation, headers, there)
        except AssertionError as error:
            failures[operation.label] = str(error)[:2_000]
    assert not failures, "\n\n".join(f"{label}\n{told}" for label, told in failures.items())


def _try_out(operation: Any, headers: Mapping[str, str], there: Mapping[str, list[Any]]) -> None:
    kind = operation.path.removeprefix("/api/v1/").split("/")[0]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(), pick=st.integers(0, 2 * len(there.get(kind, [])) - 1 if kind in there else 0))
    def one(case: Any, pick: int) -> None:
        known = there.get(kind, [])
        if "id" in case.path_parameters and pick < len(known):
            case.path_parameters["id"] = str(known[pick])
        try:
            case.call_and_validate(headers=headers)
        except FailureGroup as failed:
            told = "\n".join(f"{one.title}: {one.message}" for one in failed.exceptions)
            raise AssertionError(f"{case.as_curl_command()}\n{told}") from failed

    one()
