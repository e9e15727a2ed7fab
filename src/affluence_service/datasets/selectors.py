"""What can be read of datasets: those of a team, where their files stand, and what a team calls the columns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from affluence_service.api_errors import Conflict
from affluence_service.datasets.models import ColumnMap, Dataset, State
from affluence_service.jobs.models import State as JobState

CUSTOMERS, INTAKE, PAGE = "customers.parquet", "intake.json", "doctor.html"


def datasets_for(person: Any) -> QuerySet[Dataset]:
    """The datasets of the person's team, newest first."""
    return Dataset.objects.filter(team_id=person.team_id).select_related("job", "uploaded_by")


def upload_of(dataset: Dataset) -> Path:
    """Where the file lies as it was uploaded, until it was checked."""
    folder: Path = settings.ENVIRONMENT.folder
    return folder / "datasets" / str(dataset.id) / "upload"


def page_of(dataset: Dataset) -> Path:
    """Where the doctor's page on an accepted dataset stands. Errors: Conflict for one that is not accepted."""
    path: Path = settings.ENVIRONMENT.folder / dataset.folder / PAGE
    if dataset.state != State.ACCEPTED or not path.is_file():
        raise Conflict(f"The dataset is {dataset.get_state_display()}, and has no doctor's page.")
    return path


def is_used(dataset: Dataset) -> bool:
    """Whether a run that has not ended needs the dataset."""
    return dataset.runs.filter(job__state__in=(JobState.QUEUED, JobState.RUNNING)).exists()


def known_as(team_id: Any, contract: str) -> Mapping[str, str]:
    """Which headers in the team's files stand for which of the contract's."""
    kept = ColumnMap.objects.filter(team_id=team_id, contract=contract).first()
    found: Mapping[str, str] = kept.known_as if kept else {}
    return found
