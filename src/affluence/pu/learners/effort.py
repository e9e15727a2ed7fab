"""How much work the finder's boosters do, and the settings that they share."""

from dataclasses import dataclass
from typing import Any, Literal

from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING

Mode = Literal["accurate", "fast"]


@dataclass(frozen=True)
class Effort:
    """`rounds` of boosting at `learning_rate`, `repeats` boosters averaged, `renewed` rounds after new verdicts."""

    rounds: int
    learning_rate: float
    repeats: int
    renewed: int


EFFORTS: dict[Mode, Effort] = {
    "accurate": Effort(rounds=200, learning_rate=0.05, repeats=3, renewed=15),
    "fast": Effort(rounds=60, learning_rate=1 / 6, repeats=1, renewed=15),
}


def booster_settings(effort: Effort, *, seed: int) -> dict[str, Any]:
    """XGBoost's parameters without an objective: those of the single learner, at this effort."""
    shared = {name: value for name, value in GRADIENT_BOOSTING.parameters.items() if name != "objective"}
    return shared | {"learning_rate": effort.learning_rate, "tree_method": "hist", "seed": seed, "verbosity": 0}
