"""The traps of the published table, counted in a made one."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from affluence.data.reference_bank import published
from affluence.data.reference_bank.figure import Figure

ZEROS = ("PC", "MTHCASA", "MAXCASA", "MINCASA", "DRvCR", "Asset value", "CC_AVE", "CC_LMT")
HEAPED = ("MTHCASA", "DRvCR", "MTHTD", "MAXTD", "CC_AVE", "CC_LMT", "MIN_MTH_TRN_AMT")
HEAP_ROWS = 100  # smaller heaps are made, but one more or less there means nothing
COUNT_TOLERANCE, HEAP_TOLERANCE, LARGEST_TOLERANCE = 0.02, 0.2, 0.5  # relative


@dataclass(frozen=True)
class _Trap:
    column: str
    figure: str
    published: float
    found: pl.Expr
    tolerance: float = COUNT_TOLERANCE
    scales: bool = True  # with the number of customers


def measured_traps(table: pl.DataFrame) -> Iterator[Figure]:
    """For each trap the published count, scaled to the rows of the table, beside the count in it."""
    factor = table.height / published.rows_published()
    traps = list(_traps())
    found = table.select(trap.found.cast(pl.Float64).alias(str(i)) for i, trap in enumerate(traps)).row(0)
    for trap, generated in zip(traps, found, strict=True):
        expected = float(trap.published * (factor if trap.scales else 1))
        rounding = 0.5 if trap.scales and factor != 1 else 0.0
        tolerance = max(trap.tolerance * expected, rounding)
        yield Figure("trap", trap.column, "all", trap.figure, expected, generated, tolerance, table.height)


def _traps() -> Iterator[_Trap]:
    yield from _identities()
    yield from _extremes()
    for column in ZEROS:
        zeros = published.profile()["columns"][column]["zeros"]
        yield _Trap(column, "rows of 0", zeros, _rows_of(column, 0))
    yield from _blocks()
    for value, rows in published.heaps("CASATD_CNT"):
        yield _Trap("CASATD_CNT", f"rows of {value:g}", rows, _rows_of("CASATD_CNT", value))
    for column in HEAPED:
        for value, rows in published.heaps(column):
            if value and rows >= HEAP_ROWS:
                yield _Trap(column, f"rows of {value:g}", rows, _rows_of(column, value), tolerance=HEAP_TOLERANCE)


def _identities() -> Iterator[_Trap]:
    distinct = {column: published.profile()["columns"][column]["distinct"] for column in ("C_ID", "PC")}
    rows_of_id = pl.col("C_ID").value_counts().struct.field("count")
    yield _Trap("C_ID", "distinct", distinct["C_ID"], pl.col("C_ID").n_unique())
    yield _Trap("C_ID", "share with several rows", 0.30, (rows_of_id > 1).mean(), tolerance=0.1, scales=False)
    yield _Trap("PC", "distinct", distinct["PC"], pl.col("PC").drop_nulls().n_unique(), scales=False)


def _extremes() -> Iterator[_Trap]:
    above_largest = (pl.col("MTHCASA") > pl.col("MAXCASA")).any()
    ratio = pl.col("DRvCR")
    largest_ratio = published.profile()["columns"]["DRvCR"]["max"]
    yield _Trap("C_AGE", "rows of 122", 58, _rows_of("C_AGE", 122), tolerance=0)
    yield _Trap("C_AGE", "rows of 2", 1, _rows_of("C_AGE", 2), tolerance=0)
    yield _Trap("MTHCASA", "rows below 0", 3, (pl.col("MTHCASA") < 0).sum(), tolerance=0, scales=False)
    yield _Trap("MTHCASA", "above MAXCASA somewhere", 1, above_largest, tolerance=0, scales=False)
    yield _Trap("DRvCR", "smallest above 0", 3e-5, ratio.filter(ratio > 0).min(), tolerance=0, scales=False)
    yield _Trap("DRvCR", "largest", largest_ratio, ratio.max(), tolerance=LARGEST_TOLERANCE, scales=False)
    yield _Trap("CASATD_CNT", "largest", 39, pl.col("CASATD_CNT").max(), tolerance=0, scales=False)


def _blocks() -> Iterator[_Trap]:
    balance = pl.col("MTHCASA").is_not_null() | pl.col("MTHTD").is_not_null()
    contradicted = (pl.col("CASATD_CNT").is_not_null() != balance).sum()
    yield _Trap("CASATD_CNT", "rows with a count and no balance, or the reverse", 0, contradicted, scales=False)
    for block in published.profile()["structure"]["columns always missing together"]:
        missing = pl.sum_horizontal(pl.col(column).is_null().cast(pl.Int64) for column in block)
        partly = missing.is_between(1, len(block) - 1).sum()
        yield _Trap(block[0], "rows where its block is partly missing", 0, partly, scales=False)


def _rows_of(column: str, value: float) -> pl.Expr:
    return (pl.col(column) == value).sum()
