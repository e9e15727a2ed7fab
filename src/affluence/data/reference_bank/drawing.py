"""Scores from the weight table, for one bank being drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from affluence.data.reference_bank import published
from affluence.data.reference_bank.shaping import (
    Codes,
    Flags,
    Floats,
    Positions,
    Quantile,
    match,
    pick,
    stream,
)


@dataclass(frozen=True)
class Drawing:
    """What every column needs to be drawn: the seed, the segment of each row, and what `common` leaves to noise."""

    seed: int
    segment: Codes
    common: float

    @property
    def customers(self) -> int:
        """Number of rows."""
        return len(self.segment)

    def stream(self, name: str) -> np.random.Generator:
        """The random stream of a column or of one of its steps."""
        return stream(self.seed, name)

    def score(self, name: str, positions: Positions) -> Floats:
        """The score of that row of the weight table: weighted positions plus noise of its own."""
        row = published.weights()[name]
        spread = row.get("noise", 1)
        noise = float(np.sqrt(1 - self.common**2)) if spread == "rest" else float(spread)
        total = noise * self.stream(f"score {name}").standard_normal(self.customers)
        for position, weight in row.items():
            if position != "noise":
                total += float(weight) * positions[position]
        return total

    def pick(self, score: Floats, shares: Sequence[float], *, among: Flags | None = None) -> Flags:
        """`shaping.pick` in this bank's segments."""
        return pick(score, self.segment, shares, among=among)

    def match(self, score: Floats, quantiles: Sequence[Quantile], *, among: Flags) -> Floats:
        """`shaping.match` in this bank's segments."""
        return match(score, self.segment, quantiles, among=among)

    def everyone(self) -> Flags:
        """True for all rows."""
        return np.ones(self.customers, dtype=bool)

    def planted(self, rows: int) -> int:
        """Published rows of something planted, for this number of customers; never none."""
        return max(1, round(rows * self.customers / published.rows_published()))

    def heaps(self, column: str) -> list[tuple[float, int]]:
        """The most frequent values of a column with their rows, for this number of customers."""
        return [(value, self.planted(rows)) for value, rows in published.heaps(column)]
