"""The review sample: whom to check by hand, and what was found when the answers come back.

Customers are drawn at random within strata of the ranking, so that a verdict speaks for the customers like it who
were not drawn: for `weight` of them. The samples drawn one after the other are batches, and each numbers its strata
from ten times its own number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Purpose = Literal["find", "count"]
Rows = NDArray[np.intp]

# Of each purpose, from the top of the ranking: the strata's shares of the pool, and of the sample. Those for finding
# beat finer strata, sampling by uncertainty and the top of the list; those for counting narrow the interval by a fifth.
STRATA: dict[Purpose, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "find": ((0.1, 0.2, 0.7), (0.5, 0.3, 0.2)),
    "count": ((0.1, 0.2, 0.3, 0.4), (0.35, 0.25, 0.2, 0.2)),
}
# The strata of batch b are numbered from 10 b, so that their number tells the batch; no purpose has more than ten.
BATCH_STRIDE = 10
# What a verdict may look like once it is text in lower case: as typed, and as a table gives back numbers and booleans.
VERDICTS = {"0": 0, "0.0": 0, "no": 0, "false": 0, "1": 1, "1.0": 1, "yes": 1, "true": 1}
COLUMNS = ("row", "verdict", "weight", "stratum")
SHOWN_ROWS = 5
# Far above the strata of any bank's batches, and within a 64-bit integer.
HIGHEST_STRATUM = 1_000_000


@dataclass(frozen=True)
class Review:
    """What was found by hand: one entry a customer record, the four arrays beside each other.

    `rows` are positions in the table, from 0; `verdicts` are 1 for affluent and 0 for not; `strata` are -1 where the
    record was not drawn by `sample_review`; `weights` say for how many customers a verdict speaks, and are missing
    (nan) where nobody knows.
    """

    rows: Rows
    verdicts: NDArray[np.int8]
    strata: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sampled(self) -> NDArray[np.bool_]:
        """Which entries speak for a known number of customers: those that can be counted with."""
        return ~np.isnan(self.weights)

    def those(self, mask: NDArray[np.bool_]) -> "Review":
        """The entries where `mask` is true, in their order."""
        return Review(self.rows[mask], self.verdicts[mask], self.strata[mask], self.weights[mask])


def sample_review(
    order: NDArray[np.float64], rows: Rows, *, n: int, purpose: Purpose, seed: int, first_stratum: int = 0
) -> pl.DataFrame:
    """`n` customers to check by hand, the highest `order` first: row, stratum, weight.

    `rows` are the positions of the unlabelled not yet reviewed, and `order` their scores. `weight` is N_h / n_h, how
    many of its stratum a row stands for; the weights of a sample add up to the pool. Every stratum gets a row and none
    more than it holds; with fewer rows than strata the lowest strata are one. Equal scores are ordered at random.

    Errors: UserError when `n` is below 1, or more than there are.
    """
    _require_sample(n, pool=len(rows))
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(rows))
    ranked = shuffled[np.argsort(-order[shuffled], kind="stable")]
    sizes, takes = _allocation(len(rows), n, purpose)
    starts = np.cumsum(sizes) - sizes
    drawn = [
        np.sort(start + random.choice(size, take, replace=False))
        for start, size, take in zip(starts, sizes, takes, strict=True)
    ]
    return pl.DataFrame(
        {
            "row": rows[ranked[np.concatenate(drawn)]].astype(np.int64),
            "stratum": np.repeat(first_stratum + np.arange(len(sizes), dtype=np.int64), takes),
            "weight": np.repeat(sizes / takes, takes),
        }
    )


def read_review(frame: "pl.DataFrame | pd.DataFrame", *, table_rows: int) -> Review:
    """The answered rows of a review sheet: columns row and verdict, and where there are any, weight and stratum.

    A verdict is 0, 1, true, false, yes or no; a row without one is left out, and the answered rows of its stratum
    then stand for all of it. Where a stratum has no verdict at all its batch loses its weights: its verdicts still
    teach, but cannot be counted with. Assumes that who was answered, within a stratum, does not depend on what
    was found. `table_rows` is the height of the table the rows are positions in.

    Errors: UserError with every fault of the sheet: column, rule, how many, remedy.
    """
    sheet = _cells(frame)
    _require_sound(sheet, table_rows=table_rows)
    answered = np.array([cell is not None for cell in sheet["verdict"]], dtype=bool)
    strata = np.array([-1 if cell is None else int(float(cell)) for cell in sheet["stratum"]], dtype=np.int64)
    weights = np.array([np.nan if cell is None else float(cell) for cell in sheet["weight"]], dtype=np.float64)
    return Review(
        rows=np.array([int(float(cell)) for cell in sheet["row"]], dtype=np.intp),
        verdicts=np.array([VERDICTS.get(_text(cell), -1) for cell in sheet["verdict"]], dtype=np.int8),
        strata=strata,
        weights=_weights_of_answered(weights, strata, answered),
    ).those(answered)


def join_reviews(first: Review | None, second: Review) -> Review:
    """Both reviews as one, `first` first. Of a row in both the later verdict stands, and the earlier weight if any.

    Reviews that share rows of a stratum are taken for one sheet handed in twice, so the stratum stays as large as the
    larger of the two says; without a shared row they are taken for parts of a sheet, and their sizes add up. The
    rows of the stratum then speak for equally many customers.
    """
    if first is None:
        return second
    again = np.isin(second.rows, first.rows)
    shared, new = second.those(again), second.those(~again)
    places = _places(shared.rows, first.rows)
    verdicts, strata, weights = first.verdicts.copy(), first.strata.copy(), first.weights.copy()
    verdicts[places] = shared.verdicts
    unknown = ~first.sampled[places]
    strata[places[unknown]], weights[places[unknown]] = shared.strata[unknown], shared.weights[unknown]
    joined = Review(
        rows=np.concatenate([first.rows, new.rows]),
        verdicts=np.concatenate([verdicts, new.verdicts]),
        strata=np.concatenate([strata, new.strata]),
        weights=np.concatenate([weights, new.weights]),
    )
    return replace(joined, weights=_joined_weights(joined, first, second))


def _require_sample(n: int, *, pool: int) -> None:
    if n < 1:
        raise UserError(f"A review sample of {n} was asked for; ask for at least 1.")
    if n > pool:
        raise UserError(
            f"A review sample of {n:,} was asked for, and there are {pool:,} unlabelled customers not yet reviewed. "
            f"Ask for at most {pool:,}."
        )


def _allocation(pool: int, n: int, purpose: Purpose) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many customers each stratum holds, and how many of them are drawn: at least one, by the shares at best."""
    of_pool, of_sample = STRATA[purpose]
    sizes = np.diff(np.rint(np.cumsum(of_pool) * pool).astype(np.int64), prepend=0)
    shares = np.array(of_sample)[sizes > 0]
    sizes = sizes[sizes > 0]
    kept = np.arange(min(n, len(sizes)))
    sizes, shares = np.add.reduceat(sizes, kept), np.add.reduceat(shares, kept)
    takes = np.ones(len(sizes), dtype=np.int64)
    for _ in range(n - len(sizes)):
        missing = np.where(takes < sizes, shares * n - takes, -np.inf)
        takes[np.argmax(missing)] += 1
    return sizes, takes


