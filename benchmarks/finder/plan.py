"""What is to be run: the whole protocol, its short form, and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import get_args

from benchmarks.finder.data import LOADERS
from benchmarks.finder.mechanisms import MECHANISMS, UNASKED
from benchmarks.finder.methods import methods
from benchmarks.finder.ways import Method

from affluence.pu.learners.effort import Mode


@dataclass(frozen=True)
class Cell:
    """What one case is made of; `share` is None for a mechanism that is not asked how many to hide."""

    data: str
    mechanism: str
    share: float | None
    seed: int


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    `only` are beginnings of titles, to which the methods are narrowed; `rows` says which tables have another size than
    the benchmark's.
    """

    data: Sequence[str]
    mechanisms: Sequence[str]
    seeds: Sequence[int]
    hidden_shares: Sequence[float]
    reviews: Sequence[int]
    modes: Sequence[Mode]
    only: Sequence[str] = ("",)
    rows: Mapping[str, int] = field(default_factory=dict)
    careless: bool = False
    left_out: bool = False
    memory: bool = False

    @property
    def methods(self) -> list[Method]:
        """The methods, new ones at each call."""
        offered = methods(modes=self.modes, reviews=self.reviews, careless=self.careless, left_out=self.left_out)
        return [method for method in offered if method.title.startswith(tuple(self.only))]

    def cells(self) -> Iterator[Cell]:
        """Every case in the order in which they are run; own tags are asked of every table, with or without."""
        for share, seed, data, mechanism in product(self.hidden_shares, self.seeds, self.data, self.mechanisms):
            if mechanism not in UNASKED:
                yield Cell(data, mechanism, share, seed)
            elif share == self.hidden_shares[0]:
                yield Cell(data, mechanism, None, seed)


FULL = Plan(
    data=tuple(LOADERS),
    mechanisms=tuple(MECHANISMS),
    seeds=(0, 1, 2, 3, 4),
    hidden_shares=(0.5, 0.3, 0.7),
    reviews=(50, 100, 300),
    modes=get_args(Mode),
    memory=True,
)
SHORT = Plan(
    data=tuple(LOADERS),
    mechanisms=("SCAR", "SAR", "COIN"),
    seeds=(0, 1),
    hidden_shares=(0.5,),
    reviews=(100,),
    modes=("fast",),
    only=("XGBoost", "Finder"),
    rows={"bank": 12_000},
)
