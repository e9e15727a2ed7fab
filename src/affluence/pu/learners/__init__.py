"""The learners, by key. Adding one is a file here and a line in this table."""

from collections.abc import Mapping

from affluence.errors import UserError
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.logistic import LOGISTIC
from affluence.pu.learners.protocol import FittedLearner, Learner
from affluence.pu.learners.random_forest import RANDOM_FOREST
from affluence.pu.learners.settings import checked_settings

LEARNERS: Mapping[str, Learner] = {learner.key: learner for learner in (GRADIENT_BOOSTING, RANDOM_FOREST, LOGISTIC)}

__all__ = ["LEARNERS", "FittedLearner", "Learner", "learner_of"]


def learner_of(key: str, settings: Mapping[str, object] | None = None) -> Learner:
    """The learner of that key, with `settings` in place of its own where some are given.

    Errors: UserError that lists the known keys, or what is wrong with the settings.
    """
    if key not in LEARNERS:
        raise UserError(f"There is no learner '{key}'. Choose among {', '.join(LEARNERS)}.")
    return LEARNERS[key].with_settings(checked_settings(key, settings)) if settings else LEARNERS[key]
