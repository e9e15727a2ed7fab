import polars as pl
import pytest

from affluence.data.reference_bank.traps import measured_traps


def found(table: pl.DataFrame) -> dict[tuple[str, str], float]:
    return {(trap.column, trap.figure): trap.generated for trap in measured_traps(table)}


def outside(table: pl.DataFrame) -> set[str]:
    return {t.figure for t in measured_traps(table) if not abs(t.generated - t.published) <= t.tolerance + 1e-9}


def test_every_trap_is_there_in_every_seed(banks):
    for bank in banks:
        assert not outside(bank.table)


@pytest.mark.parametrize(
    ("mended", "missed"),
    [
        (pl.col("C_AGE").clip(18, 99), {"rows of 122", "rows of 2"}),
        (pl.col("MTHCASA").clip(0, None), {"rows below 0"}),
        (pl.col("CASATD_CNT").clip(1, 25), {"largest"}),
        (pl.int_range(pl.len()).alias("C_ID"), {"distinct", "share with several rows"}),
        (pl.lit(None, dtype=pl.Float64).alias("MAXTD"), {"rows where its block is partly missing"}),
    ],
)
def test_a_mended_table_misses_its_trap(bank, mended, missed):
    assert missed <= outside(bank.table.with_columns(mended))


def test_counts_scale_with_the_number_of_customers(small):
    expected = {(t.column, t.figure): t.published for t in measured_traps(small.table)}
    assert expected["C_AGE", "rows of 122"] == pytest.approx(58 * 3_000 / 66_083)
    assert found(small.table)["C_AGE", "rows of 122"] == 3
