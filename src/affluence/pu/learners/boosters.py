"""Trees on XGBoost's engine: gradient boosting and a random forest, which differ in their settings alone.

Both read missing values and categories natively and are stored in XGBoost's own binary format.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import logit

from affluence.features.preprocessing import Design
from affluence.pu.learners.protocol import SMALLEST_PROBABILITY, LogOdds, Tags

# Folds are fitted side by side, each on one thread. More threads in one fit wait for each other hundreds of times a
# tree, which took four to sixteen times as long on a machine that did other work too; and one thread gives the same
# trees on every machine, to the bit.
THREADS = 1
# Up to so many rows one thread is done before others are awake.
FEW_ROWS = 1_000


@dataclass(frozen=True)
class FittedBooster:
    """A fitted XGBoost model; `margins` says whether its raw output is log-odds or a share."""

    booster: xgb.Booster
    names: tuple[str, ...]
    margins: bool

    def log_odds(self, design: Design) -> LogOdds:
        """The log-odds of the tag for each customer of `design`."""
        raw = raw_output(self.booster, design.matrix)
        return raw if self.margins else logit(raw.clip(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))

    def score(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """The log-odds of the tag, twice: whoever is likelier to be tagged is taken to be likelier to be affluent."""
        log_odds = self.log_odds(design)
        return log_odds, log_odds

    def gains(self) -> Mapping[str, float]:
        """The share of the split gain by feature; features never split on have none."""
        gains = {name: _single(gain) for name, gain in self.booster.get_score(importance_type="total_gain").items()}
        total = sum(gains.values())
        return {name: gains.get(name, 0.0) / total if total else 0.0 for name in self.names}

    def to_bytes(self) -> bytes:
        """The model in XGBoost's binary JSON."""
        return bytes(self.booster.save_raw(raw_format="ubj"))


@dataclass(frozen=True)
class BoosterLearner:
    """A method on XGBoost's engine: `rounds` of `parameters`."""

    key: str
    title: str
    rounds: int
    parameters: Mapping[str, float | int | str]

    @property
    def settings(self) -> Mapping[str, float | int | str]:
        """The settings that were chosen on purpose, for the record."""
        return {"rounds": self.rounds, **self.parameters}

    def with_settings(self, settings: Mapping[str, float | int | str]) -> Self:
        """The same method with other `settings`; those that are not named stay."""
        changed = {**self.settings, **settings}
        return replace(self, rounds=int(changed.pop("rounds")), parameters=changed)

    @property
    def _margins(self) -> bool:
        return self.parameters["objective"] == "binary:logistic"

    def fit(self, design: Design, tags: Tags, *, seed: int) -> FittedBooster:
        """The method fitted to these customers, starting from the share tagged among them."""
        share = float(np.clip(tags.mean(), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)) if len(tags) else 0.5
        parameters = {
            "tree_method": "hist",
            **self.parameters,
            "seed": seed,
            "base_score": share,
            "nthread": THREADS,
            "verbosity": 0,
        }
        booster = xgb.train(parameters, booster_matrix(design, tags), num_boost_round=self.rounds)
        return FittedBooster(booster, design.names, self._margins)

    def from_bytes(self, state: bytes) -> FittedBooster:
        """The fitted model that `to_bytes` wrote."""
        booster = xgb.Booster(model_file=bytearray(state))
        return FittedBooster(booster, tuple(booster.feature_names or ()), self._margins)


def booster_matrix(design: Design, tags: Tags | None = None) -> xgb.DMatrix:
    """XGBoost's matrix of a design, its categories marked as such."""
    return xgb.DMatrix(
        design.matrix,
        label=tags,
        nthread=THREADS,
        feature_names=list(design.names),
        feature_types=["c" if categories else "q" for categories in design.categories],
        enable_categorical=True,
    )


def raw_output(booster: xgb.Booster, matrix: NDArray[np.float32]) -> LogOdds:
    """The sum of the trees for each row of a design's matrix, in the engine's 32 bits, whatever it means.

    The engine reads the matrix where it is: making a matrix of its own takes longer than scoring a row. Columns stand
    as in the training table, so their names are not compared.
    """
    return booster.inplace_predict(matrix, predict_type="margin", validate_features=False).astype(np.float64)


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """One thread for few rows while the block runs, as many as there are processors for many.

    Waking the others takes longer than the work, and far longer on a machine that does other work too.
    """
    if rows > FEW_ROWS:
        yield
        return
    with xgb.config_context(nthread=1):
        yield


def _single(gain: float | list[float]) -> float:
    return float(np.sum(gain))
