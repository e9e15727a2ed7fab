"""Boosters put together in XGBoost's own JSON: several asked at once, and one whose settled trees are leaves.

Asking a booster about one customer costs as much as thousands of its trees, so a finder of several asks them as one.
The sums are the same to the last bit: each booster's trees are added in their order, from where it began.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

LOGISTIC = "binary:logistic"
NO_NODE = -1
NO_PARENT = 2_147_483_647
# The share whose log-odds are 0, where a booster of log-odds that begins at nothing begins.
EVEN = 0.5


def joined(boosters: Sequence[xgb.Booster]) -> xgb.Booster:
    """One booster of the same columns whose margins are those of `boosters`, a column each.

    Each must give log-odds from a share (`binary:logistic`), or add to nothing (a base score of 0).
    """
    states = [_state(booster) for booster in boosters]
    outputs = [place for place, state in enumerate(states) for _ in _trees(state)]
    trees = [tree for state in states for tree in _trees(state)]
    begins = [_begins_at(state) for state in states]
    whole = states[0]
    whole["learner"]["objective"] = {"name": LOGISTIC, "reg_loss_param": {"scale_pos_weight": "1"}}
    whole["learner"]["learner_model_param"] |= {
        "base_score": json.dumps(begins),
        "num_target": str(len(states)),
    }
    whole["learner"]["gradient_booster"]["model"] |= {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "iteration_indptr": [0, len(trees)],
        "tree_info": outputs,
        "trees": [{**tree, "id": place} for place, tree in enumerate(trees)],
    }
    return _booster(whole)


def settled(booster: xgb.Booster, columns: Sequence[int], values: NDArray[np.float32]) -> xgb.Booster:
    """The booster with these columns at these values for whoever is asked about: their trees are a leaf each.

    No tree of `booster` may split on these columns and on others too.
    """
    state = _state(booster)
    typical = np.full((1, booster.num_features()), np.nan, dtype=np.float32)
    typical[:, list(columns)] = values
    names, types = booster.feature_names, booster.feature_types
    leaves = booster.predict(
        xgb.DMatrix(typical, feature_names=names, feature_types=types, enable_categorical=True), pred_leaf=True
    )
    model = state["learner"]["gradient_booster"]["model"]
    model["trees"] = [
        _leaf_of(tree, int(leaf)) if _splits_on(tree) <= set(columns) else tree
        for tree, leaf in zip(model["trees"], leaves.reshape(-1), strict=True)
    ]
    return _booster(state)


def _splits_on(tree: dict[str, Any]) -> set[int]:
    pairs = zip(tree["split_indices"], tree["left_children"], strict=True)
    return {column for column, below in pairs if below != NO_NODE}


def _leaf_of(tree: dict[str, Any], leaf: int) -> dict[str, Any]:
    """A tree that is but this leaf of `tree`."""
    alone = {name: [cells[leaf]] if len(cells) == len(tree["parents"]) else [] for name, cells in _lists(tree)}
    parameters = {**tree["tree_param"], "num_nodes": "1", "num_deleted": "0"}
    return {**alone, "parents": [NO_PARENT], "id": tree["id"], "tree_param": parameters}


def _lists(tree: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(name, cells) for name, cells in tree.items() if isinstance(cells, list)]


def _trees(state: dict[str, Any]) -> list[dict[str, Any]]:
    trees: list[dict[str, Any]] = state["learner"]["gradient_booster"]["model"]["trees"]
    return trees


def _begins_at(state: dict[str, Any]) -> float:
    base = float(state["learner"]["learner_model_param"]["base_score"].strip("[]"))
    if state["learner"]["objective"]["name"] == LOGISTIC:
        return base
    if base:
        raise ValueError(f"A booster begins at {base}; only one that begins at 0 or at a share can be joined.")
    return EVEN


def _state(booster: xgb.Booster) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(booster.save_raw(raw_format="json"))
    return state


def _booster(state: dict[str, Any]) -> xgb.Booster:
    return xgb.Booster(model_file=bytearray(json.dumps(state).encode()))
