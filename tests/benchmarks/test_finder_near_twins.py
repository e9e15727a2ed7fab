"""Forgotten tag drivers are proposed where they have a twin, and nothing else is."""

import numpy as np
import polars as pl
from benchmarks.finder.data import Table
from benchmarks.finder.near_twins import NOTHING_LEFT_OUT, lines_of, proposals


def table_with_twins(rows: int = 600) -> tuple[Table, np.ndarray]:
    random = np.random.default_rng(0)
    balance, age, noise = random.normal(size=(3, rows))
    columns = pl.DataFrame(
        {"balance": balance, "largest": balance + 0.05 * random.normal(size=rows), "age": age, "noise": noise}
    )
    tags = (balance + random.normal(size=rows) > 1).astype(np.int8)
    return Table("made", columns, tags, ("balance", "largest", "age"), np.arange(rows)), tags


def test_a_twin_that_was_left_out_is_proposed_and_a_loner_is_not():
    found = proposals(*table_with_twins())
    assert found == {NOTHING_LEFT_OUT: (), "balance": ("balance",), "largest": ("largest",), "age": ()}


def test_a_line_counts_the_seeds_in_which_the_driver_is_proposed():
    lines = lines_of("adult", [0])
    assert len(lines) == 5
    assert all("0 of 1 seeds" in line for line in lines[1:])
