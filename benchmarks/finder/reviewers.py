"""Those who check customers by hand: the only way by which a method learns anything of the truth."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from benchmarks.finder.data import Stream, generator

from affluence.pu.learners.protocol import Tags


@dataclass(frozen=True)
class Care:
    """How reviewers work: the share of affluent customers whom they miss, and of others whom they name."""

    missed: float = 0.0
    wrongly_named: float = 0.0

    def verdicts(self, truth: Tags, random: np.random.Generator) -> Tags:
        """What such reviewers say of customers with that truth."""
        slip = random.random(len(truth)) < np.where(truth == 1, self.missed, self.wrongly_named)
        said: Tags = np.where(slip, 1 - truth, truth).astype(np.int8)
        return said


CAREFUL = Care()
CARELESS = Care(missed=0.20, wrongly_named=0.03)


@dataclass
class Reviewer:
    """Answers review sheets from the truth, and keeps which rows it was asked about: they are no longer to be found."""

    truth: Tags
    care: Care
    seed: int
    rows: list[int] = field(default_factory=list)

    def __call__(self, sheet: pl.DataFrame) -> pl.DataFrame:
        """The sheet with a column `verdict`."""
        asked = sheet["row"].to_numpy()
        random = generator(self.seed, Stream.REVIEWERS, len(self.rows))
        self.rows.extend(asked.tolist())
        return sheet.with_columns(verdict=pl.Series(self.care.verdicts(self.truth[asked], random)))
