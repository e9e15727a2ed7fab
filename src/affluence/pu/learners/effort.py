"""How much work the finder's boosters do, and the settings that they share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from affluence.pu.learners.boosters import BoosterLearner
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.logistic import LOGISTIC, LogisticLearner
from affluence.pu.learners.settings import checked_settings

Mode = Literal["accurate", "fast"]


@dataclass(frozen=True)
class Effort:
    """`rounds` of boosting at `learning_rate`, `repeats` boosters averaged, `renewed` rounds after new verdicts.

    `booster` has the other settings of the boosters, `scorecard` those of the scorecards.
    """

    rounds: int
    learning_rate: float
    repeats: int
    renewed: int
    booster: BoosterLearner = GRADIENT_BOOSTING
    scorecard: LogisticLearner = LOGISTIC


EFFORTS: dict[Mode, Effort] = {
    "accurate": Effort(rounds=200, learning_rate=0.05, repeats=3, renewed=12),
    "fast": Effort(rounds=60, learning_rate=1 / 6, repeats=1, renewed=12),
}


def effort_of(
    mode: Mode, *, boosting: Mapping[str, object] | None = None, scorecard: Mapping[str, object] | None = None
) -> Effort:
    """The effort of that mode with tuned settings of XGBoost (`boosting`) and of the logistic regression (`scorecard`).

    Tuned rounds and learning rate count as multiples of the single booster's own, so that a mode stays what it is.

    Errors: UserError when a setting is unknown or out of its bounds.
    """
    effort = EFFORTS[mode]
    if boosting:
        booster = GRADIENT_BOOSTING.with_settings(checked_settings(GRADIENT_BOOSTING.key, boosting))
        own, tuned = float(GRADIENT_BOOSTING.settings["learning_rate"]), float(booster.settings["learning_rate"])
        effort = replace(
            effort,
            rounds=max(1, round(effort.rounds * booster.rounds / GRADIENT_BOOSTING.rounds)),
            learning_rate=effort.learning_rate * (tuned / own),
            booster=booster,
        )
    if scorecard:
        effort = replace(effort, scorecard=LOGISTIC.with_settings(checked_settings(LOGISTIC.key, scorecard)))
    return effort


def booster_settings(effort: Effort, *, seed: int) -> dict[str, Any]:
    """XGBoost's parameters without an objective: those of the single learner, at this effort."""
    shared = {name: value for name, value in effort.booster.parameters.items() if name != "objective"}
    return shared | {"learning_rate": effort.learning_rate, "tree_method": "hist", "seed": seed, "verbosity": 0}
