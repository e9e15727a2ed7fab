"""A ranking that was made once, beside which each test has a run of its own."""

import json
import shutil
from pathlib import Path

import pytest
from tests.affluence.conftest import made_contract, made_customers
from tests.affluence_service.conftest import FOLDER, ROOT, made_intake

from affluence_service.datasets.models import Dataset
from affluence_service.people.models import User
from affluence_service.registry.models import ModelVersion
from affluence_service.runs import results
from affluence_service.runs.models import Run


@pytest.fixture(scope="session")
def made_ranking(made_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scoring of the small made table."""
    from affluence.adapters.mlflow_registry import Registry
    from affluence.data.offer_table import load_offers
    from affluence.evaluation.stability_limits import Limits
    from affluence_service.runs.scoring import score_dataset, write_scored

    folder = tmp_path_factory.mktemp("ranking")
    customers = made_customers()
    opened = results.OpenedDataset(customers, made_contract(), made_intake(customers.height))
    model = Registry(folder=made_project / "data/06_models", server=None).load("affluence-made").model
    offers = load_offers(ROOT / "conf/base/offers.yml")
    write_scored(score_dataset(opened, model, offers, Limits(), contacts=None, seed=0), folder)
    return folder


@pytest.fixture
def scored_run(analyst: User, made_dataset: Dataset, made_ranking: Path) -> Run:
    """The run of that ranking."""
    folder = FOLDER / "work" / "ranking"
    shutil.copytree(made_ranking, folder)
    summary = json.loads((folder / results.SUMMARY).read_text())
    version = ModelVersion.objects.create(name="affluence-made", number=1, contract="made", usable=True)
    return Run.objects.create(
        team=analyst.team, kind=Run.Kind.SCORE, dataset=made_dataset, version=version, asked_by=analyst,
        folder="work/ranking", rows=summary["rows"], candidates=summary["candidates"], summary=summary,
    )  # fmt: skip
