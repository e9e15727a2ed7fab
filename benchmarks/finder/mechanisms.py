"""How affluent customers come to be hidden: the mechanisms that the benchmark tags by.

SCAR: a tag is drawn at random among the affluent. SAR and RULE: the higher in a mixture of the tag drivers' ranks, the
likelier; RULE is nearly a step. ANY and AND: one driver stands out, or two do at once. NOISY10, NOISY35: SAR tags of
which 10, 35 % are then wrong. ODD: in half of a category's values the middle of one driver is tagged, in the others its
two ends. BANDS: every other band of two drivers' mean rank is; nothing in the finder was made for it. OWN: the tags
that the table came with. COIN: tags that say nothing, to find leaks with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from benchmarks.finder.data import Stream, Table, generator
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import rankdata

from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]
Standing = Callable[[Table, np.random.Generator], Floats]

# A Dirichlet of twos: every driver counts, none alone, and each seed weighs them differently.
MIXTURE = 2.0
# Of the whole range of a mean rank: enough that no straight line, and few enough that no table is too small.
BANDS = 3
FARTHEST = 60.0


@dataclass(frozen=True)
class Hiding:
    """What a mechanism did: `tags`, and for each row how likely it was to be tagged if affluent, and if not.

    `propensity` is the label propensity e(x), None where nobody knows it; `wrong` is 0 where tags are right.
    """

    tags: Tags
    propensity: Floats | None
    wrong: Floats | None = None


class Mechanism(Protocol):
    """Tags the affluent of a table but for a share of them."""

    def __call__(self, table: Table, *, hidden_share: float, seed: int) -> Hiding:
        """The tags of that seed."""
        ...


def scar(table: Table, *, hidden_share: float, seed: int) -> Hiding:
    """Tags given at random among the affluent."""
    propensity = np.full(len(table), 1 - hidden_share)
    return Hiding(_drawn(table.truth, propensity, generator(seed, Stream.TAGS)), propensity)


def own(table: Table, *, hidden_share: float, seed: int) -> Hiding:  # noqa: ARG001
    """The table's own tags, some of them wrong; how likely they were nobody knows.

    Errors: ValueError for a table without tags of its own.
    """
    if table.own_tags is None:
        raise ValueError(f"The table {table.name} came without tags; OWN needs a table that has its own.")
    return Hiding(table.own_tags, propensity=None)


def coin(table: Table, *, hidden_share: float, seed: int) -> Hiding:
    """As many tags as SCAR would give, on anyone at all."""
    share = (1 - hidden_share) * float(table.truth.mean())
    tags = generator(seed, Stream.TAGS).random(len(table)) < share
    return Hiding(tags.astype(np.int8), propensity=None)


@dataclass(frozen=True)
class Selection:
    """Tags by where a customer stands in the tag drivers: e(x) rises from `floor` to `ceiling` with that `slope`."""

    standing: Standing
    slope: float
    floor: float = 0.0
    ceiling: float = 1.0

    def __call__(self, table: Table, *, hidden_share: float, seed: int) -> Hiding:
        """The tags of that seed."""
        return Hiding(*self.draw(table, hidden_share=hidden_share, seed=seed))

    def draw(self, table: Table, *, hidden_share: float, seed: int) -> tuple[Tags, Floats]:
        """The tags of that seed, and the label propensity that they were drawn with."""
        random = generator(seed, Stream.TAGS)
        standing = self.standing(table, random)
        propensity = self._propensity(standing, table.truth == 1, mean=1 - hidden_share)
        return _drawn(table.truth, propensity, random), propensity

    def _propensity(self, standing: Floats, affluent: NDArray[np.bool_], *, mean: float) -> Floats:
        """A logistic curve in the standing, moved so that the affluent are tagged as often as wanted."""
        if not self.floor < mean < self.ceiling:
            raise ValueError(f"To tag {mean:g} of the affluent; wanted between {self.floor:g} and {self.ceiling:g}.")
        place = (standing - standing[affluent].mean()) / standing[affluent].std()

        def curve(shift: float) -> Floats:
            risen: Floats = self.floor + (self.ceiling - self.floor) * expit(shift + self.slope * place)
            return risen

        return curve(brentq(lambda shift: float(curve(shift)[affluent].mean()) - mean, -FARTHEST, FARTHEST))


@dataclass(frozen=True)
class Noisy:
    """The tags of a selection, a share of them taken from their customers and given to others, as selectively.

    As many are tagged as before, so more are hidden: 1 - (1 - `hidden_share`) (1 - `wrong_share`).
    """

    selection: Selection
    wrong_share: float

    def __call__(self, table: Table, *, hidden_share: float, seed: int) -> Hiding:
        """The tags of that seed."""
        tags, propensity = self.selection.draw(table, hidden_share=hidden_share, seed=seed)
        random = generator(seed, Stream.NOISE)
        moved = round(self.wrong_share * int(tags.sum()))
        chance = np.where(table.truth == 1, 0.0, propensity)
        losing = random.choice(np.flatnonzero(tags), moved, replace=False)
        winning = random.choice(len(table), moved, replace=False, p=chance / chance.sum())
        tags[losing], tags[winning] = 0, 1
        # Of every row the oracle asks how likely its tag would be if it were not affluent.
        wrong = np.minimum(1.0, moved * propensity / chance.sum())
        return Hiding(tags, propensity * (1 - self.wrong_share), wrong)


def driver_ranks(table: Table) -> Floats:
    """Rows x tag drivers: the rank of each, above 0 to 1, a missing one lowest."""
    numbers = table.columns.select(pl.col(table.drivers).cast(pl.Float64).fill_null(-np.inf)).to_numpy()
    ranks: Floats = rankdata(numbers, axis=0) / len(numbers)
    return ranks


def mixture(table: Table, random: np.random.Generator) -> Floats:
    """The ranks mixed with weights of the seed."""
    ranks = driver_ranks(table)
    mixed: Floats = ranks @ random.dirichlet(np.full(ranks.shape[1], MIXTURE))
    return mixed


def highest(table: Table, random: np.random.Generator) -> Floats:  # noqa: ARG001
    """The highest rank."""
    top: Floats = driver_ranks(table).max(axis=1)
    return top


def second_highest(table: Table, random: np.random.Generator) -> Floats:  # noqa: ARG001
    """The second highest rank: two drivers are at least so high at once."""
    second: Floats = np.sort(driver_ranks(table), axis=1)[:, -2]
    return second


def middle_or_ends(table: Table, random: np.random.Generator) -> Floats:
    """How near the affluent's middle in one driver; in half of one category's values, how far from it.

    The seed picks driver, category and values; a missing category is one of the values.

    Errors: ValueError for a table without a category.
    """
    texts = [name for name, dtype in table.columns.schema.items() if dtype == pl.String]
    if not texts:
        raise ValueError(f"The table {table.name} holds no category; ODD needs one.")
    ranks = driver_ranks(table)[:, random.integers(len(table.drivers))]
    affluent = table.truth == 1
    distance = np.abs(ranks - np.median(ranks[affluent]))
    values = table.columns[texts[random.integers(len(texts))]].fill_null("").rank("dense").to_numpy() - 1
    ends = random.permutation(int(values.max()) + 1) % 2 == 1
    away: Floats = (distance - distance[affluent].mean()) * np.where(ends[values], 1, -1)
    return away


def bands(table: Table, random: np.random.Generator) -> Floats:
    """How near the middle of one of `BANDS` bands of two drivers' mean rank; the seed picks drivers and place."""
    ranks = driver_ranks(table)
    two = random.choice(ranks.shape[1], size=min(2, ranks.shape[1]), replace=False)
    phase = random.random()
    wave: Floats = np.cos(2 * np.pi * (BANDS * ranks[:, two].mean(axis=1) + phase))
    return wave


def _drawn(truth: Tags, propensity: Floats, random: np.random.Generator) -> Tags:
    tags: Tags = ((truth == 1) & (random.random(len(truth)) < propensity)).astype(np.int8)
    return tags


SAR = Selection(mixture, slope=2.0)
MECHANISMS: Mapping[str, Mechanism] = {
    "SCAR": scar,
    "SAR": SAR,
    "RULE": Selection(mixture, slope=8.0),
    "ANY": Selection(highest, slope=4.0, floor=0.05, ceiling=0.95),
    "AND": Selection(second_highest, slope=4.0, floor=0.05, ceiling=0.95),
    "NOISY10": Noisy(SAR, wrong_share=0.10),
    "NOISY35": Noisy(SAR, wrong_share=0.35),
    "ODD": Selection(middle_or_ends, slope=4.0, floor=0.05, ceiling=0.95),
    "BANDS": Selection(bands, slope=4.0, floor=0.05, ceiling=0.95),
    "OWN": own,
    "COIN": coin,
}
# These are not asked how many to hide; COIN has no hidden to find, and shows leaks alone.
UNASKED = ("OWN", "COIN")
