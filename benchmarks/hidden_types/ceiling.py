"""The ceiling: how well the types can be told from the same columns by boosting trained on the true types.

No bank could train it. Each customer is scored by models that never saw that customer. Several ways of training are
tried and the best on average over the judged banks counts. It is what these ways reach with the listed of one bank; how
far another way or more people would reach is not known.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xgboost as xgb
from benchmarks.hidden_types.banks import Bank, columns_of
from benchmarks.hidden_types.learn import LISTED_SHARE, Floats, Listed, macro_f1, macro_f1_of_hidden
from sklearn.model_selection import GroupKFold

from affluence.decision.type_rule import TYPES

# How much rarer types count for: their share to this power; and the share of the ranking that is trained on.
WAYS = ((0.8, LISTED_SHARE), (0.7, LISTED_SHARE), (0.6, LISTED_SHARE), (0.7, 0.3))
ROUNDS = 50
SETTINGS = {
    "objective": "multi:softprob",
    "num_class": len(TYPES),
    "max_depth": 3,
    "eta": 0.07,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "min_child_weight": 5,
    "max_bin": 64,
    "nthread": 1,
}


def ceilings(bank: Bank, people: Listed, folder: Path) -> dict[str, dict[str, float]]:
    """Macro F1 over the "listed" and over the truly "hidden" among them, each by the way of training.

    Kept in `folder`, for it takes a minute.
    """
    kept = folder / f"{bank.key}_ceiling.json"
    if not kept.is_file():
        measured = list(_measured(bank, people, folder))
        reached = {
            "listed": {way: listed for way, listed, _ in measured},
            "hidden": {way: hidden for way, _, hidden in measured},
        }
        kept.write_text(json.dumps(reached), encoding="utf-8")
    told: dict[str, dict[str, float]] = json.loads(kept.read_text(encoding="utf-8"))
    return told


def _measured(bank: Bank, people: Listed, folder: Path) -> Iterator[tuple[str, float, float]]:
    """The way of training, macro F1 over the listed, and over the truly hidden among them."""
    types = people.first(LISTED_SHARE).types
    columns = columns_of(bank, folder, people.rows).matrix.astype(np.float64)
    for power, share in WAYS:
        trained = people.first(share)
        weighed = _cross_fitted(columns[: len(trained.types)], trained, power=power)[: len(types)]
        forced = np.asarray(TYPES)[weighed.argmax(axis=1)]
        yield f"power {power}, first {share:.0%}", macro_f1(types, forced), macro_f1_of_hidden(types, weighed)


def _cross_fitted(columns: Floats, people: Listed, *, power: float) -> Floats:
    """Customers x `TYPES`: chances under the weights, from models that never saw that customer."""
    places = np.array([TYPES.index(name) for name in people.types])
    weight = (len(places) / len(TYPES) / np.bincount(places, minlength=len(TYPES))) ** power
    weighed = np.empty((len(places), len(TYPES)))
    folds = GroupKFold(5, shuffle=True, random_state=0)
    for inside, held in folds.split(columns, places, people.customers):
        trained = xgb.DMatrix(columns[inside], places[inside], weight=weight[places[inside]])
        weighed[held] = xgb.train(SETTINGS, trained, num_boost_round=ROUNDS).predict(xgb.DMatrix(columns[held]))
    return weighed
