"""Runs: asked for, refused, done, cancelled; and what they leave."""

import pytest

from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.models import Entry
from affluence_service.datasets.models import Dataset
from affluence_service.jobs.models import State
from affluence_service.registry.models import Champion, ModelVersion
from affluence_service.runs.models import Run
from affluence_service.runs.services import cancel, start_scoring, start_training

pytestmark = pytest.mark.django_db


def test_a_table_is_scored_by_the_champion_and_the_run_says_so(scored_run, champion, made_dataset, analyst) -> None:
    assert scored_run.version == champion
    assert scored_run.rows == made_dataset.rows
    assert scored_run.candidates == made_dataset.rows - made_dataset.tagged
    assert scored_run.summary["tagged"] == made_dataset.tagged
    assert scored_run.expires_at is not None
    assert Entry.objects.filter(action="started", object_id=str(scored_run.id), actor=analyst.username).count() == 1


def test_the_version_is_settled_when_the_run_is_asked_for(analyst, made_dataset, champion) -> None:
    run = start_scoring(analyst, dataset=made_dataset)
    Champion.objects.all().delete()
    run.refresh_from_db()
    assert run.version == champion


def test_a_table_that_no_model_serves_is_refused_with_a_way_out(analyst, made_dataset) -> None:
    with pytest.raises(Conflict, match=r"No model serves .* made yet\. Train one"):
        start_scoring(analyst, dataset=made_dataset)
    assert not Run.objects.exists()


@pytest.mark.parametrize("state", ["checking", "refused", "deleted"])
def test_a_dataset_that_is_not_accepted_is_refused(analyst, made_dataset, champion, state) -> None:
    Dataset.objects.update(state=state)
    made_dataset.refresh_from_db()
    for start in (start_scoring, start_training):
        with pytest.raises(Conflict, match="only an accepted one"):
            start(analyst, dataset=made_dataset)
    assert not Run.objects.exists()


def test_a_version_of_another_table_is_refused_by_name(analyst, made_dataset, champion) -> None:
    other = ModelVersion.objects.create(name="affluence-other", number=3, contract="other", usable=True)
    with pytest.raises(Refused, match="affluence-other version 3 was made for tables of the contract other"):
        start_scoring(analyst, dataset=made_dataset, version=other)


def test_a_version_that_cannot_serve_is_refused_with_why(analyst, made_dataset, champion) -> None:
    broken = ModelVersion.objects.create(name="affluence-made", number=9, contract="made", problem="It is damaged.")
    with pytest.raises(Conflict, match=r"cannot serve: It is damaged\."):
        start_scoring(analyst, dataset=made_dataset, version=broken)


def test_a_learner_there_is_not_is_refused_with_those_there_are(analyst, made_dataset) -> None:
    with pytest.raises(Refused, match=r"no learner 'oracle'\. Choose among finder, xgboost"):
        start_training(analyst, dataset=made_dataset, learners=["oracle"])


def test_a_table_without_tags_is_not_trained_on(analyst, made_dataset) -> None:
    Dataset.objects.update(tagged=0)
    made_dataset.refresh_from_db()
    with pytest.raises(Conflict, match="Nobody in this dataset is tagged"):
        start_training(analyst, dataset=made_dataset)


def test_a_run_that_waits_is_cancelled_at_once_and_on_record(analyst, made_dataset, champion, work_off) -> None:
    run = start_scoring(analyst, dataset=made_dataset)
    cancel(analyst, run)
    run.job.refresh_from_db()
    assert run.job.state == State.CANCELLED
    assert work_off() == 0
    with pytest.raises(Conflict, match="ended already"):
        cancel(analyst, run)


def test_a_dataset_deleted_before_its_turn_fails_the_run_with_a_sentence(
    analyst, made_dataset, champion, work_off
) -> None:
    run = start_scoring(analyst, dataset=made_dataset)
    Dataset.objects.update(state="deleted", folder="")
    work_off()
    run.refresh_from_db()
    assert run.job.state == State.FAILED
    assert run.job.problem.startswith("The dataset was deleted")
    assert run.job.traceback == ""
    assert run.folder == ""
