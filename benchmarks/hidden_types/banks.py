"""Made banks, each with a finder trained on its tag: the score and the two views of everyone, beside the truth.

The finder never sees the truth. What it says of a bank is kept in a folder, for training takes minutes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import Scenario, simulate
from affluence.features.definitions import features_of
from affluence.features.preprocessing import Design, fit_preprocessing
from affluence.pu.discovery import Discovery
from affluence.pu.fold_models import TrainedModel
from affluence.pu.learners.effort import Mode
from affluence.pu.two_views import two_views

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "conf" / "base" / "contract_reference_bank.yml"
FOLDS = 5


@dataclass(frozen=True)
class Bank:
    """A made bank: what it is called, its seed, how it behaves, and how many customers it has."""

    name: str
    seed: int
    scenario: Scenario
    customers: int
    mode: Mode = "fast"

    @property
    def key(self) -> str:
        """The name of its file."""
        return f"{self.name.replace(' ', '_')}_{self.seed}_{self.customers}_{self.mode}"


def seen(bank: Bank, folder: Path) -> pl.DataFrame:
    """Each customer of the bank: row, customer_id, tag, score, here, elsewhere, affluent, hidden_type."""
    kept = folder / f"{bank.key}.parquet"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        customers, truth, model = _trained(bank, folder)
        scores, views = steps.score(model, customers), two_views(model, customers)
        scores.select("row", "customer_id", "tag", "score").with_columns(
            here=pl.Series(views.here), elsewhere=pl.Series(views.elsewhere)
        ).join(truth, on="row", how="left", maintain_order="left").write_parquet(kept)
    return pl.read_parquet(kept)


def columns_of(bank: Bank, folder: Path, rows: pl.Series) -> Design:
    """The columns that the finder read of these rows, as its learners read them; nothing is trained."""
    customers, _ = _customers(bank, folder)
    treated, contract, _ = steps.examine(customers, load_contract(CONTRACT))
    features = steps.build_features(treated, contract)

    design = fit_preprocessing(features, features=features_of(contract)).design(features)
    places = pl.DataFrame({"row": rows}).join(
        treated.select("row").with_row_index("place"), on="row", how="left", maintain_order="left"
    )["place"]
    return design.rows(places.to_numpy().astype(np.intp))


def _trained(bank: Bank, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, TrainedModel]:
    customers, truth = _customers(bank, folder)
    treated, contract, examination = steps.examine(customers, load_contract(CONTRACT))
    features = steps.build_features(treated, contract)
    training = steps.train(
        treated, features, contract, examination, learners=("finder",), folds=FOLDS, seed=0, mode=bank.mode
    )
    fit = training.fit_of("finder")
    discovery = training.discovery or Discovery(bank.mode, (), 0, None, None, ())
    model = TrainedModel(
        contract=training.contract,
        learner=fit.learner,
        preprocessing=training.preprocessing,
        models=fit.models,
        fold_map=training.fold_map,
        calibrated=False,
        discovery=discovery,
        rules=training.rules,
    )
    return treated, truth, model


def _customers(bank: Bank, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    made = simulate(customers=bank.customers, seed=bank.seed, scenario=bank.scenario)
    path = folder / f"{bank.key}_table.parquet"
    made.table.write_parquet(path)
    customers, _ = steps.intake(read_table(path, contract=load_contract(CONTRACT)))
    path.unlink()
    return customers, made.truth.select("row", "affluent", "hidden_type")
