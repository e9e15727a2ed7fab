"""A fold's finder as bytes: a zip of XGBoost's own binary models and one JSON; nothing in it can run code."""

import io
import json
import zipfile
from dataclasses import asdict
from typing import Any

import numpy as np
import xgboost as xgb
from pydantic import TypeAdapter

from affluence.pu.first_layer import FirstLayer
from affluence.pu.label_propensity import LabelPropensity
from affluence.pu.learners.boosters import FittedBooster
from affluence.pu.learners.logistic import LOGISTIC
from affluence.pu.learners.split_additive import SplitAdditive
from affluence.pu.learners.under_propensity import AffluentBooster
from affluence.pu.second_layer import Blend, FoldFinder, Plain
from affluence.pu.verdict_correction import VerdictCorrection

STATE = "finder.json"
# Zip stores a time with each part; a fixed one keeps equal finders equal to the byte.
NO_TIME = (1980, 1, 1, 0, 0, 0)
_PROPENSITY: TypeAdapter[LabelPropensity] = TypeAdapter(LabelPropensity)
_CORRECTION: TypeAdapter[VerdictCorrection] = TypeAdapter(VerdictCorrection)


def finder_to_bytes(finder: FoldFinder) -> bytes:
    """The finder of one fold, to be read by `finder_from_bytes`; it scores the same to the last bit."""
    split = finder.first.split
    state = {
        "names": finder.names,
        "blend": asdict(finder.blend),
        "plain": asdict(finder.plain),
        "tag_boosters": len(finder.first.boosters),
        "affluent_boosters": [fitted.intercept for fitted in finder.boosters],
        "split": {"drivers": split.drivers, "typical": _listed(split.typical)} if split else None,
        "propensity": asdict(finder.propensity)
        if isinstance(finder.propensity, LabelPropensity)
        else finder.propensity,
        "correction": asdict(finder.correction) if finder.correction else None,
    }
    parts = {
        STATE: json.dumps(state).encode(),
        "tag_scorecard.json": finder.first.scorecard.to_bytes(),
        "affluent_scorecard.json": finder.scorecard.to_bytes(),
        **{f"tag_{place}.ubj": fitted.to_bytes() for place, fitted in enumerate(finder.first.boosters)},
        **{f"affluent_{place}.ubj": _raw(fitted.booster) for place, fitted in enumerate(finder.boosters)},
        **({"split.ubj": _raw(split.booster)} if split else {}),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, NO_TIME), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def finder_from_bytes(packed: bytes) -> FoldFinder:
    """The finder that `finder_to_bytes` wrote."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    state: dict[str, Any] = json.loads(parts[STATE])
    names = tuple(state["names"])
    first = FirstLayer(
        boosters=tuple(
            FittedBooster(_booster(parts[f"tag_{place}.ubj"]), names, margins=True)
            for place in range(state["tag_boosters"])
        ),
        scorecard=LOGISTIC.from_bytes(parts["tag_scorecard.json"]),
        split=_split(state["split"], parts),
    )
    propensity, correction = state["propensity"], state["correction"]
    return FoldFinder(
        first=first,
        blend=Blend(state["blend"]["intercept"], (state["blend"]["weights"][0], state["blend"]["weights"][1])),
        propensity=_PROPENSITY.validate_python(propensity) if isinstance(propensity, dict) else float(propensity),
        boosters=tuple(
            AffluentBooster(_booster(parts[f"affluent_{place}.ubj"]), intercept)
            for place, intercept in enumerate(state["affluent_boosters"])
        ),
        scorecard=LOGISTIC.from_bytes(parts["affluent_scorecard.json"]),
        names=names,
        plain=Plain(**state["plain"]),
        correction=_CORRECTION.validate_python(correction) if correction else None,
    )


def _split(state: dict[str, Any] | None, parts: dict[str, bytes]) -> SplitAdditive | None:
    if state is None:
        return None
    typical = np.array([np.nan if value is None else value for value in state["typical"]], dtype=np.float32)
    return SplitAdditive(_booster(parts["split.ubj"]), tuple(state["drivers"]), typical)


def _listed(values: np.ndarray[Any, Any]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _raw(booster: xgb.Booster) -> bytes:
    return bytes(booster.save_raw(raw_format="ubj"))


def _booster(raw: bytes) -> xgb.Booster:
    return xgb.Booster(model_file=bytearray(raw))
