"""The learners, by key. Adding one is a file here and a line in this table."""

from collections.abc import Mapping

from affluence.errors import UserError
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.logistic import LOGISTIC
from affluence.pu.learners.protocol import FittedLearner, Learner
from affluence.pu.learners.random_forest import RANDOM_FOREST

LEARNERS: Mapping[str, Learner] = {learner.key: learner for learner in (GRADIENT_BOOSTING, RANDOM_FOREST, LOGISTIC)}

__all__ = ["LEARNERS", "FittedLearner", "Learner", "learner_of"]


def learner_of(key: str) -> Learner:
    """The learner of that key.

    Errors: UserError that lists the known keys.
    """
    if key not in LEARNERS:
        raise UserError(f"There is no learner '{key}'. Choose among {', '.join(LEARNERS)}.")
    return LEARNERS[key]
