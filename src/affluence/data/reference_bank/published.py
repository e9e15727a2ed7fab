"""The published facts about the bank, and the tables that stand beside them: margins and weights.

`etb_profile.json` is what others published; `margins.csv` adds what follows from it and what had to be chosen, each
figure marked; `weights.yml` says which position moves which column.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from affluence.data.reference_bank.shaping import Quantile, even_points, heavy_tail, points

_FOLDER = files("affluence.data.reference_bank")


@cache
def profile() -> Mapping[str, Any]:
    """The published facts as they were published: source, columns, by_segment, structure, published_scores."""
    loaded: Mapping[str, Any] = json.loads(_FOLDER.joinpath("etb_profile.json").read_text("utf-8"))
    return loaded


@cache
def weights() -> Mapping[str, Mapping[str, float | str]]:
    """For each score the weights of the positions that make it, and of its own noise."""
    loaded: Mapping[str, Mapping[str, float | str]] = yaml.safe_load(_FOLDER.joinpath("weights.yml").read_text("utf-8"))
    return loaded


@dataclass(frozen=True)
class Margin:
    """One figure of a column in a segment: `basis` is "published", "derived" or "chosen", `note` says from what."""

    column: str
    segment: str
    figure: str
    value: float
    basis: str
    note: str


@cache
def margins() -> tuple[Margin, ...]:
    """All figures of `margins.csv`, in its order."""
    lines = _FOLDER.joinpath("margins.csv").read_text("utf-8").splitlines()
    return tuple(
        Margin(row["column"], row["segment"], row["figure"], float(row["value"]), row["basis"], row["note"])
        for row in csv.DictReader(lines)
    )


def figures(column: str, segment: str) -> Mapping[str, float]:
    """The figures of a column in a segment, by name ("p25", "mean", ...)."""
    return {m.figure: m.value for m in margins() if m.column == column and m.segment in (segment, "BOTH")}


def rows_published() -> int:
    """The number of rows of the published table."""
    return int(profile()["rows"])


def segment_rows() -> tuple[int, int]:
    """Published rows tagged NORMAL and AFFLUENT."""
    rows = profile()["by_segment"]["rows"]
    return int(rows["NORMAL"]), int(rows["AFFLUENT"])


@cache
def category_counts(column: str) -> Mapping[str, tuple[int, int]]:
    """Published rows of each category tagged NORMAL and AFFLUENT, in the published order."""
    return {
        str(c["value"]): (int(c["rows"]) - int(c["affluent"]), int(c["affluent"]))
        for c in profile()["columns"][column]["categories"]
    }


@cache
def holders(column: str) -> tuple[int, int]:
    """Published rows with a value tagged NORMAL and AFFLUENT.

    Where only percentages are published, those of the affluent are rounded to rows and NORMAL takes the rest.
    """
    facts = profile()["columns"][column]
    if "categories" in facts:
        counts = category_counts(column).values()
        return sum(normal for normal, _ in counts), sum(affluent for _, affluent in counts)
    missing = profile()["by_segment"]["missing_percent"][column]["AFFLUENT"]
    affluent = round((1 - missing / 100) * segment_rows()[1])
    return int(facts["rows_with_value"]) - affluent, affluent


def shares(column: str) -> tuple[float, float]:
    """Share of the rows of each segment that have a value."""
    return shares_of(holders(column))


def shares_of(rows: tuple[float, float]) -> tuple[float, float]:
    """Rows of each segment as a share of the segment's published rows."""
    normal, affluent = segment_rows()
    return rows[0] / normal, rows[1] / affluent


@cache
def amounts(column: str) -> tuple[Quantile, Quantile]:
    """The quantile functions of an amount in each segment, from `margins.csv`."""
    normal, affluent = (heavy_tail(**_tail(column, segment)) for segment in ("NORMAL", "AFFLUENT"))
    return normal, affluent


def _tail(column: str, segment: str) -> dict[str, Any]:
    given = figures(column, segment)
    names = {
        "p25": "p25",
        "p50": "p50",
        "p75": "p75",
        "mean": "mean",
        "maximum": "max",
        "holders": "holders",
        "fall": "fall",
    }
    tail: dict[str, Any] = {argument: given[figure] for argument, figure in names.items() if figure in given}
    return tail | {"holders": int(given["holders"])}


@cache
def spread(column: str) -> tuple[Quantile, Quantile]:
    """The quantile functions through a column's percentiles ("p00.5", "p05", ...) in each segment."""
    normal, affluent = (points(*_knots(column, segment)) for segment in ("NORMAL", "AFFLUENT"))
    return normal, affluent


@cache
def even_spread(column: str) -> Quantile:
    """The quantile function through a column's percentiles, the same in both segments, evenly spread between them."""
    return even_points(*_knots(column, "BOTH"))


def _knots(column: str, segment: str) -> tuple[list[float], list[float]]:
    knots = {float(name[1:]) / 100: value for name, value in figures(column, segment).items() if name[0] == "p"}
    return list(knots), list(knots.values())


@cache
def heaps(column: str) -> tuple[tuple[float, int], ...]:
    """The most frequent values of a column and their published rows."""
    return tuple((float(value), int(rows)) for value, rows in profile()["columns"][column]["most_frequent"])
