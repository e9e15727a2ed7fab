"""What is past its days goes, files and all; what is needed or newer stays; a run that was stopped is finished."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.utils import timezone

from affluence_service import keeping
from affluence_service.audit.models import Entry
from affluence_service.campaigns.models import Campaign
from affluence_service.campaigns.selectors import campaigns_for
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.models import State as DatasetState
from affluence_service.jobs.models import Job, State
from affluence_service.reviews.models import Sheet
from affluence_service.reviews.selectors import sheets_for
from affluence_service.runs.models import Run
from affluence_service.verbs import main

pytestmark = pytest.mark.django_db


def worked(person, subject, state: State = State.DONE) -> Job:
    """A job that is done and left a file of ten bytes."""
    job = Job.objects.create(kind="score", subject=subject, team=person.team, asked_by=person, state=state)
    job.folder = f"work/{job.id}/lease"
    job.save()
    folder = settings.ENVIRONMENT.folder / job.folder
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"0123456789")
    return job


def aged(one, days: int) -> None:
    """Let something have been made so many days ago."""
    moment = timezone.now() - timedelta(days=days)
    field = {Dataset: "uploaded_at", Run: "asked_at", Sheet: "asked_at", Campaign: "made_at"}[type(one)]
    changes = {field: moment}
    if isinstance(one, Dataset | Run):
        changes["expires_at"] = moment + timedelta(days=90)
    type(one).objects.filter(id=one.id).update(**changes)


@pytest.fixture
def dataset(analyst) -> Dataset:
    made = Dataset(team=analyst.team, uploaded_by=analyst, name="made.csv", contract="x", state=DatasetState.ACCEPTED)
    made.job = worked(analyst, made.id)
    made.folder = made.job.folder
    made.save()
    aged(made, 91)
    return made


@pytest.fixture
def run(analyst, dataset) -> Run:
    made = Run(team=analyst.team, kind=Run.Kind.SCORE, dataset=dataset, asked_by=analyst)
    made.job = worked(analyst, made.id)
    made.folder = made.job.folder
    made.save()
    aged(made, 91)
    return made


@pytest.fixture
def campaign(analyst, run) -> Campaign:
    made = Campaign(team=analyst.team, run=run, name="spring", made_by=analyst, state=Campaign.State.DRAFT)
    worked(analyst, made.id)
    made.job = worked(analyst, made.id)
    made.folder = made.job.folder
    made.save()
    aged(made, 91)
    return made


def files() -> list[Path]:
    return [path for path in (settings.ENVIRONMENT.folder / "work").rglob("*") if path.is_file()]


def test_what_is_past_its_days_goes_with_all_that_was_made_of_it(analyst, campaign) -> None:
    sheet = Sheet.objects.create(team=analyst.team, run=campaign.run, purpose="find", size=1, asked_by=analyst)
    aged(sheet, 91)
    deleted = keeping.delete_expired()
    assert (deleted.datasets, deleted.runs, deleted.bytes, len(deleted.folders)) == (1, 1, 40, 4)
    assert not files()
    assert Dataset.objects.get().state == DatasetState.DELETED
    assert Run.objects.get().deleted_at is not None
    assert not campaigns_for(analyst).exists()
    assert not sheets_for(analyst).exists()


def test_each_deletion_is_recorded_in_its_team(analyst, run) -> None:
    keeping.delete_expired()
    told = list(Entry.objects.order_by("id").values_list("actor", "action", "object_kind", "team_id"))
    assert told == [
        ("system", "deleted as expired", "dataset", analyst.team_id),
        ("system", "deleted as expired", "run", analyst.team_id),
        ("system", "deleted what had expired", "service", None),
    ]


def test_what_is_not_past_its_days_stays(run) -> None:
    aged(run, 89)
    aged(run.dataset, 89)
    assert keeping.delete_expired() == keeping.Expired(0, 0, (), 0)
    assert len(files()) == 2


def test_other_days_may_be_given(run) -> None:
    aged(run, 10)
    aged(run.dataset, 10)
    assert keeping.delete_expired(days=11).runs == 0
    assert keeping.delete_expired(days=9).runs == 1


@pytest.mark.parametrize("newer", ["sheet", "campaign"])
def test_a_run_stays_while_something_newer_was_made_of_it(analyst, campaign, newer: str) -> None:
    if newer == "sheet":
        Sheet.objects.create(team=analyst.team, run=campaign.run, purpose="find", size=1, asked_by=analyst)
    else:
        Campaign.objects.update(decided_at=timezone.now())
    assert keeping.delete_expired().runs == 0
    assert campaigns_for(analyst).exists()


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_a_dataset_stays_while_a_run_needs_it(run, state: State) -> None:
    Job.objects.filter(id=run.job_id).update(state=state)
    assert keeping.delete_expired() == keeping.Expired(0, 0, (), 0)


def test_a_dry_run_says_the_same_and_deletes_nothing(campaign) -> None:
    found = keeping.find_expired()
    assert len(files()) == 4
    assert found == keeping.delete_expired()


def test_who_is_stopped_between_the_database_and_the_files_finishes_the_next_time(campaign, monkeypatch) -> None:
    def stopped(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("affluence_service.keeping.shutil.rmtree", stopped)
    with pytest.raises(KeyboardInterrupt):
        keeping.delete_expired()
    monkeypatch.undo()
    assert len(files()) == 4
    assert keeping.delete_expired().bytes == 40
    assert not files()


def test_the_verb_says_what_it_did(campaign) -> None:
    said = "1 datasets and 1 runs with all that was made of them {}: 4 folders, 40 bytes.\n"
    told = [CliRunner().invoke(main, ["keep", "expired", *option]).output for option in (["--dry-run"], [])]
    assert told == [said.format("would be deleted"), said.format("deleted")]
