"""What the people of each segment have in common, beside the tagged affluent and the normal who are not listed."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from affluence.data.contract import Contract
from affluence.decision.expected_finds import FindsByRank
from affluence.decision.group_figures import AFFLUENT, NORMAL, holding_of
from affluence.decision.holdings import products_of
from affluence.decision.population import Population

SMALLEST_CELL = 10
"""A figure about fewer people than that, or about all but fewer, could point at somebody."""


@dataclass(frozen=True)
class Profile:
    """The profile in two frames, and what finds to expect.

    `groups`: group, people, share of the listed (null for others), expected_finds (null where nothing was checked).
    `figures`: group, subject, figure, value, people, cell. `figure` is 'holds' (share of the group that holds the
    product), 'gap' (that of the tagged affluent less the group's), 'median', 'lower_quartile' or 'upper_quartile';
    `people` are those whom the figure is about, `cell` the smallest count that it would give away.
    """

    groups: pl.DataFrame
    figures: pl.DataFrame

    def for_leaving(self) -> "Profile":
        """The profile with small cells made null.

        Every figure about fewer than 10 people, or with a `cell` of 1 to 9, is null; that all or none of a larger group
        hold a product is told, for it may be the group's rule. Where one group alone would be null in a line of shares
        or sizes, the one with the next smallest cell is null too, so that it is not the difference from a total.
        A total that is known from elsewhere for some of the groups is not guarded against.
        """
        groups = self.groups.with_columns(subject=pl.lit("people"), figure=pl.lit("people"), cell=pl.col("people"))
        kept = _suppressed(groups)
        safe = {name: pl.when("kept").then(name) for name in ("people", "share", "expected_finds")}
        figures = _suppressed(self.figures)
        return Profile(
            groups=kept.with_columns(**safe).select(self.groups.columns),
            figures=figures.with_columns(
                **{name: pl.when("kept").then(name) for name in ("value", "people", "cell")}
            ).select(self.figures.columns),
        )


def profile(
    placed: pl.DataFrame,
    *,
    listed: pl.DataFrame,
    population: Population,
    contract: Contract,
    finds: FindsByRank | None = None,
) -> Profile:
    """The profile of the segments in `placed` (row, segment) against the others of the `population`.

    Expected finds are read from the scores of the `listed` as those of a cut are, so those of all segments add up to
    the cut's. They are null without `finds`, and where these are a range.
    """
    told = population.figures(placed, contract)
    products = products_of(contract, population.columns)
    return Profile(
        groups=_groups(told.counts, placed, _expected_finds(placed, listed, finds)),
        figures=pl.concat([holding_of(told.counts, products), told.quartiles]),
    )


def _expected_finds(placed: pl.DataFrame, listed: pl.DataFrame, finds: FindsByRank | None) -> pl.DataFrame:
    """What to expect of each segment's people: segment, expected_finds."""
    schema = {"segment": pl.String, "expected_finds": pl.Float64}
    if finds is None:
        return pl.DataFrame(schema=schema)
    parts = listed.join(placed.select("row", pl.col("segment").cast(pl.String)), on="row").partition_by(
        "segment", as_dict=True
    )
    told = [(name, finds.among(part["score"].to_numpy()).value) for (name,), part in parts.items()]
    return pl.DataFrame(told, schema=schema, orient="row")


def _groups(counts: pl.DataFrame, placed: pl.DataFrame, finds: pl.DataFrame) -> pl.DataFrame:
    return (
        counts.select("group", people="all")
        .join(finds, left_on="group", right_on="segment", how="left")
        .with_columns(segment=~pl.col("group").is_in([AFFLUENT, NORMAL]))
        .sort("segment", "people", "group", descending=[True, True, False])
        .select(
            "group",
            "people",
            share=pl.when("segment").then(pl.col("people") / placed.height),
            expected_finds="expected_finds",
        )
    )


def _suppressed(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells with `kept`: whether each may leave."""
    adds_up = pl.col("figure").is_in(["people", "holds", "gap"])
    small = pl.col("cell").is_between(1, SMALLEST_CELL - 1) | (pl.col("people") < SMALLEST_CELL)
    line = ["subject", "figure"]
    alone = (small.sum().over(line) == 1) & adds_up
    next_smallest = pl.when(~small & (pl.col("cell") > 0)).then("cell").min().over(line)
    partner = alone & pl.col("cell").eq_missing(next_smallest)
    return cells.with_columns(kept=~(small | partner))


def gaps(figures: pl.DataFrame, group: str) -> Iterator[tuple[str, float]]:
    """The products that the group holds less often than the tagged affluent, and by how much; the widest first."""
    lines = figures.filter((pl.col("group") == group) & (pl.col("figure") == "gap") & (pl.col("value") > 0)).sort(
        "value", "subject", descending=[True, False]
    )
    yield from lines.select("subject", "value").iter_rows()
