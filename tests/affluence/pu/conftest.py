"""A made bank whose hidden affluent are known, tagged by a rule of our choice."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from affluence.features.preprocessing import Design

DRIVERS = ("salary", "deposit")


@dataclass(frozen=True)
class MadeBank:
    """`table` is what a bank sees, `truth` is who is affluent, `tags` whom it tagged, `propensity` how likely."""

    table: pl.DataFrame
    truth: np.ndarray
    tags: np.ndarray
    propensity: np.ndarray

    @property
    def hidden(self) -> np.ndarray:
        return (self.truth == 1) & (self.tags == 0)

    def design(self) -> Design:
        """The numbers of the table; the tag drivers stand at 2 and 3."""
        matrix = self.table.drop("job").to_numpy().astype(np.float32)
        return Design(matrix, tuple(self.table.drop("job").columns), (0,) * matrix.shape[1], {})

    def recall(self, scores: np.ndarray) -> float:
        """The share of the hidden among as many of the highest untagged as are hidden."""
        untagged = np.flatnonzero(self.tags == 0)
        best = untagged[np.argsort(-scores[untagged])][: int(self.hidden.sum())]
        return float(self.hidden[best].mean())

    def answered(self, sheet: pl.DataFrame) -> pl.DataFrame:
        """The review sheet with the truth as its verdicts."""
        return sheet.with_columns(verdict=pl.Series(self.truth[sheet["row"].to_numpy()]))


def made_bank(rows: int = 1_500, *, seed: int = 0, selective: bool = True) -> MadeBank:
    """A fifth or so affluent by two columns that tagging ignores and two that it may look at; half of them tagged."""
    random = np.random.default_rng(seed)
    savings, property_value, salary, deposit, noise = random.normal(size=(5, rows))
    job = random.choice(["clerk", "doctor", "farmer"], rows, p=[0.6, 0.1, 0.3])
    wealth = 2 * savings + 2 * property_value + salary + deposit + (job == "doctor")
    truth = (random.random(rows) < expit(2 * (wealth - 3.0))).astype(np.int8)
    propensity = expit(4 * (salary + deposit - 0.8)) if selective else np.full(rows, 0.5)
    tags = (truth * (random.random(rows) < propensity)).astype(np.int8)
    table = pl.DataFrame(
        {
            "savings": savings,
            "property_value": property_value,
            "salary": salary,
            "deposit": deposit,
            "noise": noise,
            "job": job,
        }
    )
    return MadeBank(
        table.with_columns(
            pl.when(pl.Series(random.random(rows) > 0.3)).then("noise"),
            pl.when(pl.Series(random.random(rows) > 0.1)).then("job"),
        ),
        truth,
        tags,
        propensity,
    )


@pytest.fixture(scope="session")
def make_bank() -> Callable[..., MadeBank]:
    return made_bank


@pytest.fixture(scope="session")
def bank() -> MadeBank:
    return made_bank()
