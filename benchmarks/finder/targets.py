"""What was aimed at before the figures were taken, and what was reached."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean

from benchmarks.finder.markdown import EMPTY, head, row
from benchmarks.finder.measured import SPACE, Measured, cell_text, tables_of
from benchmarks.finder.metrics import mean_and_error
from benchmarks.finder.results import Results, Run
from benchmarks.finder.split_score import SPLIT_SCORE

HALF = 0.5
TARGET_NOTE = "Set before the figures were taken. **Bold** is reached. The mean over seeds counts, not its lucky end."


@dataclass(frozen=True)
class Target:
    """A ratio to the oracle that was aimed at on Adult with half hidden.

    `less` is what is told in the row of ours whose figure is taken off first, under the same seeds; `less_other` is the
    title of another method's row that is.
    """

    goal: str
    mechanism: str
    told: str
    wanted: float
    figure: str = "recall_at_k"
    less: str | None = None
    less_other: str | None = None
    data: str = "adult"
    at_most = False

    def reached(self, results: Results, data: str, rows: int) -> tuple[float, str] | None:
        """The figure that was reached, and how it is written; None where it was not run."""
        measured = _half_hidden(results, data, rows, self.mechanism)
        found = measured.ours(self.told, self.figure)
        if found is None or not (self.less or self.less_other):
            return None if found is None else (found.mean, str(found))
        other = self.less_other or f"{found.method.split(',')[0]}, {self.less}"
        mine, theirs = (_by_seed(measured.runs, method, self.figure) for method in (found.method, other))
        pairs = [mine[seed] - theirs[seed] for seed in sorted(mine.keys() & theirs.keys())]
        if not pairs:
            return None
        mean, error = mean_and_error(pairs)
        return mean, f"{'' if mean < 0 else '+'}{cell_text(mean, error)}"

    def __str__(self) -> str:
        return f"≥{SPACE}{self.wanted:.3f}"


@dataclass(frozen=True)
class GapTarget:
    """The share that was aimed at of the gap in recall at k from the plain stack to the oracle, on the made bank."""

    goal: str
    mechanism: str
    told: str
    wanted: float
    data: str = "bank"
    at_most = False

    def reached(self, results: Results, data: str, rows: int) -> tuple[float, str] | None:
        """The share of the gap that is closed, and how it is written; None where it was not run."""
        measured = _half_hidden(results, data, rows, self.mechanism)
        found = measured.ours(self.told, "recall_at_k")
        plain = measured.figure(f"Stack ({found.mode}), labelled probability", "recall_at_k") if found else None
        if found is None or plain is None:
            return None
        closed = (found.mean - plain.mean) / (1 - plain.mean)
        return closed, f"{closed:.0%}"

    def __str__(self) -> str:
        return f"≥{SPACE}{self.wanted:.0%}"


@dataclass(frozen=True)
class CountTarget:
    """A figure of the count by a sample drawn to count, on Adult, half hidden: each cell the mean over its seeds.

    `over` says what of all mechanisms' cells is meant.
    """

    goal: str
    reviewed: int
    figure: str
    wanted: float
    over: Callable[[list[float]], float] = fmean
    at_most: bool = False
    data: str = "adult"

    def reached(self, results: Results, data: str, rows: int) -> tuple[float, str] | None:
        """The figure that was reached, and how it is written; None where it was not run."""
        cells: dict[str, list[float]] = {}
        for run in results.runs.values():
            if (run.settings.data, run.settings.rows, run.settings.hidden_share) == (data, rows, HALF):
                for entry in run.measured.get("counting", ()):
                    if (entry["purpose"], entry["reviewed"]) == ("count", self.reviewed):
                        cells.setdefault(run.settings.mechanism, []).append(entry[self.figure])
        if not cells:
            return None
        figure = self.over([fmean(cell) for cell in cells.values()])
        return figure, f"{figure:.1%}"

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'}{SPACE}{self.wanted:.0%}"


AnyTarget = Target | GapTarget | CountTarget

TARGETS: tuple[AnyTarget, ...] = (
    Target("SCAR, nothing declared", "SCAR", "nothing declared", 0.985),
    Target("the same: average precision", "SCAR", "nothing declared", 0.975, "average_precision"),
    Target("SCAR, drivers declared all the same", "SCAR", "drivers", 0.92),
    *(
        Target(f"{mechanism}, {told}", mechanism, told, wanted)
        for mechanism, wanteds in (("SAR", (0.90, 0.91, 0.93, 0.945)), ("RULE", (0.87, 0.89, 0.92, 0.93)))
        for told, wanted in zip(
            ("drivers", "drivers, 50 reviewed", "drivers, 100 reviewed", "drivers, 300 reviewed"), wanteds, strict=True
        )
    ),
    *(
        Target(f"{odd}, drivers, 100 reviewed", odd, "drivers, 100 reviewed", 0.90)
        for odd in ("ANY", "AND", "ODD", "BANDS")
    ),
    *(
        Target(f"{odd}, drivers, beyond the split score", odd, "drivers", 0.0, less_other=SPLIT_SCORE.title)
        for odd in ("ANY", "AND", "ODD", "BANDS")
    ),
    *(
        Target(f"{mechanism}, one driver left out, 100 reviewed", mechanism, "one driver left out, 100 reviewed", 0.88)
        for mechanism in ("SAR", "RULE")
    ),
    *(
        Target(
            f"{mechanism}, what careless verdicts do, {n} reviewed",
            mechanism,
            f"drivers, {n} reviewed carelessly",
            -0.01,
            less=f"drivers, {n} reviewed",
        )
        for mechanism in ("SCAR", "SAR", "RULE")
        for n in (50, 100, 300)
    ),
    *(
        Target(f"SCAR, what a review of {n} does", "SCAR", f"drivers, {n} reviewed", wanted, less="drivers")
        for n, wanted in ((50, -0.01), (100, -0.002), (300, -0.002))
    ),
    *(
        target
        for n in (100, 300)
        for target in (
            CountTarget(f"90 % intervals that hold the count, {n} reviewed", n, "covered", 0.90),
            CountTarget("the same, under the mechanism where fewest do", n, "covered", 0.87, over=min),
        )
    ),
    CountTarget("half-width of the interval, 100 reviewed", 100, "half_width_to_truth", 0.40, at_most=True),
    CountTarget("half-width of the interval, 300 reviewed", 300, "half_width_to_truth", 0.22, at_most=True),
    *(
        GapTarget(
            f"{mechanism}, gap from the plain stack closed, 100 reviewed", mechanism, "drivers, 100 reviewed", 0.6
        )
        for mechanism in ("SAR", "RULE")
    ),
)


def targets(results: Results) -> list[str]:
    """A row for each target, a column for each table; a target is of one table, and of any of its sizes."""
    tables = tables_of(results)
    titles = ["aimed at", "wanted", *(f"{data}, {rows:,} rows" for data, rows in tables)]
    lines = [TARGET_NOTE, "", *head(titles)]
    for target in TARGETS:
        cells = [_cell(target, results, data, rows) for data, rows in tables]
        lines.append(row([target.goal, str(target), *cells]))
    return [*lines, ""]


def _cell(target: AnyTarget, results: Results, data: str, rows: int) -> str:
    reached = target.reached(results, data, rows) if data == target.data else None
    if reached is None:
        return EMPTY
    figure, text = reached
    return f"**{text}**" if (figure <= target.wanted if target.at_most else figure >= target.wanted) else text


def _half_hidden(results: Results, data: str, rows: int, mechanism: str) -> Measured:
    return Measured.of(results, data=data, rows=rows, mechanism=mechanism, share=HALF)


def _by_seed(runs: Iterable[Run], method: str, name: str) -> dict[int, float]:
    return {run.settings.seed: run.measured["ratio"][name] for run in runs if run.settings.method == method}