def _cells(frame: "pl.DataFrame | pd.DataFrame") -> dict[str, list[Any]]:
    """The cells of our columns, None for missing and for blank; rows with nothing in any of them are left out."""
    _require_columns([str(name) for name in frame.columns])
    names = [name for name in COLUMNS if name in frame.columns]
    lines = zip(*(_column(frame, name) for name in names), strict=True)
    filled = [dict(zip(names, line, strict=True)) for line in lines if any(cell is not None for cell in line)]
    return {name: [line.get(name) for line in filled] for name in COLUMNS}


def _require_columns(columns: list[str]) -> None:
    missing = [name for name in ("row", "verdict") if name not in columns]
    if missing:
        raise UserError(
            f"The review sheet has no column {' and no column '.join(missing)} among its {len(columns)}. Give it a "
            "header and one line a customer: the row as the sample listed it, and the verdict, 1 or 0."
        )
    twice = [name for name in COLUMNS if columns.count(name) > 1]
    if twice:
        raise UserError(f"The review sheet has {len(twice)} columns twice: {', '.join(twice)}. Keep one of each.")


def _column(frame: "pl.DataFrame | pd.DataFrame", name: str) -> list[Any]:
    if isinstance(frame, pl.DataFrame):
        cells = frame[name].to_list()
    else:
        column = frame[name].astype(object)
        cells = column.where(column.notna(), None).tolist()
    return [None if _text(cell) in {"", "nan"} else cell for cell in cells]


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip().lower()


def _require_sound(sheet: dict[str, list[Any]], *, table_rows: int) -> None:
    rows = [_position(cell, table_rows) for cell in sheet["row"]]
    faults = [
        _row_fault(rows, table_rows=table_rows),
        _repeat_fault(rows),
        _fault("verdict", "not understood", sheet["verdict"], _is_verdict, rows, "Write 1 or 0, yes or no"),
        _weight_fault(sheet["weight"], rows, table_rows=table_rows),
        _fault("stratum", "no stratum number", sheet["stratum"], _is_stratum, rows, "Keep the stratum of the sample"),
        _lone_weight_fault(sheet, rows),
        _answer_fault(sheet["verdict"]),
    ]
    found = [fault for fault in faults if fault]
    if found:
        raise UserError("\n".join(found))


