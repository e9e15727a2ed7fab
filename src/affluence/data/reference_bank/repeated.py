"""Rows of one id as one person: the leakage test for whoever splits by row."""

import numpy as np
import polars as pl

from affluence.data.reference_bank.shaping import Flags, Floats, stream

AMOUNT_BLOCKS = {
    "casa": ("MTHCASA", "MAXCASA", "MINCASA"),
    "time deposits": ("MTHTD", "MAXTD"),
    "unit trusts": ("UT_AVE", "MAXUT"),
    "card": ("CC_AVE", "MAX_MTH_TRN_AMT", "MIN_MTH_TRN_AMT", "AVG_TRN_AMT", "ANN_TRN_AMT"),
}
"""Amounts that move together between the rows of one person."""
MOVED = 0.3  # spread of the logarithm of a later row's amounts around the first row's


def one_person_per_id(table: pl.DataFrame, truth: pl.DataFrame, *, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Table and truth in which every row of an id is its first row again, the amounts moved by about 30 %.

    The person, the tag and the truth are the same in all rows; assets still add up, a year is still twelve months.
    """
    first = pl.Series(np.unique(table["C_ID"].to_numpy(), return_index=True)[1])
    place = np.unique(table["C_ID"].to_numpy(), return_inverse=True)[1]
    source = first.gather(pl.Series(place))
    later = source.to_numpy() != np.arange(table.height)
    copied = table[source]
    moved = copied.with_columns(
        (pl.col(name) * pl.Series(factor)).round(2 if name != "AVG_TRN_AMT" else 12)
        for block, names in AMOUNT_BLOCKS.items()
        for factor in [_factor(later, seed=seed, block=block)]
        for name in names
    )
    moved = moved.with_columns(
        (pl.col("ANN_TRN_AMT") / 12).alias("AVG_TRN_AMT"),
        (pl.col("Asset value") + _assets(moved) - _assets(copied)).clip(0).round(2).alias("Asset value"),
    )
    return moved, truth[source].with_columns(truth["row"])


def _factor(later: Flags, *, seed: int, block: str) -> Floats:
    """1 for the first row of an id, a random factor around 1 for the later ones."""
    return np.where(later, np.exp(MOVED * stream(seed, f"moved {block}").standard_normal(len(later))), 1.0)


def _assets(table: pl.DataFrame) -> pl.Series:
    return table.select(pl.sum_horizontal("MTHCASA", "MTHTD", "MAXUT")).to_series()
