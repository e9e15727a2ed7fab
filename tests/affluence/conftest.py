"""A small made table with every kind of column, and what is fitted to it."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affluence import steps, workspace_training
from affluence.data.contract import Contract, load_contract

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3_000


def made_contract() -> Contract:
    def column(name: str, kind: str, missing: str = "not_recorded", use: str = "speakable") -> dict[str, str]:
        return {
            "source": name.upper(),
            "name": name,
            "type": kind,
            "missing": missing,
            "use": use,
            "meaning": f"The {name} of a made customer.",
        }

    return Contract.model_validate(
        {
            "table": "made",
            "title": "Made customers",
            "customer_id": {"source": "ID"},
            "tag": {"source": "SEG", "affluent": ["AFFLUENT"], "normal": ["NORMAL"]},
            "columns": [
                column("balance_usd", "number", missing="does_not_hold"),
                column("age_years", "integer", use="internal"),
                column("job", "category"),
                column("capital_gain_usd", "number"),
                column("capital_loss_usd", "number"),
                column("origin", "category", use="forbidden"),
            ],
        }
    )


def made_customers(rows: int = ROWS, *, seed: int = 0) -> pl.DataFrame:
    """Customers whose tag follows balance and job, with a quarter of the balances missing; ids C0, C1, ..."""
    random = np.random.default_rng(seed)
    balance = random.lognormal(8, 1.5, rows)
    job = random.choice(["clerk", "doctor", "farmer"], rows, p=[0.6, 0.1, 0.3])
    wealth = np.log(balance) + 1.5 * (job == "doctor") + random.normal(0, 1, rows)
    return pl.DataFrame(
        {
            "row": range(1, rows + 1),
            "customer_id": [f"C{number}" for number in range(rows)],
            "tag": (wealth > np.quantile(wealth, 0.8)).astype(np.int8),
            "balance_usd": balance,
            "age_years": random.integers(18, 90, rows),
            "job": job,
            "capital_gain_usd": random.exponential(100, rows),
            "capital_loss_usd": random.exponential(50, rows),
            "origin": random.choice(["here", "there"], rows),
        }
    ).with_columns(pl.when(pl.Series(random.random(rows) > 0.25)).then("balance_usd"))


@pytest.fixture(scope="session")
def contract() -> Contract:
    return made_contract()


@pytest.fixture(scope="session")
def customers_contract() -> Contract:
    """The contract of `customers`, also where a folder's own `contract` is another."""
    return made_contract()


@pytest.fixture(scope="session")
def customers() -> pl.DataFrame:
    return made_customers()


@pytest.fixture(scope="session")
def features(customers: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    return steps.build_features(customers, contract)


@pytest.fixture(scope="session")
def training(customers: pl.DataFrame, features: pl.DataFrame, contract: Contract) -> steps.Training:
    return steps.train(
        customers, features, contract, learners=("xgboost", "random_forest", "logistic"), folds=5, seed=0
    )


@pytest.fixture(scope="session")
def in_sample_scores(training: steps.Training, features: pl.DataFrame) -> np.ndarray:
    return steps.score_in_sample(training, features)


@pytest.fixture(scope="session")
def evaluation(training: steps.Training, customers: pl.DataFrame, in_sample_scores: np.ndarray):
    return steps.evaluate(training, customers, in_sample_scores, capacity_share=0.1)


@pytest.fixture(scope="session")
def model(training: steps.Training, evaluation):
    return steps.choose(training, evaluation)[0]


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory) -> Path:
    """A project with a made bank of 2,500 customers and two versions of its model: the second learned from verdicts.

    The verdicts, those of the truth on 80 candidates, stand in sheet.csv. Nobody writes into it but through `bank`.
    """
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "conf" / "base", root / "conf" / "base")
    (root / "conf" / "local").mkdir()
    (root / "pyproject.toml").touch()
    with contextlib.chdir(root):
        contract = load_contract(root / "conf/base/contract_reference_bank.yml")
        bank = steps.make_bank(contract, root, customers=2_500, seed=3)
        options = workspace_training.TrainingOptions(learners=("finder",), folds=3, mode="fast")
        workspace_training.train(None, "reference_bank", options)
        sheet = workspace_training.suggest_review(
            None, "reference_bank", n=80, purpose="count", earlier=(), version=None, seed=0, out=root / "sheet.csv"
        )
        truth = bank.truth.select("row", verdict=pl.col("affluent").cast(pl.Int8))
        sheet.drop("verdict").join(truth, on="row", how="left").write_csv("sheet.csv")
        workspace_training.train(None, "reference_bank", options, reviews=[root / "sheet.csv"])
    return root


@pytest.fixture
def bank(trained_project, monkeypatch) -> Iterator[Path]:
    """The trained project as the working folder; what a test writes into conf/local is gone after it."""
    monkeypatch.chdir(trained_project)
    yield trained_project
    for path in (trained_project / "conf" / "local").iterdir():
        path.unlink()
