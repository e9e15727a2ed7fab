"""Round numbers and other values that occur again and again."""

from collections.abc import Iterable

import numpy as np

from affluence.data.reference_bank.shaping import Codes, Flags, Floats

_CATCHMENT = 1.1  # so many rows near a heap for each row on it: the others keep their own value


def heap(
    values: Floats,
    heaps: Iterable[tuple[float, int]],
    *,
    generator: np.random.Generator,
    among: Flags | None = None,
) -> Floats:
    """A copy of `values` in which each heap (value, rows) holds that many rows, those nearest to it in ratio.

    Rows that already stand on a heap count for it. Small heaps are filled first, since they can reach least far. Only
    positive values move; `among` bounds which.
    """
    heaped = values.copy()
    free = np.isfinite(values) & (values > 0)
    for value, _ in heaps:
        free &= values != value
    if among is not None:
        free &= among
    for value, rows in sorted(heaps, key=lambda h: h[1]):
        wanted = rows - int((heaped == value).sum())
        candidates = np.flatnonzero(free)
        if value <= 0 or wanted <= 0 or not len(candidates):
            continue
        chosen = _near(values, candidates, value=value, wanted=wanted, generator=generator)
        heaped[chosen], free[chosen] = value, False
    return heaped


def _near(values: Floats, candidates: Codes, *, value: float, wanted: int, generator: np.random.Generator) -> Codes:
    """`wanted` of the candidates nearest to `value` in ratio (all of them where there are fewer)."""
    distance = np.abs(np.log(values[candidates] / value))
    reach = min(len(candidates), int(np.ceil(wanted * _CATCHMENT)))
    nearest = candidates[np.argpartition(distance, reach - 1)[:reach]]
    return generator.permutation(nearest)[:wanted]


def on_grid(
    values: Floats, step: float, *, share: float, generator: np.random.Generator, at_least: float = 0.0
) -> Floats:
    """A copy of `values`: that share of those from `at_least` on is rounded to multiples of `step`.

    What is missing stays missing.
    """
    rounded = (values >= at_least) & (generator.random(len(values)) < share)
    return np.where(rounded, np.maximum(np.round(values / step), 1) * step, values)


def cents(values: Floats) -> Floats:
    """Amounts to the cent, at least one cent where they were positive."""
    return np.where(values > 0, np.maximum(np.round(values, 2), 0.01), np.round(values, 2))
