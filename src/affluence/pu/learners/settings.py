"""What may be set on a learner, and within which bounds; tuning looks inside of them, and nothing is used outside."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

from affluence.errors import UserError

Settings = Mapping[str, float | int]


@dataclass(frozen=True)
class Bounds:
    """The values that the setting `name` may take: `low` to `high`, `whole` numbers or any, tried on a `log` scale."""

    name: str
    low: float
    high: float
    whole: bool = False
    log: bool = False

    def fault(self, value: object) -> str | None:
        """What is wrong with `value`, in words; None for a value within the bounds."""
        number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
        if not self.low <= number <= self.high or (self.whole and not number.is_integer()):
            kind = "a whole number" if self.whole else "a number"
            return f"{self.name} is {_short(value)}, wanted {kind} from {self.low:g} to {self.high:g}"
        return None


# The forest's number of trees is not here: more are never worse, only slower. Nor is what makes a method that method,
# its objective above all.
BOUNDS: Mapping[str, tuple[Bounds, ...]] = {
    "xgboost": (
        Bounds("rounds", 50, 600, whole=True, log=True),
        Bounds("learning_rate", 0.01, 0.2, log=True),
        Bounds("max_leaves", 4, 64, whole=True, log=True),
        Bounds("min_child_weight", 1, 64, log=True),
        Bounds("reg_lambda", 0.1, 100, log=True),
        Bounds("colsample_bytree", 0.2, 1),
        Bounds("subsample", 0.4, 1),
    ),
    "random_forest": (
        Bounds("max_depth", 4, 20, whole=True),
        Bounds("min_child_weight", 1, 64, log=True),
        Bounds("subsample", 0.2, 0.9),
        Bounds("colsample_bynode", 0.1, 1),
    ),
    "logistic": (
        Bounds("bins", 4, 64, whole=True, log=True),
        Bounds("inverse_penalty", 0.003, 30, log=True),
    ),
}


def checked_settings(key: str, settings: Mapping[str, object]) -> Settings:
    """The settings, in the order of `BOUNDS`, whole numbers as such, for the learner of that key.

    Errors: UserError that lists every setting that the learner does not have, and every value out of its bounds.
    """
    bounds = BOUNDS[key]
    faults = [fault for bound in bounds if bound.name in settings and (fault := bound.fault(settings[bound.name]))]
    known = [bound.name for bound in bounds]
    unknown = [name for name in settings if name not in known]
    faults += [f"there is no setting {_short(name)} (there are {', '.join(known)})" for name in unknown]
    if faults:
        raise UserError(f"The settings of {key} cannot be used: {'; '.join(faults)}.")
    return {bound.name: _number(settings[bound.name], whole=bound.whole) for bound in bounds if bound.name in settings}


def _number(value: object, *, whole: bool) -> float | int:
    number = float(value)  # type: ignore[arg-type]
    return int(number) if whole else number


def _short(value: object) -> str:
    text = str(value)
    return f"'{text}'" if len(text) <= 40 else f"'{text[:40]}...'"
