"""The page of results: in short, what was aimed at, then every figure, one row a method, one column a mechanism.

The documentation shows what stands between the marks.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from benchmarks.finder.markdown import EMPTY, head, row
from benchmarks.finder.measured import cell_text, comparable, tables_of
from benchmarks.finder.mechanisms import MECHANISMS
from benchmarks.finder.metrics import FIGURES, TITLES, mean_and_error
from benchmarks.finder.results import Results, Run, versions
from benchmarks.finder.summary import summary
from benchmarks.finder.targets import targets

MARKS = tuple(f"<!-- {part} {edge} here -->" for part in ("short", "targets") for edge in ("begins", "ends"))
NOTE = (
    "Every figure is a share of the oracle's on the same customers: the untagged, without those checked by hand. The "
    "oracle learned the truth of other customers and knows how the tags were given; of the bank's own tags (OWN) "
    "nobody knows that. Mean over seeds ± standard error of the paired ratio. The bank is SIMULATED."
)
MECHANISM_NOTE = (
    "SCAR: tags at random among the affluent. SAR, RULE: the likelier, the higher in the tag drivers; RULE nearly a "
    "step. ANY, AND: one driver stands out, two do at once. NOISY10, NOISY35: SAR with 10, 35 % of the tags wrong. "
    "ODD: in half of a category's values the middle of one driver is tagged, in the others its two ends. BANDS: "
    "every other band of two drivers' mean rank is tagged. OWN: the made "
    "bank's own tags, some of them wrong."
)
COUNT_NOTE = "Share of 90 % intervals that hold the truth; estimate / truth; half-width / truth (median)."
COIN_NOTE = "Tags that say nothing: a method that does not remember them has 0.5."
MEMORY_NOTE = (
    "The largest resident set of a process in which the method fits alone, once, with half of the affluent hidden at "
    "random, and what of it came after the libraries and the table were there (VmHWM and VmRSS, Linux)."
)


def page(results: Results, *, order: Sequence[str]) -> str:
    """The page in Markdown; `order` is that of the methods' rows, and others follow."""
    results = comparable(results)
    runs = list(results.runs.values())
    lines = ["# Hidden affluent found, as a share of what could be found", "", NOTE, "", MECHANISM_NOTE, ""]
    lines += ["## In short", "", MARKS[0], "", *summary(results), *_origin(runs), "", MARKS[1], ""]
    lines += ["## What was aimed at", "", MARKS[2], "", *targets(results), MARKS[3], ""]
    for data, rows in tables_of(results):
        of_data = [run for run in runs if (run.settings.data, run.settings.rows) == (data, rows)]
        lines += [f"## {data.capitalize()}, {rows:,} rows", ""]
        asked = {run.settings.hidden_share for run in of_data}
        shares: list[float | None] = [*sorted(share for share in asked if share is not None)]
        for share in shares or [None]:
            beside = (share, None) if share == _usual(shares) else (share,)
            ranked = [run for run in of_data if run.settings.hidden_share in beside and "ratio" in run.measured]
            lines += _ranking_tables(ranked, share, order)
            lines += _counting_table(ranked, share)
        lines += _coin_table([run for run in of_data if "tag_auc" in run.measured], order)
        lines += _seconds_table(of_data, order)
        lines += _memory_table(results, data, rows, order)
    return "\n".join(lines).rstrip("\n") + "\n"


def _usual(shares: Sequence[float | None]) -> float | None:
    """The share beside which own tags stand, of which nobody was asked how many to hide."""
    return 0.5 if 0.5 in shares else shares[0] if shares else None


def _ranking_tables(runs: list[Run], share: float | None, order: Sequence[str]) -> list[str]:
    lines = []
    columns = _mechanisms(runs)
    hidden = "own tags" if share is None else f"{share:.0%} hidden"
    for figure in FIGURES if runs else ():
        lines += [f"### {TITLES[figure].capitalize()}, {hidden}", "", *head(["method", *columns])]
        lines.append(row(["*oracle, absolute*", *(_oracle(runs, mechanism, figure) for mechanism in columns)]))
        run_under = [len({run.settings.seed for run in runs if run.settings.mechanism == name}) for name in columns]
        for method in _methods(runs, order):
            cells = [[run.measured["ratio"][figure] for run in _of(runs, method, name)] for name in columns]
            lines.append(row([method, *(_cell(values, seeds) for values, seeds in zip(cells, run_under, strict=True))]))
        lines.append("")
    return lines


def _oracle(runs: list[Run], mechanism: str, figure: str) -> str:
    """The oracle's own figure where nobody was reviewed, the mean over seeds."""
    by_seed = {
        run.settings.seed: run.measured["oracle"][figure]
        for run in runs
        if run.settings.mechanism == mechanism and not run.measured["reviewed"]
    }
    return f"{np.mean(list(by_seed.values())):.3f}" if by_seed else EMPTY


