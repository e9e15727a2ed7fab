"""What a learner is: something that fits the tag on a design and gives log-odds for a design.

A learner fits P(s = 1 | x), the labelled probability: s is the bank segment tag, not the true class. Whoever is ranked
is ranked by being hidden, affluent without a tag; a learner of the tag alone takes the two to go together.
"""

from collections.abc import Mapping
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from affluence.features.preprocessing import Design

Tags = NDArray[np.int8]
LogOdds = NDArray[np.float64]

# Shares of tagged below and above which log-odds say nothing more: a leaf of pure customers is not certainty.
SMALLEST_PROBABILITY = 1e-6


class FittedLearner(Protocol):
    """A learner that has seen customers."""

    def log_odds(self, design: Design) -> LogOdds:
        """The log-odds of the tag for each customer of `design`."""
        ...

    def score(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """The log-odds of the tag, and those of being affluent without a tag, by which candidates are ranked."""
        ...

    def gains(self) -> Mapping[str, float] | None:
        """The share of the split gain by feature (sums to 1), or None for a learner without trees."""
        ...

    def to_bytes(self) -> bytes:
        """The fitted state in a format without code: the booster's own, or JSON."""
        ...


class Method(Protocol):
    """A method with its settings; `key` names it in files and parameters, `title` on screens."""

    @property
    def key(self) -> str:
        """Its name in files and parameters."""
        ...

    @property
    def title(self) -> str:
        """Its name on screens."""
        ...

    @property
    def settings(self) -> Mapping[str, float | int | str]:
        """The settings that were chosen on purpose, for the record."""
        ...

    def from_bytes(self, state: bytes) -> FittedLearner:
        """The fitted state that `to_bytes` wrote."""
        ...


class Learner(Method, Protocol):
    """A method that is fitted to one set of customers at a time."""

    def fit(self, design: Design, tags: Tags, *, seed: int) -> FittedLearner:
        """The learner fitted to these customers; equal inputs and seed give an equal fit."""
        ...

    def with_settings(self, settings: Mapping[str, float | int | str]) -> Self:
        """The same method with other `settings`; those that are not named stay."""
        ...
