"""What was aimed at before the finder was written, and what was reached."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from benchmarks.finder.markdown import EMPTY, head, row
from benchmarks.finder.measured import Measured, cell_text, tables_of
from benchmarks.finder.metrics import mean_and_error
from benchmarks.finder.results import Results, Run

TARGET_NOTE = "Set before the finder was written. **Bold** is reached. The mean over seeds counts, not its lucky end."


@dataclass(frozen=True)
class Target:
    """A figure that was aimed at under a mechanism; `less` is the row of ours whose figure is taken off first."""

    goal: str
    mechanism: str
    share: float
    told: str
    figure: str
    wanted: float
    less: str | None = None

    def reached(self, results: Results, data: str, rows: int) -> tuple[float, str] | None:
        """The figure that was reached, and how it is written; None where it was not run."""
        measured = Measured.of(results, data=data, rows=rows, mechanism=self.mechanism, share=self.share)
        found = measured.ours(self.told, self.figure)
        if found is None or self.less is None:
            return None if found is None else (found.mean, str(found))
        mode = found.method.split(",")[0]
        by_seed = [_by_seed(measured.runs, f"{mode}, {told}", self.figure) for told in (self.told, self.less)]
        pairs = [by_seed[0][seed] - by_seed[1][seed] for seed in sorted(by_seed[0].keys() & by_seed[1].keys())]
        if not pairs:
            return None
        mean, error = mean_and_error(pairs)
        return mean, f"{'' if mean < 0 else '+'}{cell_text(mean, error)}"


@dataclass(frozen=True)
class CountTarget:
    """A figure of the count by review that was aimed at, over all mechanisms with half hidden, in samples to count."""

    goal: str
    reviewed: int
    figure: str
    wanted: float
    at_most: bool = False

    def reached(self, results: Results, data: str, rows: int) -> tuple[float, str] | None:
        """The figure that was reached, and how it is written; None where it was not run."""
        values = [
            entry[self.figure]
            for run in results.runs.values()
            if (run.settings.data, run.settings.rows) == (data, rows) and run.settings.hidden_share in (0.5, None)
            for entry in run.measured.get("counting", ())
            if (entry["purpose"], entry["reviewed"]) == ("count", self.reviewed)
        ]
        if not values:
            return None
        figure = float(np.median(values) if self.at_most else np.mean(values))
        return figure, f"{figure:.0%}"


TARGETS: tuple[Target | CountTarget, ...] = (
    Target("tags at random, half hidden: recall at k", "SCAR", 0.5, "drivers", "recall_at_k", 0.985),
    Target("the same, 30 % hidden", "SCAR", 0.3, "drivers", "recall_at_k", 0.99),
    Target("the same, 70 % hidden", "SCAR", 0.7, "drivers", "recall_at_k", 0.965),
    Target("tags at random, half hidden: average precision", "SCAR", 0.5, "drivers", "average_precision", 0.975),
    Target("the same, 70 % hidden", "SCAR", 0.7, "drivers", "average_precision", 0.955),
    Target(
        "what 100 reviewed do to it where tags are at random",
        "SCAR",
        0.5,
        "drivers, 100 reviewed",
        "recall_at_k",
        -0.002,
        less="drivers",
    ),
    Target("selective, nobody reviewed: recall at k", "SAR", 0.5, "drivers", "recall_at_k", 0.87),
    Target("selective, 100 reviewed", "SAR", 0.5, "drivers, 100 reviewed", "recall_at_k", 0.92),
    Target("selective, 300 reviewed", "SAR", 0.5, "drivers, 300 reviewed", "recall_at_k", 0.95),
    Target("by rule, nobody reviewed: recall at k", "RULE", 0.5, "drivers", "recall_at_k", 0.80),
    Target("by rule, 100 reviewed", "RULE", 0.5, "drivers, 100 reviewed", "recall_at_k", 0.88),
    Target(
        "by rule, 100 reviewed: recall in the first 1 %",
        "RULE",
        0.5,
        "drivers, 100 reviewed",
        "recall_at_1_percent",
        0.90,
    ),
    CountTarget("90 % intervals that hold the count, 100 reviewed", 100, "covered", 0.90),
    CountTarget("the same, 300 reviewed", 300, "covered", 0.90),
    CountTarget("half-width of the interval, 100 reviewed", 100, "half_width_to_truth", 0.45, at_most=True),
    CountTarget("half-width of the interval, 300 reviewed", 300, "half_width_to_truth", 0.25, at_most=True),
)


def targets(results: Results) -> list[str]:
    """A row for each target, a column for each table."""
    tables = tables_of(results)
    titles = ["aimed at", "wanted", *(f"{data}, {rows:,} rows" for data, rows in tables)]
    lines = [TARGET_NOTE, "", *head(titles)]
    for target in TARGETS:
        cells = [_target_cell(target, target.reached(results, data, rows)) for data, rows in tables]
        lines.append(row([target.goal, _wanted(target), *cells]))
    return [*lines, ""]


def _wanted(target: Target | CountTarget) -> str:
    if isinstance(target, Target):
        return f"≥ {target.wanted:.3f}"
    return f"{'≤' if target.at_most else '≥'} {target.wanted:.0%}"


def _target_cell(target: Target | CountTarget, reached: tuple[float, str] | None) -> str:
    if reached is None:
        return EMPTY
    figure, text = reached
    at_most = isinstance(target, CountTarget) and target.at_most
    return f"**{text}**" if (figure <= target.wanted if at_most else figure >= target.wanted) else text


def _by_seed(runs: Iterable[Run], method: str, name: str) -> dict[int, float]:
    return {run.settings.seed: run.measured["ratio"][name] for run in runs if run.settings.method == method}
