"""Weighted sums of columns that come out the same for a row whichever rows stand beside it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def weighted_sum(columns: Floats, weights: Iterable[float]) -> Floats:
    """`columns @ weights`, a row's sum equal to the last bit in any table.

    A matrix product rounds a row alone otherwise than the same row among others; a score would depend on the batch.
    """
    total = np.zeros(len(columns))
    for column, weight in zip(columns.T, weights, strict=True):
        total += column * weight
    return total
