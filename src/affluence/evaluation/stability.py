"""Whether a scored table still looks like the one that a model learned from: green, amber or red.

Two tables of the same population differ by chance, small ones more. The population stability index of B groups times
1 / (1/n + 1/m) is then chi-squared with B - 1 degrees of freedom (Yurdakul, 2018, Statistical properties of population
stability index), its mean (B - 1) (1/n + 1/m). What chance gives is taken off before a figure is held against a limit.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, kstwobign, norm

from affluence.evaluation.ranking import LEVEL
from affluence.evaluation.results import Estimate
from affluence.evaluation.sketches import SCORE, ColumnSketch, Sketch
from affluence.evaluation.stability_limits import Limits

# A category is named where so many or more have it: fewer are a small cell.
FEWEST_NAMED = 10
# Added to every group, so that an empty one leaves the index finite.
HALF = 0.5
DECILES = np.arange(1, 10) / 10
# A table of fewer rows cannot be told from another population by any of these figures.
FEWEST_ROWS = 50
RECALL_ASSUMPTION = (
    "customers changed and what makes them tagged did not (covariate shift only); the labelled probabilities hold"
)


class Light(StrEnum):
    """How much a table has moved away."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class ColumnChange:
    """How far a column moved: each figure as found, `light` and `because` once chance was taken off.

    `psi` is over the groups and the unseen categories together, without missing cells; `missing` the change of the
    share of missing cells; `unseen` the share of cells of a new category; `level` by how much the deciles of a number
    moved, as a share (the middle one of nine), None where that cannot be told.
    """

    column: str
    light: Light
    psi: float
    missing: float
    unseen: float
    level: float | None
    new_categories: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Stability:
    """A table held against the training table: columns that moved most first, and what that makes of the whole."""

    light: Light
    rows: int
    trained_on: int
    columns: tuple[ColumnChange, ...]
    sentence: str
    expected_recall: Estimate | None = None

    @property
    def moved(self) -> tuple[ColumnChange, ...]:
        """The columns that are not green."""
        return tuple(change for change in self.columns if change.light is not Light.GREEN)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as nested dictionaries and lists, ready for JSON."""
        return asdict(self)


def compare_sketches(
    trained: Sketch, scored: Sketch, limits: Limits, *, expected_recall: Estimate | None = None
) -> Stability:
    """The scored table beside the training table, whose groups it was counted in."""
    changes = [_column_change(name, trained.columns[name], scored.columns[name], limits) for name in trained.columns]
    order = list(Light)[::-1]
    ordered = tuple(sorted(changes, key=lambda change: (order.index(change.light), -change.psi)))
    light = ordered[0].light if ordered else Light.GREEN
    return Stability(light, scored.rows, trained.rows, ordered, _sentence(ordered, scored.rows), expected_recall)


def expected_recall(labelled_probability: NDArray[np.float64], *, share: float) -> Estimate | None:
    """The share of the tagged whom the likeliest `share` of the table would hold, from probabilities and no tag.

    None without anybody likely. The interval is that of tags drawn by these probabilities (delta method).
    """
    ordered = -np.sort(-labelled_probability)
    total = float(ordered.sum())
    if not total > 0:
        return None
    listed = np.arange(len(ordered)) < max(1, round(share * len(ordered)))
    value = float(ordered[listed].sum()) / total
    variance = float((ordered * (1 - ordered) * (listed - value) ** 2).sum()) / total**2
    reach = float(norm.ppf(0.5 + LEVEL / 2)) * sqrt(variance)
    return Estimate(value, max(0.0, value - reach), min(1.0, value + reach), RECALL_ASSUMPTION, LEVEL)


def population_stability(before: Sequence[int], after: Sequence[int]) -> float:
    """The population stability index of two histograms with the same groups; 0 where either is empty."""
    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if not first.sum() or not second.sum():
        return 0.0
    old, new = ((one + HALF) / (one + HALF).sum() for one in (first, second))
    return float(((new - old) * np.log(new / old)).sum())


def _column_change(name: str, trained: ColumnSketch, scored: ColumnSketch, limits: Limits) -> ColumnChange:
    psi, psi_above = _psi(trained, scored, limits)
    missing, missing_above = _missing(trained, scored, limits)
    unseen = scored.unseen / max(1, scored.cells)
    level = None if trained.categorical else _level(trained, scored, limits)
    found = {
        "psi": (psi_above, limits.psi, f"its groups moved (PSI {psi:.2f})"),
        "missing": (missing_above, limits.missing, f"missing cells went {missing:+.1%}".replace("%", " points")),
        "unseen": (
            unseen if scored.unseen >= FEWEST_NAMED else 0.0,
            limits.unseen,
            f"{unseen:.1%} of its cells hold a category that the training table did not",
        ),
        # A score has no unit that a share could be of.
        "level": (
            0.0 if level is None or name == SCORE else abs(level),
            limits.level,
            f"its level moved {level or 0:+.0%}",
        ),
    }
    lights = {key: _light(above, bounds) for key, (above, bounds, _) in found.items()}
    if scored.cells < FEWEST_ROWS and scored.missing < scored.cells:
        lights = dict.fromkeys(lights, Light.GREEN)
    light = max(lights.values(), key=list(Light).index)
    new = tuple(sorted(one for one, cells in (scored.unseen_names or {}).items() if cells >= FEWEST_NAMED))
    because = "; ".join(found[key][2] for key, one in lights.items() if one is not Light.GREEN)
    return ColumnChange(name, light, psi, missing, unseen, level, new, because)


def _psi(trained: ColumnSketch, scored: ColumnSketch, limits: Limits) -> tuple[float, float]:
    """The index, and what of it chance does not give."""
    before, after = (*trained.counts, trained.unseen), (*scored.counts, scored.unseen)
    held = [(old, new) for old, new in zip(before, after, strict=True) if old or new]
    psi = population_stability([old for old, _ in held], [new for _, new in held])
    if len(held) < 2 or not sum(before) or not sum(after):
        return psi, 0.0
    by_chance = float(chi2.ppf(limits.chance, len(held) - 1)) * (1 / sum(before) + 1 / sum(after))
    return psi, max(0.0, psi - by_chance)


def _missing(trained: ColumnSketch, scored: ColumnSketch, limits: Limits) -> tuple[float, float]:
    """The change of the missing share, and how much of it chance does not give."""
    cells = max(1, trained.cells), max(1, scored.cells)
    change = scored.missing / cells[1] - trained.missing / cells[0]
    together = (trained.missing + scored.missing + 1) / (sum(cells) + 2)
    spread = sqrt(together * (1 - together) * (1 / cells[0] + 1 / cells[1]))
    return change, max(0.0, abs(change) - float(norm.ppf(0.5 + limits.chance / 2)) * spread)


def _level(trained: ColumnSketch, scored: ColumnSketch, limits: Limits) -> float | None:
    """By how much the deciles moved, as a share: the middle one of nine; 0 where chance gives what is seen.

    Chance is that of the Kolmogorov-Smirnov distance, which on groups is smaller than on cells.
    """
    before, after = np.asarray(trained.counts, dtype=float), np.asarray(scored.counts, dtype=float)
    if len(trained.edges) < 2 or not before.sum() or not after.sum():
        return None
    cumulated = [np.cumsum(one)[:-1] / one.sum() for one in (before, after)]
    distance = float(np.abs(cumulated[0] - cumulated[1]).max())
    if distance <= float(kstwobign.ppf(limits.chance)) * sqrt(1 / before.sum() + 1 / after.sum()):
        return 0.0
    old, new = (np.interp(DECILES, one, trained.edges, left=np.nan, right=np.nan) for one in cumulated)
    told = np.isfinite(old) & np.isfinite(new) & (np.abs(old) > 0)
    return float(np.median(new[told] / old[told]) - 1) if told.any() else None


def _light(above: float, bounds: tuple[float, float]) -> Light:
    return Light.RED if above >= bounds[1] else Light.AMBER if above >= bounds[0] else Light.GREEN


def _sentence(columns: Sequence[ColumnChange], rows: int) -> str:
    if rows < FEWEST_ROWS:
        return f"{rows:,} rows are too few to tell whether they are of another population than the training table."
    moved = [change for change in columns if change.light is not Light.GREEN]
    if not moved:
        return "The table looks like the one that the model learned from."
    first = "; ".join(f"{change.column}: {change.because}" for change in moved[:3])
    more = f"; and {len(moved) - 3} more" if len(moved) > 3 else ""
    return f"{len(moved)} of {len(columns)} columns moved. {first}{more}."
