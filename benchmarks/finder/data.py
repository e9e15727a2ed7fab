"""The tables of the benchmark, whose truth is known. Another one is a loader away: see `LOADERS`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.data.contract import load_contract
from affluence.data.reference_bank import simulate
from affluence.features.preprocessing import Design, fit_preprocessing
from affluence.pu.frames import described, features_of_frame
from affluence.pu.learners.protocol import Tags

ROOT = Path(__file__).resolve().parents[2]
ADULT = ROOT / "data" / "01_raw" / "adult.csv.gz"
ADULT_ROWS, ADULT_AFFLUENT = 48_842, 11_687
ADULT_COLUMNS = (
    "age",
    "workclass",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
)
ADULT_DRIVERS = ("age", "education_num", "hours_per_week", "capital_gain")
BANK_CONTRACT = ROOT / "conf" / "base" / "contract_reference_bank.yml"


class Stream(IntEnum):
    """What a seed is used for: each use draws from a generator of its own."""

    ROWS = 1
    TAGS = 2
    REVIEWERS = 3
    TIES = 4
    COUNTS = 5
    NOISE = 6


def generator(seed: int, stream: Stream, *more: int) -> np.random.Generator:
    """The generator of one use of a seed."""
    return np.random.default_rng([seed, int(stream), *more])


@dataclass(frozen=True)
class Table:
    """A table whose truth is known. A method sees `columns`, `drivers` and `groups`, never `truth`.

    `truth` is 1 for truly affluent; `groups` says which rows are one customer's; `own_tags` are those that the table
    came with, None where it came with none.
    """

    name: str
    columns: pl.DataFrame
    truth: Tags
    drivers: tuple[str, ...]
    groups: NDArray[np.int64]
    own_tags: Tags | None = None

    def __len__(self) -> int:
        return len(self.truth)


def adult(seed: int, rows: int = 20_000) -> Table:
    """`rows` of Adult, drawn by the seed; an income over 50,000 USD stands for affluent, each row for a customer.

    Errors: ValueError when the file is not the one that we know.
    """
    people = pl.read_csv(ADULT)
    affluent = (people["income"] == ">50K").to_numpy().astype(np.int8)
    if (people.height, int(affluent.sum())) != (ADULT_ROWS, ADULT_AFFLUENT):
        raise ValueError(
            f"{ADULT.name} holds {people.height:,} rows, {int(affluent.sum()):,} of them over 50,000 USD; "
            f"wanted {ADULT_ROWS:,} and {ADULT_AFFLUENT:,}."
        )
    drawn = generator(seed, Stream.ROWS).choice(people.height, rows, replace=False)
    return Table(
        name="adult",
        columns=people.select(ADULT_COLUMNS)[drawn],
        truth=affluent[drawn],
        drivers=ADULT_DRIVERS,
        groups=np.arange(rows, dtype=np.int64),
    )


def bank(seed: int, rows: int = 66_083) -> Table:
    """The made bank of that seed under its contract's names, without the columns whose use is forbidden."""
    contract = load_contract(BANK_CONTRACT)
    made = simulate(customers=rows, seed=seed)
    return Table(
        name="bank",
        columns=made.table.select(pl.col(column.source).alias(column.name) for column in contract.feature_columns),
        truth=made.truth["affluent"].to_numpy().astype(np.int8),
        drivers=tuple(column.name for column in contract.tag_drivers),
        groups=made.table[str(contract.customer_id.source)].to_numpy(),
        own_tags=made.table[contract.tag.source].is_in(contract.tag.affluent).to_numpy().astype(np.int8),
    )


class Loader(Protocol):
    """Draws a table by a seed: all that a data set needs to join.

    Equal seeds give equal tables, other seeds other rows; `rows` has the benchmark's size as its default. What stands
    in `columns` is what a bank would show: no truth, no tag, no customer number.
    """

    def __call__(self, seed: int, rows: int = ...) -> Table:
        """The table of that seed with `rows` rows."""
        ...


LOADERS: Mapping[str, Loader] = {"adult": adult, "bank": bank}


def load(name: str, *, seed: int, rows: int | None = None) -> Table:
    """The table of that name and seed, in the benchmark's size or with `rows` rows."""
    return LOADERS[name](seed) if rows is None else LOADERS[name](seed, rows)


def design_of(columns: pl.DataFrame) -> Design:
    """The columns as our learners read them."""
    features = features_of_frame(columns)
    return fit_preprocessing(features, features=described(features)).design(features)
