"""The ceiling: how well the types can be told from the same columns by boosting trained on the true types.

No bank could train it. Each customer is scored by models that never saw that customer. Several ways of training are
tried and the best on average over the judged banks counts, so the ceiling is rather too high than too low.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xgboost as xgb
from benchmarks.hidden_types.banks import Bank, columns_of
from benchmarks.hidden_types.learn import LISTED_SHARE, Floats, Listed, Names, macro_f1
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


def ceilings(bank: Bank, people: Listed, folder: Path) -> dict[str, float]:
    """Macro F1 over the listed by the way of training; kept in `folder`, for it takes a minute."""
    kept = folder / f"{bank.key}_ceiling.json"
    if not kept.is_file():
        kept.write_text(json.dumps(dict(_measured(bank, people, folder))), encoding="utf-8")
    told: dict[str, float] = json.loads(kept.read_text(encoding="utf-8"))
    return told


def _measured(bank: Bank, people: Listed, folder: Path) -> Iterator[tuple[str, float]]:
    listed = len(people.first(LISTED_SHARE).types)
    columns = columns_of(bank, folder, people.rows).matrix.astype(np.float64)
    for power, share in WAYS:
        trained = people.first(share)
        told = _cross_fitted(columns[: len(trained.types)], trained, power=power)
        yield f"power {power}, first {share:.0%}", macro_f1(people.types[:listed], told[:listed])


def _cross_fitted(columns: Floats, people: Listed, *, power: float) -> Names:
    places = np.array([TYPES.index(name) for name in people.types])
    weight = (len(places) / len(TYPES) / np.bincount(places, minlength=len(TYPES))) ** power
    told = np.empty(len(places), dtype="<U16")
    folds = GroupKFold(5, shuffle=True, random_state=0)
    for inside, held in folds.split(columns, places, people.customers):
        trained = xgb.DMatrix(columns[inside], places[inside], weight=weight[places[inside]])
        chances = xgb.train(SETTINGS, trained, num_boost_round=ROUNDS).predict(xgb.DMatrix(columns[held]))
        told[held] = np.asarray(TYPES)[chances.argmax(axis=1)]
    return told
