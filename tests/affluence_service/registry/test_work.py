"""Versions come onto the shelf, decisions go out to MLflow, and a change made elsewhere is noticed."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from affluence_service.audit.models import Entry
from affluence_service.jobs.models import Job, State
from affluence_service.registry import services, shelf
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


def test_a_version_is_copied_with_its_card_and_its_figures(champion) -> None:
    folder = settings.ENVIRONMENT.folder / champion.folder
    assert champion.folder == f"models/{NAME}/1"
    assert sorted(path.name for path in folder.iterdir()) == [
        "discovery.json", "evaluation.json", "intake.json", "model", "model_card.html",
    ]  # fmt: skip
    assert champion.usable
    assert champion.contract == "made"
    assert champion.metrics["roc_auc"]["low"] < champion.metrics["roc_auc"]["value"]
    assert champion.facts["rows"] == "3000"
    assert Champion.objects.get(name=NAME).version == champion
