"""What gives the tag away: the order of the rows, a column alone, a value, a column filled after the upgrade."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import rankdata

from affluence.data.doctor.countable import ROW
from affluence.data.doctor.findings import (
    Fact,
    Finding,
    Form,
    Remedy,
    RemedyAction,
    Severity,
    count_of,
    percent,
    share,
    written,
)
from affluence.data.doctor.plain import TAG, is_dated
from affluence.data.doctor.subject import Flags, Floats, Subject
from affluence.data.finding_kinds import FindingKind

FEWEST_OF_EACH = 30
ALONE = 0.97
"""No honest column of a bank reached it alone: the best published one stands near 0.8."""

_PARTS = 50
_BEYOND_CHANCE = 10.0
_PURE = 0.98
_PURE_ROWS = 30
_NEIGHBOUR_RATE = 0.8
_FILLED_PURE = 0.97
_BINS = 200
_MOST_BLOCKS = 100_000


@dataclass(frozen=True)
class TagCounts:
    """Rows and tagged rows in consecutive parts of the table. Counts of parts add up when the parts are the same."""

    rows: npt.NDArray[np.int64]
    tagged: npt.NDArray[np.int64]


def leaks(subject: Subject, column: str) -> Iterator[Finding]:
    """How a column gives the tag away, without a model; nothing for a table without both kinds of tag."""
    if not has_both(subject) or not subject.is_feature(column):
        return
    told = [*_filled_for_tagged(subject, column)] or [*_alone(subject, column)]
    yield from told or _pure_values(subject, column)


def has_both(subject: Subject) -> bool:
    """Whether enough customers are tagged and enough are not."""
    cells = subject.cells
    return min(cells.tagged, cells.known - cells.tagged) >= FEWEST_OF_EACH


def tag_counts(subject: Subject, *, parts: int = _PARTS) -> TagCounts:
    """The rows and the tagged rows of a table cut into that many parts, in the order of the rows' numbers.

    The rows are told in blocks, of one row each up to a hundred thousand rows; a part ends where a block does.
    """
    block = -(-subject.rows // _MOST_BLOCKS)
    told = subject.tally([], partial(_count_blocks, block=max(1, block)), by=["block"]).sort("block")
    rows, tagged = told["rows"].to_numpy(), told["tagged"].to_numpy()
    least, more = divmod(int(rows.sum()), parts)
    ends = np.cumsum([least + (part < more) for part in range(parts)])
    places = np.minimum(np.searchsorted(ends, np.cumsum(rows) - rows, side="right"), parts - 1)
    return TagCounts(*(np.bincount(places, weights=each, minlength=parts).astype(np.int64) for each in (rows, tagged)))


def _count_blocks(part: pl.DataFrame, *, block: int) -> pl.DataFrame:
    known = part.filter(pl.col(TAG).is_not_null())
    counted = known.group_by((pl.col(ROW) // block).alias("block"))
    return counted.agg(pl.len().alias("rows"), pl.col(TAG).sum().alias("tagged"))


def row_order(subject: Subject) -> Iterator[Finding]:
    """A finding when the place of a row tells much of its tag."""
    if not has_both(subject):
        return
    counts = tag_counts(subject, parts=min(_PARTS, subject.rows // 20))
    rate = counts.tagged.sum() / counts.rows.sum()
    expected = counts.rows * rate
    freedom = len(expected) - 1
    if freedom < 1 or expected.min() < 1:
        return
    excess = float(((counts.tagged - expected) ** 2 / (expected * (1 - rate))).sum() - freedom) / np.sqrt(2 * freedom)
    if excess < _BEYOND_CHANCE:
        return
    rates = counts.tagged / counts.rows
    yield Finding(
        kind=FindingKind.ROW_ORDER,
        severity=Severity.WARNS,
        columns=(),
        rows=subject.rows,
        sentence=(
            f"The order of the rows tells the tag: cut into {len(rates)} parts, the table has between "
            f"{percent(rates.min(), 1)} and {percent(rates.max(), 1)} tagged in a part, where chance would keep all "
            f"near {percent(rate, 1)}. A row number, or a split by position, would know the answer."
        ),
        evidence=(
            Fact("lowest share tagged in a part", float(rates.min()), Form.SHARE),
            Fact("highest share tagged in a part", float(rates.max()), Form.SHARE),
            Fact("standard deviations beyond chance", round(float(excess)), Form.NUMBER),
        ),
        remedy=Remedy("Shuffle the rows, and never use a row number as a column.", RemedyAction.SHUFFLE),
    )


def _filled_for_tagged(subject: Subject, column: str) -> Iterator[Finding]:
    _, rows, tagged = subject.cells_of(column)
    _, known, all_tagged = subject.cells
    base = all_tagged / known
    everyone = rows >= 0.999 * known
    if everyone or rows < FEWEST_OF_EACH or tagged < _FILLED_PURE * rows or base > 0.9:
        return
    yield Finding(
        kind=FindingKind.FILLED_FOR_TAGGED,
        severity=Severity.STOPS,
        columns=(column,),
        rows=rows,
        sentence=(
            f"{column} has a value only for the tagged: {count_of(tagged, rows)} that have one are tagged affluent, "
            f"beside {percent(base, 1)} of all. It was written down after the upgrade, so no hidden customer can have "
            "it."
        ),
        evidence=(
            Fact("rows with a value", rows),
            share("of them tagged", tagged, of=rows),
            Fact("tagged of all", base, Form.SHARE),
        ),
        remedy=_exclude(column),
    )


def _exclude(column: str) -> Remedy:
    return Remedy(
        f"Keep {column} from the learners unless it was known before the tag was given.",
        RemedyAction.EXCLUDE,
        (column,),
    )


def _alone(subject: Subject, column: str) -> Iterator[Finding]:
    groups = _groups(subject.known_sample[column])
    if groups is None:
        return
    auc = group_auc(groups, subject.known_sample[TAG].to_numpy())
    if auc < ALONE:
        return
    yield Finding(
        kind=FindingKind.TAG_GIVEN_AWAY,
        severity=Severity.STOPS,
        columns=(column,),
        rows=subject.filled(column),
        sentence=(
            f"{column} alone gives the tag away: ranking by it reaches a ROC AUC of {auc:.3f}. It follows from the "
            "tag, or the tag from it; a model with it learns the rule and finds nobody new."
        ),
        evidence=(
            Fact("ROC AUC of this column alone", round(auc, 4), Form.NUMBER),
            Fact("rows it was measured on" + (" (a sample)" if subject.sampled else ""), subject.known_sample.height),
        ),
        remedy=_exclude(column),
    )


def _groups(series: pl.Series) -> npt.NDArray[np.int64] | None:
    """The number of the group of each row: bins of a number, categories; empty cells are a group of their own."""
    if series.dtype == pl.String or (is_dated(series) and series.n_unique() <= _BINS):
        ranks = series.rank("dense")
    else:
        numbers = series.cast(pl.Float64, strict=False) if not is_dated(series) else series.to_physical()
        ranks = (numbers.rank("average") / max(1, len(numbers)) * _BINS).floor()
    groups: npt.NDArray[np.int64] = ranks.cast(pl.Int64).fill_null(-1).to_numpy()
    return groups if len(np.unique(groups)) > 1 else None


def group_auc(groups: npt.NDArray[np.int64], tag: Flags) -> float:
    """The ROC AUC of the groups' tagged rates, each half of the rows ranked by the rates of the other half.

    A group with few rows is drawn to the overall rate, so that names and ids rank nobody.
    """
    halves = np.arange(len(tag)) % 2
    scores = np.empty(len(tag))
    for half in (0, 1):
        seen = halves != half
        scores[~seen] = _rates(groups[seen], tag[seen], groups[~seen])
    aucs = [rank_auc(scores[halves == half], tag[halves == half]) for half in (0, 1) if _mixed(tag[halves == half])]
    return float(np.mean(aucs)) if aucs else 0.5


def rank_auc(scores: Floats, tag: Flags) -> float:
    """The ROC AUC: how often a tagged row scores above another one, ties counted half."""
    tagged = int(tag.sum())
    above = float(rankdata(scores)[tag].sum()) - tagged * (tagged + 1) / 2
    return above / (tagged * (len(tag) - tagged))


def _rates(seen: npt.NDArray[np.int64], tag: Flags, asked: npt.NDArray[np.int64]) -> Floats:
    names, places = np.unique(seen, return_inverse=True)
    rows, tagged = np.bincount(places), np.bincount(places, weights=tag)
    smooth: Floats = (tagged + 5 * tag.mean()) / (rows + 5)
    found = np.clip(np.searchsorted(names, asked), 0, len(names) - 1)
    return np.where(names[found] == asked, smooth[found], tag.mean())


def _mixed(tag: Flags) -> bool:
    return bool(tag.any() and not tag.all())


def _pure_values(subject: Subject, column: str) -> Iterator[Finding]:
    """Values whose rows are nearly all tagged; of a number only where the values beside it are not."""
    if column in subject.dates:
        return
    _, known, tagged = subject.cells_of(column)
    base = tagged / known if known else 0.0
    values = _tagged_values(subject, column)
    pure = (pl.col("rows") >= _PURE_ROWS) & (pl.col("tagged") >= _PURE * pl.col("rows"))
    found = values.with_row_index("place").filter(pure)
    if column in subject.numbers:
        lone = [_neighbour_rate(values, place) <= _NEIGHBOUR_RATE for place in found["place"]]
        found = found.filter(pl.Series(lone, dtype=pl.Boolean))
    if found.is_empty() or base > 0.5:
        return
    yield _pure(column, found.sort("rows", "value", descending=[True, False]), base=base)


def _tagged_values(subject: Subject, column: str) -> pl.DataFrame:
    """The values of a column in their order, with the rows whose tag is known and the tagged ones."""
    if column in subject.numbers:
        counts = subject.counts(column)
        told = pl.DataFrame({"value": counts.values, "rows": counts.known, "tagged": counts.tagged})
    else:
        told = subject.word_counts[column].select("value", pl.col("known").alias("rows"), "tagged")
    return told.filter(pl.col("rows") > 0).sort("value")


def _neighbour_rate(values: pl.DataFrame, place: int) -> float:
    """The higher tagged rate of the two sides of a value, each of its nearest 30 rows; 1 where a side lacks them.

    At the end of a trend all rows may well be tagged: that is what a good column does.
    """
    sides = (values.head(place).reverse(), values.slice(place + 1))
    return max(_rate_of_nearest(side) for side in sides)


def _rate_of_nearest(side: pl.DataFrame) -> float:
    so_far = side["rows"].cum_sum()
    if side.is_empty() or so_far[-1] < _PURE_ROWS:
        return 1.0
    near = side.head(int((so_far < _PURE_ROWS).sum()) + 1)
    return int(near["tagged"].sum()) / int(near["rows"].sum())


def _pure(column: str, found: pl.DataFrame, *, base: float) -> Finding:
    rows, tagged = int(found["rows"].sum()), int(found["tagged"].sum())
    value = found["value"][0]
    named = written(value) if isinstance(value, float) else f"'{value}'"
    rest = f" and {found.height - 1:,} more values" if found.height > 1 else ""
    return Finding(
        kind=FindingKind.PURE_VALUE,
        severity=Severity.WARNS,
        columns=(column,),
        rows=rows,
        sentence=(
            f"{column}: nearly all rows of {named}{rest} are tagged affluent, {count_of(tagged, rows)}, beside "
            f"{percent(base, 1)} of all that have a value."
        ),
        evidence=(
            Fact("rows of such values", rows),
            share("of them tagged", tagged, of=rows),
            Fact("values", found.height),
        ),
        remedy=Remedy("Ask whether the value is given because of the tag; if so, keep the column from the learners."),
    )
