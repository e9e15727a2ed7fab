"""A model trained by a worker: registered as challenger, taken in, not promoted by itself; it learns from verdicts."""

import shutil
from dataclasses import replace

import polars as pl
import pytest
from django.test import Client
from tests.affluence.conftest import made_customers

from affluence.adapters.mlflow_registry import Registry
from affluence.evaluation.challenge import Challenge
from affluence_service.audit.models import Entry
from affluence_service.registry.models import Champion, ModelVersion
from affluence_service.registry.selectors import versions
from affluence_service.runs.models import Run
from affluence_service.runs.results import open_dataset
from affluence_service.runs.services import start_scoring, start_training

pytestmark = pytest.mark.django_db
SEEN: list[object] = []


def no_verdicts(dataset_id: object) -> None:
    SEEN.append(dataset_id)


@pytest.mark.parametrize("proposed", [True, False])
def test_a_training_that_beats_the_champion_is_marked_as_proposed_and_promotes_nobody(
    analyst, made_dataset, champion, work_off, settings, monkeypatch, proposed
) -> None:
    settings.VERDICTS_FOR = f"{__name__}.no_verdicts"
    judged = Challenge(proposed, "Because it was said so.", None, None)

    def judge(comparison, *_others):
        return replace(judged, comparison=comparison)

    monkeypatch.setattr("affluence.deciding.judge", judge)
    start_training(analyst, dataset=made_dataset, mode="fast", learners=["logistic"])
    work_off()
    version = ModelVersion.objects.get(number=2)
    assert versions().get(pk=version.pk).challenge["because"] == "Because it was said so."
    assert versions().get(pk=champion.pk).challenge is None
    assert Champion.objects.get().version == champion
    store = Registry(folder=settings.ENVIRONMENT.project / "data/06_models", server=None)
    tags = store._client().get_model_version(version.name, "2").tags
    assert ("proposed" in tags) == proposed


def test_a_champion_that_cannot_be_compared_stops_no_training(
    analyst, made_dataset, champion, work_off, settings
) -> None:
    settings.VERDICTS_FOR = f"{__name__}.no_verdicts"
    shutil.rmtree(settings.ENVIRONMENT.folder / champion.folder)
    run = start_training(analyst, dataset=made_dataset, mode="fast", learners=["logistic"])
    work_off()
    run.refresh_from_db()
    assert run.folder, run.job.problem + run.job.traceback
    assert run.summary["challenge"]["because"].startswith("It could not be held beside the champion: ")


def made_verdicts(dataset_id: object) -> pl.DataFrame:
    """What was found of the first sixty without a tag: the wealthier half of them."""
    unlabelled = made_customers().filter(pl.col("tag") == 0).head(60)
    return unlabelled.select(
        "row",
        "customer_id",
        verdict=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("1")).otherwise(pl.lit("0")),
        stratum=pl.lit(0),
        weight=pl.lit(1.0),
    )


@pytest.fixture
def trained(analyst, made_dataset, champion, work_off, settings) -> Run:
    settings.VERDICTS_FOR = f"{__name__}.no_verdicts"
    run = start_training(analyst, dataset=made_dataset, mode="fast", learners=["xgboost"])
    work_off()
    run.refresh_from_db()
    assert run.folder, run.job.problem + run.job.traceback
    return run


@pytest.mark.slow
def test_a_model_is_trained_taken_in_and_waits_as_challenger(
    trained, champion, analyst, made_dataset, acting, outsider, work_off
) -> None:
    version = ModelVersion.objects.get(name="affluence-made", number=2)
    assert trained.version == version
    assert version.usable
    assert version.problem == ""
    assert version.trained_by == analyst
    assert Champion.objects.get().version == champion
    assert trained.summary["champion"] is False
    (learner,) = trained.summary["learners"]
    assert learner["recall_at_capacity"]["low"] <= learner["recall_at_capacity"]["value"]
    assert trained.summary["tagged"] == made_dataset.tagged

    challenge = trained.summary["challenge"]
    assert (challenge["champion"], challenge["light"]) == (1, "green")
    assert challenge["comparison"]["tagged"] == made_dataset.tagged
    assert "moves" not in challenge["comparison"], "a summary holds no customer"
    (told,) = (one for one in acting(analyst).get("/api/v1/models").json()["results"] if one["number"] == 2)
    assert told["challenge"] == challenge
    client = Client()
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/models").content.decode()
    assert "Beside version 1, out of fold" in page
    assert page.count(challenge["because"]) == 1

    report = f"/api/v1/runs/{trained.id}/report"
    assert acting(outsider).get(report).status_code == 404
    answer = acting(analyst).get(report)
    page = b"".join(answer.streaming_content).decode()
    assert answer["Content-Disposition"].startswith("attachment")
    assert "version 2" in page.lower()
    assert Entry.objects.filter(action="saw customers", object_id=str(trained.id)).exists()

    run = start_scoring(analyst, dataset=made_dataset, version=version)
    run.refresh_from_db()
    assert run.version == version


@pytest.mark.slow
def test_the_first_model_of_a_table_serves_at_once(analyst, made_dataset, small_project, work_off, settings) -> None:
    (small_project / "data/06_models/mlflow.db").unlink()
    settings.VERDICTS_FOR = f"{__name__}.no_verdicts"
    run = start_training(analyst, dataset=made_dataset, mode="fast", learners=["logistic"])
    work_off()
    run.refresh_from_db()
    assert run.summary["champion"] is True
    assert Champion.objects.get().version == run.version
    assert start_scoring(analyst, dataset=made_dataset).version == run.version


@pytest.mark.slow
def test_a_training_learns_from_the_verdicts_that_the_settings_know_of(made_dataset, settings) -> None:
    from affluence_service.runs.training import train_on
    from affluence_service.runs.work import _verdicts

    settings.VERDICTS_FOR = f"{__name__}.made_verdicts"
    sheet = _verdicts(Run(dataset=made_dataset))
    opened = open_dataset(made_dataset)
    with_verdicts = train_on(opened, sheet, learners=["finder"], mode="fast", seed=0)
    without = train_on(opened, None, learners=["finder"], mode="fast", seed=0)
    assert with_verdicts.discovery.reviewed == 60
    assert without.discovery.reviewed == 0
    assert with_verdicts.discovery.hidden_count.value is not None
