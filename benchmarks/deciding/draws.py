"""Review samples drawn on many made banks, answered with the truth and learned from: what coverage is measured on.

A bank is fitted once; each review sheet is another draw on that one fitted finder, which learns from it alone.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
from benchmarks.finder.data import Table, bank
from numpy.typing import NDArray

from affluence.pu.finder import AffluentFinder
from affluence.pu.review import Purpose, Review, read_review, sample_review

Floats = NDArray[np.float64]

ROWS, REVIEWED, FIRST_BANK = 10_000, 100, 101


@dataclass(frozen=True)
class Draw:
    """One bank after one answered review sheet: rows beside each other, as the finder scored them out of fold."""

    bank: int
    purpose: str
    sheet_seed: int
    hidden: Floats
    labelled: Floats
    tags: NDArray[np.int8]
    truth: NDArray[np.int8]
    review: Review | None


def draws_of_bank(seed: int, *, sheets: int, rows: int = ROWS) -> Iterator[Draw]:
    """The bank of that seed without a review, and after each of `sheets` sheets of either purpose."""
    table = bank(seed, rows)
    finder = fitted(table, seed)
    yield _draw(seed, "none", -1, finder, table, None)
    for purpose in get_args(Purpose):
        for sheet_seed in range(1_000 * seed, 1_000 * seed + sheets):
            sheet = answered_sheet(finder, table, purpose=purpose, seed=sheet_seed)
            learned = copy.copy(finder).update(sheet)
            yield _draw(seed, purpose, sheet_seed, learned, table, read_review(sheet, table_rows=len(table)))


def answered_sheet(
    finder: AffluentFinder, table: Table, *, purpose: Purpose, seed: int, reviewed: int = REVIEWED
) -> pl.DataFrame:
    """A sheet as the finder would suggest it under another seed, with the truth as its verdicts."""
    rows = np.flatnonzero(_tags(table) == 0)
    sheet = sample_review(finder.review_order()[rows], rows, n=reviewed, purpose=purpose, seed=seed)
    return sheet.with_columns(verdict=pl.Series(table.truth[sheet["row"].to_numpy()].astype(np.int64)))


def save_draw(draw: Draw, path: Path) -> None:
    """Write `draw` as arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    review = draw.review
    parts = {} if review is None else {f"review_{name}": value for name, value in vars(review).items()}
    plain = {name: value for name, value in vars(draw).items() if name != "review"}
    np.savez_compressed(path, **plain, **parts)


def load_draw(path: Path) -> Draw:
    """The draw that `save_draw` wrote."""
    with np.load(path) as kept:
        parts = {name.removeprefix("review_"): kept[name] for name in kept.files if name.startswith("review_")}
        return Draw(
            bank=int(kept["bank"]),
            purpose=str(kept["purpose"]),
            sheet_seed=int(kept["sheet_seed"]),
            review=Review(**parts) if parts else None,
            **{name: kept[name] for name in ("hidden", "labelled", "tags", "truth")},
        )


def fitted(table: Table, seed: int) -> AffluentFinder:
    """The finder fitted in its fast mode to the table's own tags."""
    finder = AffluentFinder("fast", tag_drivers=table.drivers, random_state=seed)
    return finder.fit(table.columns, _tags(table), groups=table.groups)


def _tags(table: Table) -> NDArray[np.int8]:
    if table.own_tags is None:
        raise ValueError(f"The table {table.name} came without tags; coverage is measured on a bank's own.")
    return table.own_tags


def _draw(
    seed: int, purpose: str, sheet_seed: int, finder: AffluentFinder, table: Table, review: Review | None
) -> Draw:
    return Draw(
        bank=seed,
        purpose=purpose,
        sheet_seed=sheet_seed,
        hidden=finder.out_of_fold_,
        labelled=finder.labelled_probability_,
        tags=_tags(table),
        truth=table.truth,
        review=review,
    )
