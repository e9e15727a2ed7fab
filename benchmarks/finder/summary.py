"""The results in short: what ours reaches beside the best of the others."""

from collections.abc import Mapping, Sequence

from benchmarks.finder.markdown import EMPTY, head, row
from benchmarks.finder.measured import Figure, Measured, cases_of, tables_of
from benchmarks.finder.metrics import TITLES
from benchmarks.finder.results import Results

SHOWN = ("recall_at_k", "average_precision")
# How each row of ours is titled, but for its mode.
TOLD = {"nothing declared": "nothing declared", "drivers": "drivers", "100 reviewed": "drivers, 100 reviewed"}
SUMMARY_NOTE = (
    "Each figure is a share of the oracle's: the mean over seeds ± its standard error. *Best of the others* is the "
    "best mean among the methods that are not ours and were run under every seed, picked with the truth at hand, as "
    "nobody could; ours is not picked."
)


def summary(results: Results) -> list[str]:
    """A table a data set and figure: a row for each mechanism and hidden share."""
    lines = [SUMMARY_NOTE, ""]
    for data, rows in tables_of(results):
        cases = cases_of(results, data, rows)
        for name in SHOWN if cases else ():
            lines += [f"### {data.capitalize()}, {rows:,} rows: {TITLES[name]}", "", *_summary_table(cases, name), ""]
    return lines


def _summary_table(cases: Mapping[tuple[str, float | None], Measured], name: str) -> list[str]:
    titles = ["tags", "hidden", "best of the others", *(f"finder, {title}" for title in TOLD), "mode, seeds"]
    rows = [_summary_row(measured, mechanism, share, name) for (mechanism, share), measured in cases.items()]
    return [*head(titles), *map(row, rows)]


def _summary_row(measured: Measured, mechanism: str, share: float | None, name: str) -> list[str]:
    best = measured.best_other(name)
    ours = [measured.ours(told, name) for told in TOLD.values()]
    return [
        mechanism,
        EMPTY if share is None else f"{share:.0%}",
        EMPTY if best is None else f"{best} ({best.method})",
        *(EMPTY if figure is None else str(figure) for figure in ours),
        _mode_and_seeds([figure for figure in ours if figure is not None]),
    ]


def _mode_and_seeds(ours: Sequence[Figure]) -> str:
    """The modes of these figures, and under how many seeds they were run: from the fewest to the most."""
    if not ours:
        return EMPTY
    modes = " or ".join(dict.fromkeys(figure.mode for figure in ours))
    seeds = sorted({figure.seeds for figure in ours})
    return f"{modes}, {seeds[0]}" + (f" to {seeds[-1]}" if len(seeds) > 1 else "")
