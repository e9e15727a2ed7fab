"""The two operations that make every column: `pick` who holds, `match` what they hold.

A score says who is high; a published share or quantile says what high is worth. Both work inside a bank segment,
so that every published figure by segment holds by construction, whatever the scores are.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from affluence.errors import AffluenceError

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int64]
Positions: TypeAlias = Mapping[str, NDArray[np.float64]]
Quantile: TypeAlias = Callable[[Floats], Floats]
"""A quantile function: normal scores in, values out; never falling."""

NORMAL, AFFLUENT = 0, 1
SEGMENTS = ("NORMAL", "AFFLUENT")
_Z75 = float(ndtri(0.75))


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of one column: the child of `seed` that bears the column's name.

    A column keeps its numbers when another one is added or drawn differently.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(name.encode())))


def normal_scores(ranks: Floats, count: int) -> Floats:
    """Standard normal quantiles at the middle of each rank's step (Blom-like: (rank + 0.5) / count)."""
    scores: Floats = ndtri((ranks + 0.5) / count)
    return scores


def pick(score: Floats, segment: Codes, shares: Sequence[float], *, among: Flags | None = None) -> Flags:
    """True for the highest scores of each segment, as many as its share of the segment's rows says.

    `shares`: one per segment, of all rows of the segment. `among` bounds who may be picked; where it holds fewer
    rows than asked, all of them are picked.
    """
    picked = np.zeros(len(score), dtype=bool)
    for code, share in enumerate(shares):
        inside = segment == code
        wanted = round(share * int(inside.sum()))
        rows = np.flatnonzero(inside if among is None else inside & among)
        if wanted >= len(rows):
            picked[rows] = True
        elif wanted > 0:
            picked[rows[np.argpartition(-score[rows], wanted - 1)[:wanted]]] = True
    return picked


def match(score: Floats, segment: Codes, quantiles: Sequence[Quantile], *, among: Flags) -> Floats:
    """The segment's quantile at the rank of each row's score; not a number outside `among`.

    `quantiles`: one per segment. Inside a segment the values never fall as the score rises.
    """
    values = np.full(len(score), np.nan)
    for code, quantile in enumerate(quantiles):
        rows = np.flatnonzero(among & (segment == code))
        if len(rows):
            order = rows[np.argsort(score[rows], kind="stable")]
            values[order] = quantile(normal_scores(np.arange(len(rows), dtype=np.float64), len(rows)))
    return values


def match_counts(score: Floats, segment: Codes, counts: Sequence[Sequence[int]], *, among: Flags) -> Codes:
    """The code of each row's category, lowest scores in the first one; -1 outside `among`.

    `counts`: for each segment the published rows of each category; only their shares count.
    """
    return np.nan_to_num(match(score, segment, [steps(tuple(c)) for c in counts], among=among), nan=-1.0).astype(
        np.int64
    )


def steps(counts: tuple[int, ...]) -> Quantile:
    """The quantile function of the codes 0, 1, 2, ... that occur `counts` times."""
    edges = np.cumsum(counts) / sum(counts)
    return lambda z: np.minimum(np.searchsorted(edges, ndtr(z)), len(edges) - 1).astype(np.float64)


def points(shares: Sequence[float], values: Sequence[float]) -> Quantile:
    """The quantile function through the given points: linear in normal scores between them, flat beyond."""
    knots = ndtri(np.asarray(shares))
    return lambda z: np.interp(z, knots, np.asarray(values))


def even_points(shares: Sequence[float], values: Sequence[float]) -> Quantile:
    """The quantile function through the given points: evenly spread between them, flat beyond."""
    return lambda z: np.interp(ndtr(z), np.asarray(shares), np.asarray(values))


@lru_cache(maxsize=256)
def heavy_tail(
    *, p25: float, p50: float, p75: float, mean: float, maximum: float, holders: int, fall: float = 1.3
) -> Quantile:
    """The quantile function of an amount, from its quartiles, its mean and its maximum among `holders`.

    Log-linear in normal scores between the quartiles; below the first, `fall` times as steep. Above the third
    log x = log p75 + b t + c t^2 with t = z - z75: c comes from the maximum, b from the mean. Raises
    `AffluenceError` where no tail has that mean.
    """
    below = fall * np.log(p50 / p25) / _Z75
    top, peak = -float(ndtri(0.5 / holders)) - _Z75, float(np.log(maximum / p75))

    def quantile_with(b: float) -> Quantile:
        return lambda z: _tailed(z, p25=p25, p50=p50, p75=p75, below=below, b=b, c=(peak - b * top) / top**2)

    grid = normal_scores(np.arange(holders, dtype=np.float64), holders)

    def surplus(b: float) -> float:
        return float(quantile_with(b)(grid).mean()) / mean - 1

    low, high = 0.0, 2 * peak / top
    if surplus(low) > 0 or surplus(high) < 0:
        reached = (mean * (1 + surplus(low)), mean * (1 + surplus(high)))
        raise AffluenceError(
            f"A mean of {mean:,.0f} does not fit quartiles {p25:,.0f}, {p50:,.0f}, {p75:,.0f} and maximum "
            f"{maximum:,.0f}: the means between {reached[0]:,.0f} and {reached[1]:,.0f} do."
        )
    return quantile_with(float(brentq(surplus, low, high, xtol=1e-9)))


def _tailed(z: Floats, *, p25: float, p50: float, p75: float, below: float, b: float, c: float) -> Floats:
    """Values of the piecewise log-quadratic quantile function at normal scores `z`."""
    lower = np.log(p25) + below * np.minimum(z + _Z75, 0.0)
    middle = np.interp(z, [-_Z75, 0.0, _Z75], np.log([p25, p50, p75])) - np.log(p25)
    # With more holders than published the parabola may turn: it stays flat from there.
    turn = -b / (2 * c) if c < 0 else np.inf
    t = np.clip(z - _Z75, 0.0, turn)
    values: Floats = np.exp(lower + middle + b * t + c * t * t)
    return values
