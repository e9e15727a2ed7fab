"""Which engine the random forest runs on: XGBoost's forest mode beside scikit-learn's forest, on the same folds.

    python benchmarks/forest_engine.py

Both are cross-fitted on Adult under its contract: the same features, the same five folds, all cores. Printed are the
ROC AUC of the tag and the recall at a capacity of 10 %, out of fold and with 90 % intervals, the seconds that fitting
and scoring took, and how large the five fold models are when stored.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from skops.io import dumps  # type: ignore[import-untyped]

from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.evaluation.ranking import capacity_curve, roc_auc
from affluence.features.definitions import features_of
from affluence.features.preprocessing import Design, fit_preprocessing
from affluence.pu.cross_fitting import Folds, canonical_order, cross_fit, customer_digests, deal_folds
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.learners.random_forest import RANDOM_FOREST
from affluence.steps import build_features, intake

ROOT = Path(__file__).resolve().parents[1]
FOLDS, SEED, CAPACITY_SHARE = 5, 0, 0.1


@dataclass(frozen=True)
class Adult:
    """Adult as a learner sees it, in the order that a training uses."""

    design: Design
    tags: Tags
    folds: Folds


@dataclass(frozen=True)
class Forest:
    """What one engine gave: scores out of fold, the seconds it took, and the bytes its fold models take."""

    title: str
    scores: NDArray[np.float64]
    seconds: float
    stored_bytes: int


def adult() -> Adult:
    """Adult under its contract, dealt to folds."""
    contract = load_contract(ROOT / "conf/base/contract_adult.yml")
    customers, _ = intake(read_table(ROOT / str(contract.file), contract=contract))
    features = build_features(customers, contract)
    tags = customers["tag"].to_numpy().astype(np.int8)
    digests = customer_digests(customers["customer_id"], key=SEED)
    order = canonical_order(digests, features)
    design = fit_preprocessing(features, features=features_of(contract)).design(features)
    return Adult(design.rows(order), tags[order], deal_folds(digests, tags, folds=FOLDS)[order])


def xgboost_forest(table: Adult) -> Forest:
    """The project's forest, as a training runs it; stored in XGBoost's binary JSON."""
    start = time.perf_counter()
    fitted = cross_fit(RANDOM_FOREST, table.design, table.tags, table.folds, seed=SEED)
    seconds = time.perf_counter() - start
    return Forest("XGBoost, forest mode", fitted.out_of_fold, seconds, sum(len(m.to_bytes()) for m in fitted.models))


def scikit_learn_forest(table: Adult) -> Forest:
    """scikit-learn's forest of 200 trees with leaves of 5 and more; stored by skops, packed.

    Categories stand as ordinal codes, for it knows no categories, and missing as -1.
    """
    matrix = np.nan_to_num(table.design.matrix, nan=-1)
    scores: LogOdds = np.zeros(len(matrix))
    models = []
    start = time.perf_counter()
    for fold in range(FOLDS):
        held_out = table.folds == fold
        model = RandomForestClassifier(200, min_samples_leaf=5, n_jobs=-1, random_state=SEED + fold)
        model.fit(matrix[~held_out], table.tags[~held_out])
        scores[held_out] = model.predict_proba(matrix[held_out])[:, 1]
        models.append(model)
    seconds = time.perf_counter() - start
    return Forest("scikit-learn", scores, seconds, sum(len(dumps(m, compression=8)) for m in models))


def main() -> None:
    """Print one line an engine."""
    table = adult()
    capacity = round(CAPACITY_SHARE * len(table.tags))
    print(f"{'engine':22}{'ROC AUC':>26}{'recall at 10 %':>26}{'seconds':>9}{'stored':>10}")
    engines: tuple[Callable[[Adult], Forest], ...] = (xgboost_forest, scikit_learn_forest)
    for engine in engines:
        forest = engine(table)
        area = roc_auc(forest.scores, table.tags, seed=SEED)
        (point,) = capacity_curve(forest.scores, table.tags, capacities=[capacity], seed=SEED)
        figures = [f"{e.value:.4f} ({e.low:.3f} to {e.high:.3f})" for e in (area, point.recall)]
        stored = f"{forest.stored_bytes / 1e6:.0f} MB"
        print(f"{forest.title:22}{figures[0]:>26}{figures[1]:>26}{forest.seconds:9.1f}{stored:>10}")


if __name__ == "__main__":
    main()
