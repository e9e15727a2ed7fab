"""The rule from where a customer stands to the type of hidden customer: a few weights and where a type may be named."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import norm

from affluence.data.offer_table import UNCERTAIN
from affluence.data.reference_bank.truth import ABOUT_TO_CROSS, MIS_TAGGED, MONEY_ELSEWHERE
from affluence.evaluation.results import Estimate

Floats = NDArray[np.float64]

LOOK_ALIKE = "look-alike"
TYPES = (LOOK_ALIKE, MIS_TAGGED, ABOUT_TO_CROSS, MONEY_ELSEWHERE)
INPUTS = ("score", "here", "here squared", "elsewhere")
# Beyond this many normal deviations from the line no made customer stood: the square would run away there.
FARTHEST = 4.0


@dataclass(frozen=True)
class TypePrecision:
    """How right it is to name a type on banks by which nothing was chosen.

    A type is named where its chance is `at_least` or more; never, where that is None. `precision` is the share of those
    named so who are of that type (None where nobody was), `base` the share of all the listed who are,
    `wanted` the precision below which the type is not named, `named` the share of the listed who reached the threshold
    that was tried, though it was then given up where `at_least` is None.
    """

    name: str
    at_least: float | None
    wanted: float
    base: float
    precision: Estimate | None
    named: float


@dataclass(frozen=True)
class TypeRule:
    """A multinomial logistic regression of the type on `INPUTS`, learned on made customers.

    `intercepts` and `weights` stand in the order of `TYPES` and `INPUTS`. `emphasis` is what the chances are multiplied
    by where a type must be chosen and rare types should count as much as common ones.
    """

    intercepts: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    emphasis: tuple[float, ...]
    types: tuple[TypePrecision, ...]
    learned_on: tuple[str, ...]
    judged_on: tuple[str, ...]

    def chances(self, inputs: Floats) -> Floats:
        """Customers x types: the chance of each type, if a bank's customers were like the made ones."""
        logits = np.asarray(self.intercepts) + inputs @ np.asarray(self.weights).T
        chances: Floats = softmax(logits, axis=1)
        return chances

    def forced(self, chances: Floats) -> NDArray[np.str_]:
        """The type of each when one must be chosen."""
        chosen: NDArray[np.str_] = np.asarray(TYPES)[(chances * np.asarray(self.emphasis)).argmax(axis=1)]
        return chosen

    def named(self, chances: Floats) -> NDArray[np.str_]:
        """The type of each where it may be named, else 'type uncertain'; of two that may, the rarer one."""
        names = np.full(len(chances), UNCERTAIN, dtype="<U16")
        for told in sorted(self.types, key=lambda told: -told.base):
            if told.at_least is not None:
                names[chances[:, TYPES.index(told.name)] >= told.at_least] = told.name
        return names


def standing(values: Floats, among: Floats) -> Floats:
    """Where each value stands among others, as a standard normal deviate of its mid-rank."""
    ordered = np.sort(among)
    middle = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
    deviates: Floats = norm.ppf((middle + 0.5) / (len(ordered) + 1))
    return deviates


def rule_inputs(*, score: Floats, here: Floats, elsewhere: Floats, line: float) -> Floats:
    """Customers x `INPUTS` from standings; `line` is the standing above which as many stand as are tagged."""
    from_line = np.clip(here - line, -FARTHEST, FARTHEST)
    return np.column_stack([score - line, from_line, from_line**2, elsewhere])
