"""Whether a reason bears: the customer is scored again, by the whole model, as if one column were like everybody's."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.decision.reason_words import Value
from affluence.pu.fold_models import TrainedModel, score_customers
from affluence.pu.side_by_side import side_by_side

# Rows scored at a time: enough to keep a processor busy, few enough to hold several at once.
CHUNK = 5_000


def falls_without(
    model: TrainedModel,
    people: pl.DataFrame,
    score: NDArray[np.float64],
    tested: Mapping[str, NDArray[np.intp]],
    normal: Mapping[str, Value],
) -> dict[str, NDArray[np.float64]]:
    """By column, how far the score of each of its `tested` (positions in `people`) falls with the typical value.

    Each is scored by the fold models that never saw that person. Above 0 the column speaks for the person.
    """
    pieces = [
        (column, rows[begin : begin + CHUNK])
        for column, rows in tested.items()
        for begin in range(0, len(rows), CHUNK)
        if len(rows)
    ]

    def fall(piece: tuple[str, NDArray[np.intp]]) -> NDArray[np.float64]:
        column, rows = piece
        replaced = people[rows].with_columns(pl.lit(normal[column]).cast(people[column].dtype).alias(column))
        lower: NDArray[np.float64] = score[rows] - score_customers(model, replaced).hidden
        return lower

    falls = list(side_by_side(fall, pieces, stage="Testing the reasons"))
    return {column: _gather(column, pieces, falls) for column in tested}


def _gather(
    column: str, pieces: Sequence[tuple[str, NDArray[np.intp]]], falls: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    own = [fall for (name, _), fall in zip(pieces, falls, strict=True) if name == column]
    return np.concatenate(own) if own else np.array([])
