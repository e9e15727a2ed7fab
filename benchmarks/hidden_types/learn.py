"""The rule of types: learned on made banks, its thresholds chosen on each as seen by a rule learned on the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from affluence.data.reference_bank.truth import NOT_HIDDEN
from affluence.decision.type_rule import LOOK_ALIKE, TYPES, TypePrecision, TypeRule, rule_inputs, standing
from affluence.evaluation.calibration import wilson

Floats = NDArray[np.float64]
Names = NDArray[np.str_]

WANTED_PRECISION = 0.70
# A threshold found on fewer people than this is a matter of luck.
FEWEST_NAMED = 50
LISTED_SHARE = 0.10
HIDDEN = tuple(name for name in TYPES if name != LOOK_ALIKE)
# Chances over prior ** 0.7 come near the best macro F1; the search goes on from there.
FIRST_EMPHASIS = 0.7
STEPS = (0.7, 0.85, 1.2, 1.4)


@dataclass(frozen=True)
class Listed:
    """The unlabelled of a bank, best first: what the rule reads of each, the true type, the customer."""

    inputs: Floats
    types: Names
    rows: pl.Series
    customers: NDArray[np.str_]

    def first(self, share: float) -> "Listed":
        """The first `share` of them."""
        count = max(1, round(share * len(self.types)))
        return Listed(self.inputs[:count], self.types[:count], self.rows[:count], self.customers[:count])


def ranked(seen: pl.DataFrame) -> Listed:
    """The unlabelled of a bank as the product would rank them, and what the rule reads of them."""
    line = float(norm.ppf(1 - float((seen["tag"] == 1).mean())))
    stands = {name: standing(seen[name].to_numpy(), seen[name].to_numpy()) for name in ("score", "here", "elsewhere")}
    order = np.argsort(-seen["score"].to_numpy(), kind="stable")
    order = order[seen["tag"].to_numpy()[order] == 0]
    types = seen["hidden_type"].replace(NOT_HIDDEN, LOOK_ALIKE).to_numpy().astype(np.str_)
    people = seen[order]
    return Listed(
        rule_inputs(**stands, line=line)[order],
        types[order],
        people["row"],
        people["customer_id"].cast(pl.String).to_numpy().astype(np.str_),
    )


def learn(lists: Sequence[Listed], *, learned_on: Sequence[str]) -> TypeRule:
    """The rule learned on all these lists; a type's threshold is from chances that other lists gave."""
    apart = [_fit([other for other in lists if other is not held]).chances(held.inputs) for held in lists]
    chances, types = np.concatenate(apart), np.concatenate([held.types for held in lists])
    told = tuple(_threshold(name, chances[:, place], types == name) for place, name in enumerate(TYPES))
    return replace(_fit(lists), emphasis=_emphasis(chances, types), types=told, learned_on=tuple(learned_on))


def wanted_precision(base: float) -> float:
    """70 %, and wrong at most half as often as naming everybody so would be."""
    return max(WANTED_PRECISION, 1 - (1 - base) / 2)


def macro_f1(types: Names, forced: Names) -> float:
    """The mean of the F1 of the four types."""
    return float(f1_score(types, forced, labels=list(TYPES), average="macro", zero_division=0))


def macro_f1_of_hidden(types: Names, weighed: Floats) -> float:
    """The mean of the F1 of the three hidden types over the truly hidden alone, each given the likeliest of the three.

    `weighed` is customers x `TYPES`. No bank knows who is truly hidden: this tells how well the three are told apart.
    """
    hidden = types != LOOK_ALIKE
    places = [TYPES.index(name) for name in HIDDEN]
    names = np.asarray(HIDDEN)[weighed[np.ix_(hidden, places)].argmax(axis=1)]
    return float(f1_score(types[hidden], names, labels=list(HIDDEN), average="macro", zero_division=0))


def _fit(lists: Sequence[Listed]) -> TypeRule:
    inputs, types = np.concatenate([each.inputs for each in lists]), np.concatenate([each.types for each in lists])
    places = np.array([TYPES.index(name) for name in types])
    model = LogisticRegression(C=10.0, max_iter=2_000).fit(inputs, places)
    weights = tuple(tuple(round(float(weight), 4) for weight in row) for row in model.coef_)
    intercepts = tuple(round(float(value), 4) for value in model.intercept_)
    return TypeRule(intercepts, weights, (1.0,) * len(TYPES), (), (), ())


def _threshold(name: str, chance: Floats, of_type: NDArray[np.bool_]) -> TypePrecision:
    """The lowest chance from which on, by the lower end of its 90 % interval, naming is right often enough."""
    order = np.argsort(-chance, kind="stable")
    right, base = np.cumsum(of_type[order]), float(of_type.mean())
    wanted = wanted_precision(base)
    counts = np.arange(FEWEST_NAMED, len(order) + 1)
    enough = [count for count in counts if wilson(int(right[count - 1]), int(count)).low >= wanted]
    at_least = float(np.round(chance[order][enough[-1] - 1], 4)) if enough else None
    return TypePrecision(name, at_least, wanted, base, None, 0.0)


def _emphasis(chances: Floats, types: Names) -> tuple[float, ...]:
    """What to multiply the chances by for the best macro F1, by steps from `FIRST_EMPHASIS`."""
    base = np.array([(types == name).mean() for name in TYPES])
    best = (base / base[0]) ** -FIRST_EMPHASIS
    names = np.asarray(TYPES)
    reached = macro_f1(types, names[(chances * best).argmax(axis=1)])
    for _ in range(4):
        for place in range(1, len(TYPES)):
            for step in STEPS:
                tried = best.copy()
                tried[place] *= step
                score = macro_f1(types, names[(chances * tried).argmax(axis=1)])
                if score > reached:
                    best, reached = tried, score
    return tuple(round(float(value), 3) for value in best)
