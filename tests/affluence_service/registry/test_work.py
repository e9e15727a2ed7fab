"""Versions come onto the shelf, decisions go out to MLflow, and a change made elsewhere is noticed."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.utils import timezone

from affluence_service.audit.models import Entry
from affluence_service.jobs.models import Job, State
from affluence_service.registry import services
from affluence_service.registry.models import Champion, ModelVersion

pytestmark = pytest.mark.django_db
NAME = "affluence-made"


def registry(project: Path):
    from affluence.adapters.mlflow_registry import Registry

    return Registry(folder=project / "data/06_models", server=None)


def add_version(project: Path, *, champion: bool = False) -> None:
    """Register the first version's files once more, as a training elsewhere would."""
    held = registry(project)
    client = held._client()
    first = client.get_model_version(NAME, "1")
    number = client.create_model_version(NAME, first.source, first.run_id).version
    if champion:
        held.promote(NAME, str(number), by="somebody at a terminal")


def look(work_off) -> int:
    """One look-out, and what it asked for is done; how many jobs that were."""
    services.watch()
    return int(work_off())


def test_a_version_is_copied_with_its_card_and_its_figures(champion) -> None:
    folder = settings.ENVIRONMENT.folder / champion.folder
    assert champion.folder == f"models/{NAME}/1"
    assert sorted(path.name for path in folder.iterdir()) == [
        "discovery.json", "evaluation.json", "intake.json", "model", "model_card.html",
    ]  # fmt: skip
    assert champion.usable
    assert champion.contract == "made"
    assert champion.metrics["roc_auc"]["low"] < champion.metrics["roc_auc"]["value"]
    assert 0 <= champion.metrics["expected_calibration_error"] < 1
    falls = [one["fall"] for one in champion.metrics["leans_on"]]
    assert len(falls) == 3
    assert falls == sorted(falls, reverse=True)
    assert champion.facts["rows"] == "3000"
    assert Champion.objects.get(name=NAME).version == champion


def test_nothing_is_asked_for_while_nothing_changes(small_project, work_off) -> None:
    assert look(work_off) == 1
    assert look(work_off) == 0


def test_nothing_is_asked_for_twice_while_a_job_waits(small_project) -> None:
    assert services.watch() is not None
    assert services.watch() is None


def test_a_project_without_a_registry_has_no_models(small_project, work_off) -> None:
    (small_project / "data/06_models/mlflow.db").unlink()
    look(work_off)
    assert Job.objects.get().state == State.DONE
    assert not ModelVersion.objects.exists()


def test_a_version_that_is_registered_elsewhere_comes_onto_the_shelf_and_does_not_serve(
    champion, small_project, work_off
) -> None:
    add_version(small_project)
    assert look(work_off) == 1
    assert [version.number for version in ModelVersion.objects.all()] == [2, 1]
    assert Champion.objects.get().version == champion


def test_a_champion_that_was_promoted_elsewhere_serves_and_is_on_record(champion, small_project, work_off) -> None:
    add_version(small_project, champion=True)
    look(work_off)
    held = Champion.objects.get()
    assert (held.version.number, held.before, held.decided_by) == (2, champion, "MLflow")
    assert Entry.objects.filter(action="made champion", object_id=str(held.version_id)).exists()


def test_an_approved_version_becomes_mlflows_champion_too(champion, small_project, work_off, analyst, approver) -> None:
    add_version(small_project)
    look(work_off)
    second = ModelVersion.objects.get(number=2)
    services.approve(approver, services.propose(analyst, second, reason="It finds more."), note="Agreed.")
    assert not Champion.objects.get().told
    work_off()
    assert registry(small_project).holdings()[NAME].champion == 2
    held = Champion.objects.get()
    assert held.told
    assert held.version == second


def test_a_decision_of_approvers_is_not_undone_by_an_alias_that_is_not_moved_yet(
    champion, small_project, work_off, analyst, approver
) -> None:
    add_version(small_project)
    look(work_off)
    second = ModelVersion.objects.get(number=2)
    services.approve(approver, services.propose(analyst, second, reason="It finds more."), note="")
    services.follow({NAME: 1})
    assert Champion.objects.get().version == second


def test_a_version_trained_under_another_contract_cannot_serve_until_the_contract_fits_again(
    small_project, work_off
) -> None:
    file = small_project / "conf/base/contract_made.yml"
    content = yaml.safe_load(file.read_text())
    changed = [column | {"unit": "EUR"} if column["name"] == "balance_usd" else column for column in content["columns"]]
    file.write_text(yaml.safe_dump(content | {"columns": changed}))
    look(work_off)
    version = ModelVersion.objects.get()
    assert not version.usable
    assert "balance_usd is not in the project's, is forbidden there, or is of another type or unit" in version.problem
    assert not Champion.objects.exists()
    file.write_text(yaml.safe_dump(content))
    look(work_off)
    version.refresh_from_db()
    assert (version.usable, version.problem) == (True, "")
    assert Champion.objects.get().version == version


def test_a_damaged_version_cannot_serve_and_says_so(champion, small_project, work_off, monkeypatch) -> None:
    from affluence.adapters.mlflow_registry import Registry

    whole = Registry.take_out

    def damaged(self, name, number, folder):
        parameters = whole(self, name, number, folder)
        (folder / "model" / "fold_1").write_bytes(b"no booster")
        return parameters

    monkeypatch.setattr(Registry, "take_out", damaged)
    add_version(small_project, champion=True)
    look(work_off)
    second = ModelVersion.objects.get(number=2)
    assert not second.usable
    assert second.problem.startswith("The model's files are damaged")
    assert Champion.objects.get().version == champion


def test_after_a_job_that_failed_the_next_one_waits_a_while(small_project, monkeypatch) -> None:
    Job.objects.create(kind=services.TAKE_IN, subject=services.REGISTRY, state=State.FAILED, ended_at=timezone.now())
    assert services.watch() is None
    Job.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    assert services.watch() is not None


def test_the_page_shows_what_a_model_leans_on_and_a_version_of_which_nothing_is_known_yet(champion, client, analyst):
    ModelVersion.objects.create(name=champion.name, number=2, contract="made", problem="It is being taken in.")
    client.force_login(analyst)
    shown = client.get("/models")
    assert shown.status_code == 200
    page = shown.content.decode()
    assert "It is being taken in." in page
    assert f"{champion.metrics['expected_calibration_error']:.3f}" in page
    assert "balance_usd" in page
