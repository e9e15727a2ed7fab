"""What was published beside what was generated, with a tolerance for each figure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from affluence.data.reference_bank import published
from affluence.data.reference_bank.associations import Associations, published_pairs
from affluence.data.reference_bank.figure import Figure
from affluence.data.reference_bank.shaping import SEGMENTS, Floats
from affluence.data.reference_bank.simulation import ReferenceBank
from affluence.data.reference_bank.traps import measured_traps

SHARE_TOLERANCE = 0.02
FIGURE_TOLERANCE = 0.15  # relative
SPREAD_TOLERANCE = 0.25  # relative: a few extreme customers decide a standard deviation
ASSOCIATION_TOLERANCE = 0.1
STRONG_ASSOCIATION = 0.2
ENOUGH_ROWS = 50  # of a category, for its affluent rate
NOT_COMPARED = ("C_ID",)  # a dummy number: only its repetitions mean something


@dataclass(frozen=True)
class Comparison:
    """Published beside generated.

    `figures` has one row per published figure: group, column, segment (or the category, or the other column of an
    association), figure, published, generated, tolerance (absolute, in the figure's unit), rows (that the
    generated figure rests on), within.
    """

    figures: pl.DataFrame

    def summary(self) -> pl.DataFrame:
        """For each group of figures how many there are and how many are within their tolerance."""
        counted = (pl.len().alias("figures"), pl.col("within").sum())
        return self.figures.group_by("group", maintain_order=True).agg(*counted)

    def outside(self) -> pl.DataFrame:
        """The figures that are not within their tolerance."""
        return self.figures.filter(~pl.col("within"))


def compare(*banks: ReferenceBank) -> Comparison:
    """The published facts beside those of the bank, or beside the mean over several banks (of several seeds).

    A figure is within when it differs by at most its tolerance; one that was published rounded gets half the
    rounding on top. Counts are scaled to the number of customers.
    """
    measured = [pl.DataFrame(list(_figures(bank.table)), schema=Figure._fields, orient="row") for bank in banks]
    generated = np.mean([figures["generated"].to_numpy() for figures in measured], axis=0)
    compared = measured[0].with_columns(pl.Series("generated", generated))
    within = (pl.col("generated") - pl.col("published")).abs() <= pl.col("tolerance") + 1e-9
    return Comparison(compared.with_columns(within.alias("within")))


def _figures(table: pl.DataFrame) -> Iterator[Figure]:
    yield from _coverage(table)
    yield from _categories(table)
    yield from _by_segment(table)
    yield from _pooled(table)
    yield from _associations(table)
    yield from measured_traps(table)


def _coverage(table: pl.DataFrame) -> Iterator[Figure]:
    """Share of rows with a value, by segment."""
    for code, segment in enumerate(SEGMENTS):
        inside = table.filter(pl.col("C_seg") == segment)
        for column in published.profile()["by_segment"]["missing_percent"]:
            wanted, found = published.shares(column)[code], 1 - inside[column].null_count() / inside.height
            yield Figure("rows with a value", column, segment, "share", wanted, found, SHARE_TOLERANCE, inside.height)


def _categories(table: pl.DataFrame) -> Iterator[Figure]:
    """Rows of each category as a share of all rows, and the share of them tagged affluent."""
    for column, facts in published.profile()["columns"].items():
        if "categories" in facts and column != "C_seg":
            for value, counts in published.category_counts(column).items():
                cell = float(value) if table.schema[column].is_numeric() else value
                tags = table.filter(pl.col(column) == cell)["C_seg"]
                yield from _category(column, value, counts, tags, of_rows=table.height)


def _category(column: str, value: str, counts: tuple[int, int], tags: pl.Series, *, of_rows: int) -> Iterator[Figure]:
    wanted, found = sum(counts) / published.rows_published(), len(tags) / of_rows
    yield Figure("category rows", column, value, "share", wanted, found, SHARE_TOLERANCE, len(tags))
    if sum(counts) > ENOUGH_ROWS:
        wanted, found = counts[1] / sum(counts), float((tags == "AFFLUENT").sum()) / max(len(tags), 1)
        yield Figure("category affluent rate", column, value, "share", wanted, found, SHARE_TOLERANCE, len(tags))


def _by_segment(table: pl.DataFrame) -> Iterator[Figure]:
    """Means, spreads and quartiles by segment, as published."""
    for column, facts in published.profile()["by_segment"].items():
        if column in ("rows", "missing_percent"):
            continue
        for segment in SEGMENTS:
            values = _numbers(table.filter(pl.col("C_seg") == segment)[column])
            for name in ("mean", "std", "p25", "p50", "p75"):
                if name in facts[segment]:
                    yield _amount("by segment", column, segment, name, facts[segment][name], values)


def _pooled(table: pl.DataFrame) -> Iterator[Figure]:
    """Means, spreads and quantiles of whole columns."""
    for column, facts in published.profile()["columns"].items():
        if "mean" not in facts or column in NOT_COMPARED:
            continue
        values = _numbers(table[column])
        for name in ("mean", "std", "iqr"):
            yield _amount("pooled", column, "all", name, facts[name], values)
        for name, value in facts["quantiles"].items():
            yield _amount("pooled", column, "all", name, value, values, rounding=facts.get("quantiles_rounded_to", 0))


def _amount(
    group: str, column: str, segment: str, name: str, wanted: float, values: Floats, *, rounding: float = 0
) -> Figure:
    relative = SPREAD_TOLERANCE if name == "std" else FIGURE_TOLERANCE
    tolerance = rounding / 2 + relative * abs(wanted - rounding / 2)
    return Figure(group, column, segment, name, float(wanted), _measured(values, name), tolerance, len(values))


def _measured(values: Floats, name: str) -> float:
    if name == "mean":
        return float(values.mean())
    if name == "std":
        return float(values.std(ddof=1))
    if name == "iqr":
        return float(np.subtract(*np.quantile(values, [0.75, 0.25])))
    return float(np.quantile(values, float(name[1:]) / 100))


def _associations(table: pl.DataFrame) -> Iterator[Figure]:
    associations = Associations(table)
    for pair in published_pairs(published.profile()["columns"]):
        if pair.column in NOT_COMPARED or pair.other in NOT_COMPARED:
            continue
        group = "association" if abs(pair.published) >= STRONG_ASSOCIATION else "small association"
        found, rows = associations.between(pair.column, pair.other), associations.common_rows(pair.column, pair.other)
        yield Figure(group, pair.column, pair.other, "association", pair.published, found, ASSOCIATION_TOLERANCE, rows)


def _numbers(values: pl.Series) -> Floats:
    return values.drop_nulls().cast(pl.Float64).to_numpy()