def _row_fault(rows: list[int | None], *, table_rows: int) -> str | None:
    wrong = rows.count(None)
    if not wrong:
        return None
    return (
        f"row: {wrong} of {len(rows)} are no position in the table of {table_rows:,} rows, which are numbered from 0. "
        "Keep the row as the sample listed it, and hand the sheet in beside the table it was drawn from."
    )


def _repeat_fault(rows: list[int | None]) -> str | None:
    known = [row for row in rows if row is not None]
    numbers, counts = np.unique(np.array(known, dtype=object), return_counts=True)
    repeated = numbers[counts > 1].tolist()
    if not repeated:
        return None
    found = f"{len(repeated)} of {len(numbers)} stand more than once ({_listed(repeated)})"
    return f"row: {found}. Keep one line for each row."


def _fault(
    column: str,
    rule: str,
    cells: list[Any],
    is_sound: Callable[[Any], bool],
    rows: Sequence[int | None],
    remedy: str,
) -> str | None:
    wrong = [row for cell, row in zip(cells, rows, strict=True) if cell is not None and not is_sound(cell)]
    if not wrong:
        return None
    return f"{column}: {len(wrong)} of {len(cells)} are {rule} (row {_listed(wrong)}). {remedy}, or leave it empty."


def _weight_fault(weights: list[Any], rows: list[int | None], *, table_rows: int) -> str | None:
    rule = f"not a number above 0 and up to {table_rows:,}, the rows of the table"
    remedy = "Keep the weight of the sample"
    return _fault("weight", rule, weights, lambda cell: 0 < _number(cell) <= table_rows, rows, remedy)


def _lone_weight_fault(sheet: dict[str, list[Any]], rows: list[int | None]) -> str | None:
    cells = zip(sheet["weight"], sheet["stratum"], rows, strict=True)
    lone = [row for weight, stratum, row in cells if weight is not None and _whole(stratum) in {None, -1}]
    if not lone:
        return None
    return (
        f"stratum: {len(lone)} of {len(rows)} have a weight and no stratum (row {_listed(lone)}). Keep both columns of "
        "the sample, or neither."
    )


def _answer_fault(verdicts: list[Any]) -> str | None:
    if any(cell is not None for cell in verdicts):
        return None
    return f"verdict: none of {len(verdicts)} rows has one. Write 1 or 0 for at least one customer."


def _listed(rows: Sequence[int | None]) -> str:
    shown = ", ".join("unknown" if row is None else str(row) for row in rows[:SHOWN_ROWS])
    return shown if len(rows) <= SHOWN_ROWS else f"{shown} and {len(rows) - SHOWN_ROWS} more"


def _number(cell: object) -> float:
    """The cell as a number, nan when it is none."""
    try:
        return float(_text(cell))
    except ValueError:
        return float("nan")


def _whole(cell: object) -> int | None:
    number = _number(cell)
    return int(number) if number.is_integer() else None


def _position(cell: object, table_rows: int) -> int | None:
    """The cell as a position in the table, None when it is none: a number that is no position is never shown."""
    number = _whole(cell)
    return number if number is not None and 0 <= number < table_rows else None


def _is_verdict(cell: object) -> bool:
    return _text(cell) in VERDICTS


def _is_stratum(cell: object) -> bool:
    number = _whole(cell)
    return number is not None and -1 <= number <= HIGHEST_STRATUM


def _weights_of_answered(
    weights: NDArray[np.float64], strata: NDArray[np.int64], answered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The weights once the answered stand for all of their stratum; missing in a batch with a stratum of silence."""
    scaled = weights.copy()
    known = ~np.isnan(weights)
    for stratum in np.unique(strata[known]):
        of_stratum = known & (strata == stratum)
        spoken = float(weights[of_stratum & answered].sum())
        if spoken:
            scaled[of_stratum] *= float(weights[of_stratum].sum()) / spoken
        else:
            scaled[strata // BATCH_STRIDE == stratum // BATCH_STRIDE] = np.nan
    return scaled


def _places(wanted: Rows, rows: Rows) -> Rows:
    """Where each of `wanted` stands in `rows`, which holds them all once."""
    in_order = np.argsort(rows)
    return in_order[np.searchsorted(rows, wanted, sorter=in_order)]


def _joined_weights(joined: Review, first: Review, second: Review) -> NDArray[np.float64]:
    """The weights of `joined`, those of a stratum equal and adding up to its size."""
    weights = joined.weights.copy()
    in_both = np.isin(joined.rows, first.rows) & np.isin(joined.rows, second.rows)
    for stratum in np.unique(joined.strata[joined.strata >= 0]):
        of_stratum = joined.strata == stratum
        sizes = [float(np.nansum(review.weights[review.strata == stratum])) for review in (first, second)]
        size = max(sizes) if in_both[of_stratum].any() else sum(sizes)
        if size:
            weights[of_stratum] = size / int(of_stratum.sum())
    return weights