def _counting_table(runs: list[Run], share: float | None) -> list[str]:
    """Coverage and half-width of the count by review, over seeds and draws."""
    counted = [run for run in runs if "counting" in run.measured]
    if not counted:
        return []
    columns = _mechanisms(counted)
    hidden = "own tags" if share is None else f"{share:.0%} hidden"
    lines = [
        f"### Count of the hidden by review, {hidden}",
        "",
        f"{COUNT_NOTE} {_draws(counted)}",
        "",
        *head(["ranking, sample", *columns]),
    ]
    for method in dict.fromkeys(run.settings.method for run in counted):
        for sample in _samples(counted):
            cells = [_counting(_of(counted, method, mechanism), sample) for mechanism in columns]
            lines.append(row([f"{method}, {sample[1]} to {sample[0]}", *cells]))
    return [*lines, ""]


def _draws(runs: list[Run]) -> str:
    """From how many samples a cell is, at most."""
    drawn: dict[tuple[str, str], int] = {}
    for run in runs:
        cell = run.settings.method, run.settings.mechanism
        drawn[cell] = drawn.get(cell, 0) + int(run.measured["counting"][0]["draws"])
    return f"Up to {max(drawn.values())} samples a cell, drawn along the ranking of one fit a seed."


def _samples(runs: list[Run]) -> list[tuple[str, int]]:
    found = {(entry["purpose"], entry["reviewed"]) for run in runs for entry in run.measured["counting"]}
    return sorted(found)


def _counting(runs: list[Run], sample: tuple[str, int]) -> str:
    entries = [
        entry for run in runs for entry in run.measured["counting"] if (entry["purpose"], entry["reviewed"]) == sample
    ]
    if not entries:
        return EMPTY
    covered, estimate = (np.mean([entry[name] for entry in entries]) for name in ("covered", "estimate_to_truth"))
    width = np.median([entry["half_width_to_truth"] for entry in entries])
    return f"{covered:.0%}; {estimate:.2f}; {width:.0%}"


def _coin_table(runs: list[Run], order: Sequence[str]) -> list[str]:
    if not runs:
        return []
    lines = ["### Coin-flip tags, AUC of the scores against them", "", COIN_NOTE, "", *head(["method", "AUC"])]
    for method in _methods(runs, order):
        values = [run.measured["tag_auc"] for run in runs if run.settings.method == method]
        lines.append(row([method, _cell(values)]))
    return [*lines, ""]


def _seconds_table(runs: list[Run], order: Sequence[str]) -> list[str]:
    lines = ["### Seconds, median", "", *head(["method", "fit", "update", "load of the machine"])]
    for method in _methods(runs, order):
        own = [run.measured for run in runs if run.settings.method == method]
        updates = [measured["seconds"]["update"] for measured in own if "update" in measured["seconds"]]
        fit, load = (np.median(values) for values in zip(*((m["seconds"]["fit"], m["load"]) for m in own), strict=True))
        lines.append(row([method, f"{fit:.1f}", f"{np.median(updates):.1f}" if updates else EMPTY, f"{load:.1f}"]))
    return [*lines, ""]


def _memory_table(results: Results, data: str, rows: int, order: Sequence[str]) -> list[str]:
    kept = {of.method: figures for of, figures in results.memory.items() if (of.data, of.rows) == (data, rows)}
    if not kept:
        return []
    lines = ["### Peak memory, MB", "", MEMORY_NOTE, "", *head(["method", "added by the method", "whole process"])]
    for method in _in_order(kept, order):
        peak, began = kept[method]["peak_mb"], kept[method]["began_mb"]
        lines.append(row([method, f"{peak - began:,}", f"{peak:,}"]))
    return [*lines, ""]


def _origin(runs: list[Run]) -> list[str]:
    """What the figures were measured with."""
    codes = sorted({run.code for run in runs})
    seeds = sorted({run.settings.seed for run in runs})
    return [
        f"{len(runs)} runs, seeds {', '.join(str(seed) for seed in seeds)}; code {', '.join(codes)}; "
        + ", ".join(f"{name} {number}" for name, number in versions().items())
        + "."
    ]


def _methods(runs: list[Run], order: Sequence[str]) -> list[str]:
    return _in_order({run.settings.method for run in runs}, order)


def _in_order(present: Iterable[str], order: Sequence[str]) -> list[str]:
    present = set(present)
    return [method for method in order if method in present] + sorted(present.difference(order))


def _mechanisms(runs: list[Run]) -> list[str]:
    present = {run.settings.mechanism for run in runs}
    return [name for name in MECHANISMS if name in present]


def _of(runs: list[Run], method: str, mechanism: str) -> list[Run]:
    return [run for run in runs if (run.settings.method, run.settings.mechanism) == (method, mechanism)]


def _cell(values: list[float], seeds: int | None = None) -> str:
    """The mean and its error, and under how many seeds, where others were run under more."""
    if not values:
        return EMPTY
    text = cell_text(*mean_and_error(values))
    return text if seeds in (None, len(values)) else f"{text} ({len(values)} of {seeds} seeds)"
