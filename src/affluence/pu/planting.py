"""Planting: the tags of some known affluent customers are hidden, at random or those of low standing more."""

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import rankdata

from affluence.errors import UserError
from affluence.pu.cross_fitting import Digests
from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Way = Literal["random", "selective"]

WAYS: tuple[Way, ...] = ("random", "selective")
# The fewest customers to hide, and the fewest to learn from: with fewer an interval is some forty points wide.
FEWEST_CUSTOMERS = 20
# By what factor the odds of being hidden fall from the tagged customer of lowest standing to the one of highest.
HIDING_ODDS = 20.0
# Beyond these log-odds a chance is 0 or 1.
FARTHEST_SHIFT = 50.0


@dataclass(frozen=True)
class Customers:
    """The customer of each row, as a place among the `count` customers in the order of their digests."""

    places: NDArray[np.intp]
    count: int

    @classmethod
    def of(cls, digests: Digests) -> "Customers":
        """The customers whose rows have these digests."""
        customers, places = np.unique(digests, return_inverse=True)
        return cls(places, len(customers))

    def highest(self, values: NDArray[Any]) -> Floats:
        """By customer, the highest of the rows' values."""
        best = np.full(self.count, -np.inf)
        np.maximum.at(best, self.places, values)
        return best

    def mean(self, values: NDArray[Any]) -> Floats:
        """By customer, the mean of the rows' values."""
        return np.bincount(self.places, weights=values) / np.bincount(self.places)


def plant(
    tags: Tags, digests: Digests, *, share: float, way: Way, ranks: Floats | None = None, seed: int
) -> tuple[Mask, Tags]:
    """The rows whose tag is hidden, and the tags without them: `share` of the tagged customers, in all their rows.

    `way` "random" hides each tagged customer alike; "selective" hides those of low standing more: the odds fall with
    the mean of the customer's `ranks` (one a row, higher is better). Neither depends on the order of the rows.

    Errors: UserError for a share outside (0, 1), too few tagged customers, or a selective way without ranks.
    """
    tags = read_tags(tags)
    require_alike(len(tags), digests=digests, **({} if ranks is None else {"ranks": ranks}))
    _require_way(way, ranks)
    customers = Customers.of(digests)
    tagged = np.flatnonzero(customers.highest(tags) > 0)
    count = count_to_plant(len(tagged), share)
    if way == "random" or ranks is None:
        chances = np.full(len(tagged), count / len(tagged))
    else:
        chances = _falling_chances(customers.mean(ranks)[tagged], count)
    drawn = np.zeros(customers.count, dtype=bool)
    drawn[tagged[_draw(chances, count, seed=seed)]] = True
    hidden = drawn[customers.places] & (tags == 1)
    return hidden, np.where(hidden, 0, tags).astype(np.int8)


def count_to_plant(tagged: int, share: float) -> int:
    """How many of `tagged` customers are `share` of them. Errors: UserError when that leaves too few on either side."""
    if not 0 < share < 1:
        raise UserError(f"The share to hide is {share}; wanted one between 0 and 1, as 0.3 for three in ten.")
    needed = ceil(round(FEWEST_CUSTOMERS / min(share, 1 - share), 6))
    if tagged < needed:
        raise UserError(
            f"The table holds {tagged} customers tagged affluent; to hide {share:.0%} of them, at least {needed} are "
            f"needed: {FEWEST_CUSTOMERS} to hide and {FEWEST_CUSTOMERS} to learn from."
        )
    return round(share * tagged)


def read_tags(tags: Any) -> Tags:
    """Tags as 0 and 1, a copy. Errors: UserError for anything else."""
    known = np.asarray(tags)
    if known.ndim != 1 or known.dtype.kind not in "biuf" or not np.isin(known, (0, 1)).all():
        raise UserError(
            f"The tags hold other than 0 and 1 (type {known.dtype}, shape {known.shape}). "
            "Give one for each row: 1 for tagged affluent, 0 for all others."
        )
    return known.astype(np.int8)


def require_alike(rows: int, **columns: Any) -> None:
    """Errors: UserError when one of `columns` has not an entry for each of `rows`."""
    for name, column in columns.items():
        if len(column) != rows:
            raise UserError(f"{name} has {len(column)} entries for {rows} tags; give one for each row.")


def _require_way(way: str, ranks: Floats | None) -> None:
    if way not in WAYS:
        raise UserError(f"The way of hiding is {way!r}; wanted one of {', '.join(WAYS)}.")
    if way == "selective" and (ranks is None or not np.isfinite(ranks).all()):
        raise UserError("Selective hiding needs ranks: one finite number for each row, higher for a better standing.")


def _falling_chances(standing: Floats, count: int) -> Floats:
    """The chance of each to be hidden, falling with standing, so that they sum to `count`."""
    place = (rankdata(standing) - 0.5) / len(standing)
    log_odds = -np.log(HIDING_ODDS) * place
    level = brentq(lambda shift: expit(log_odds + shift).sum() - count, -FARTHEST_SHIFT, FARTHEST_SHIFT)
    chances: Floats = expit(log_odds + level)
    return chances


def _draw(chances: Floats, count: int, *, seed: int) -> NDArray[np.intp]:
    """`count` positions, each with its own of `chances`: systematic sampling in a random order (Madow 1949)."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(chances))
    reached = np.append(0.0, np.cumsum(chances[order]))
    # Away from the ends, so that the last step is taken however the sum was rounded.
    steps = np.floor(reached * (count / reached[-1]) + random.uniform(1e-6, 1 - 1e-6))
    drawn: NDArray[np.intp] = order[np.diff(steps) > 0]
    return drawn
