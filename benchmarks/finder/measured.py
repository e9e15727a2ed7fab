"""Figures looked up in the results: of a method, of ours, of the best of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.finder.mechanisms import MECHANISMS
from benchmarks.finder.metrics import mean_and_error
from benchmarks.finder.results import Results, Run

OURS = ("Finder", "Stack")
SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Figure:
    """The mean of a method's figure over seeds, with its standard error, None from one seed."""

    method: str
    mean: float
    error: float | None
    seeds: int

    @property
    def mode(self) -> str:
        """The word in brackets of a method of ours."""
        return self.method.partition("(")[2].partition(")")[0]

    def __str__(self) -> str:
        return cell_text(self.mean, self.error)


@dataclass(frozen=True)
class Measured:
    """The ranking figures of one table under one mechanism and hidden share, for looking up."""

    runs: Sequence[Run]

    @classmethod
    def of(cls, results: Results, *, data: str, rows: int, mechanism: str, share: float | None) -> "Measured":
        """Those of the results that are of it."""
        wanted = (data, rows, mechanism, share)
        return cls([run for run in results.runs.values() if _case(run) == wanted and "ratio" in run.measured])

    def figure(self, method: str, name: str) -> Figure | None:
        """The figure of that name of a method, None where it was not run."""
        values = [run.measured["ratio"][name] for run in self.runs if run.settings.method == method]
        return Figure(method, *mean_and_error(values), len(values)) if values else None

    def others(self, name: str) -> list[Figure]:
        """The figure of every method that is not ours and was run under every seed; the seeds differ too much."""
        titles = dict.fromkeys(run.settings.method for run in self.runs)
        found = (self.figure(title, name) for title in titles if not title.startswith(OURS))
        return [figure for figure in found if figure is not None and figure.seeds == self.seeds]

    @property
    def seeds(self) -> int:
        """Under how many seeds anything was run."""
        return len({run.settings.seed for run in self.runs})

    def best_other(self, name: str) -> Figure | None:
        """The best mean among them."""
        return max(self.others(name), key=lambda figure: figure.mean, default=None)

    def ours(self, told: str, name: str) -> Figure | None:
        """The finder's, told so much: in the mode that was run under more seeds, in accurate mode when both were."""
        found = [self.figure(f"Finder ({mode}), {told}", name) for mode in ("accurate", "fast")]
        return max((figure for figure in found if figure is not None), key=lambda figure: figure.seeds, default=None)


def cases_of(results: Results, data: str, rows: int) -> Mapping[tuple[str, float | None], Measured]:
    """By mechanism in their order, then hidden share; those without a ranking are left out."""
    asked = {(run.settings.mechanism, run.settings.hidden_share) for run in results.runs.values()}
    order = list(MECHANISMS)
    found = {
        (mechanism, share): Measured.of(results, data=data, rows=rows, mechanism=mechanism, share=share)
        for mechanism, share in sorted(asked, key=lambda case: (order.index(case[0]), case[1] or 0))
    }
    return {case: measured for case, measured in found.items() if measured.runs}


def comparable(results: Results) -> Results:
    """The results without seeds under which ours was not run though it was under others: a run may be under way."""
    seeds: dict[tuple[str, int, str, float | None], set[int]] = {}
    for run in results.runs.values():
        if run.settings.method.startswith("Finder") and run.settings.method.endswith(", drivers"):
            seeds.setdefault(_case(run), set()).add(run.settings.seed)
    kept = {
        settings: run
        for settings, run in results.runs.items()
        if settings.seed in seeds.get(_case(run), {settings.seed})
    }
    return replace(results, runs=kept)


def cell_text(mean: float, error: float | None) -> str:
    """A mean with its error, as the tables write it: on one line."""
    return f"{mean:.3f}" if error is None else f"{mean:.3f}{SPACE}±{SPACE}{error:.3f}"


def tables_of(results: Results) -> list[tuple[str, int]]:
    """Name and size of every table that was run, by name."""
    return sorted({(run.settings.data, run.settings.rows) for run in results.runs.values()})


def _case(run: Run) -> tuple[str, int, str, float | None]:
    settings = run.settings
    return settings.data, settings.rows, settings.mechanism, settings.hidden_share
