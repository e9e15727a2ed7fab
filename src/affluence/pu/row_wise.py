"""Weighted sums of columns that come out the same for a row whichever rows stand beside it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def weighted_sum(columns: Floats, weights: Iterable[float]) -> Floats:
    """`columns @ weights`, a row's sum equal to the last bit in any table.

    A matrix product rounds a row alone otherwise than the same row among others; a score would depend on the batch.
    """
    each = np.array([*weights])
    if len(each) != columns.shape[1]:
        raise ValueError(f"There are {len(each)} weights for {columns.shape[1]} columns; wanted one for each.")
    terms = columns * each
    # Added up from left to right in every row; a plain sum may pair the terms as the table's shape suggests.
    total: Floats = np.add.accumulate(terms, axis=1)[:, -1] if terms.shape[1] else np.zeros(len(terms))
    return total
