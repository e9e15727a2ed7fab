"""A trained model on disk: XGBoost's own format, JSON and Parquet; never a format that can run code.

The folder holds `model.json` (contract, learner, categories), one `fold_<n>` file for each fold model, and
`fold_map.parquet` (customer digest, fold). What is read back scores as what was written, to the last bit.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import TypeAdapter

from affluence.data.contract import Contract
from affluence.data.doctor import CellRule
from affluence.errors import UserError
from affluence.evaluation.sketches import Sketch
from affluence.features.preprocessing import Preprocessing
from affluence.pu.cross_fitting import FoldMap
from affluence.pu.discovery import Discovery
from affluence.pu.finder_bytes import finder_from_bytes, finder_to_bytes
from affluence.pu.finder_method import method_with
from affluence.pu.fold_models import TrainedModel
from affluence.pu.second_layer import FoldFinder
from affluence.pu.tuned import Tuned, tuned_from_yaml

FORMAT = 2
FINDER_FORMAT = 1
RULES = TypeAdapter(tuple[CellRule, ...])
DISCOVERY = TypeAdapter(Discovery)
SKETCH = TypeAdapter(Sketch | None)


def save_model(model: TrainedModel, folder: Path) -> None:
    """Write `model` into `folder`, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for fold, fitted in enumerate(model.models):
        (folder / f"fold_{fold}").write_bytes(fitted.to_bytes())
    _write_fold_map(model.fold_map, folder)
    (folder / "model.json").write_text(json.dumps(_state(model), indent=1), encoding="utf-8")


def load_model(folder: Path) -> TrainedModel:
    """The model that `save_model` wrote into `folder`.

    Errors: UserError when the folder holds no model, or one of another format.
    """
    state = _read_state(folder / "model.json", wanted=FORMAT)
    method = method_with(state["learner"], state["settings"])
    return TrainedModel(
        contract=Contract.model_validate(state["contract"]),
        learner=method,
        preprocessing=Preprocessing(
            features=tuple(state["features"]),
            vocabularies={name: tuple(known) for name, known in state["vocabularies"].items()},
        ),
        models=tuple(method.from_bytes((folder / f"fold_{fold}").read_bytes()) for fold in range(state["folds"])),
        fold_map=_read_fold_map(folder, key=state["key"]),
        calibrated=state["calibrated"],
        rules=RULES.validate_python(state["rules"]),
        discovery=DISCOVERY.validate_python(state["discovery"]),
        # A model of before sketches were kept has none, and whoever watches it says so.
        sketch=SKETCH.validate_python(state.get("sketch")),
        rate=state.get("rate", 1.0),
    )


def save_finder(state: Mapping[str, Any], finders: Sequence[FoldFinder], fold_map: FoldMap, folder: Path) -> None:
    """Write an `AffluentFinder` into `folder`: its state, its fold finders and its fold map."""
    folder.mkdir(parents=True, exist_ok=True)
    for fold, finder in enumerate(finders):
        (folder / f"fold_{fold}").write_bytes(finder_to_bytes(finder))
    _write_fold_map(fold_map, folder)
    content = {"format": FINDER_FORMAT, "folds": len(finders), "key": fold_map.key, **state}
    text = json.dumps(content, indent=1, default=lambda number: number.item())
    (folder / "finder.json").write_text(text, encoding="utf-8")


def load_finder(folder: Path) -> tuple[dict[str, Any], tuple[FoldFinder, ...], FoldMap]:
    """The state, fold finders and fold map that `save_finder` wrote.

    Errors: UserError when the folder holds no finder, or one of another format.
    """
    state = _read_state(folder / "finder.json", wanted=FINDER_FORMAT)
    finders = tuple(finder_from_bytes((folder / f"fold_{fold}").read_bytes()) for fold in range(state["folds"]))
    return state, finders, _read_fold_map(folder, key=state["key"])


def load_tuned(path: Path) -> Tuned:
    """The tuned settings that stand in a YAML file.

    Errors: UserError when it cannot be read, is no such file, or names a setting that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read as tuned settings ({type(error).__name__}). 'affluence tune' writes such a file."
        ) from error
    return tuned_from_yaml(text, name=path.name)


def _write_fold_map(fold_map: FoldMap, folder: Path) -> None:
    pl.DataFrame({"digest": fold_map.digests, "fold": fold_map.folds}).write_parquet(folder / "fold_map.parquet")


def _read_fold_map(folder: Path, *, key: int) -> FoldMap:
    read = pl.read_parquet(folder / "fold_map.parquet")
    return FoldMap(key, read["digest"].to_numpy().astype(np.uint64), read["fold"].to_numpy().astype(np.int8))


def _state(model: TrainedModel) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "contract": model.contract.model_dump(mode="json"),
        "learner": model.learner.key,
        "settings": dict(model.learner.settings),
        "features": model.preprocessing.features,
        "vocabularies": model.preprocessing.vocabularies,
        "folds": len(model.models),
        "key": model.fold_map.key,
        "calibrated": model.calibrated,
        "rules": RULES.dump_python(model.rules, mode="json"),
        "discovery": DISCOVERY.dump_python(model.discovery, mode="json"),
        "sketch": SKETCH.dump_python(model.sketch, mode="json"),
        "rate": model.rate,
    }


def _read_state(path: Path, *, wanted: int) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path.parent} holds no readable model: {type(error).__name__} at {path.name}.") from error
    if state.get("format") != wanted:
        raise UserError(f"The model in {path.parent} has format {state.get('format')}; this version reads {wanted}.")
    return state
