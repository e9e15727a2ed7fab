"""How long the finder takes on a made table of 55,000 rows and 40 columns: fit in both modes, and new verdicts.

python -m benchmarks.finder.timing [--repeats 5] [--rows 55000]

Writes timing.json and timing.md beside this file: medians, beside the load of the machine while they were taken.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from benchmarks.finder.results import versions

from affluence.pu.finder import AffluentFinder
from affluence.pu.learners.protocol import Tags

HERE = Path(__file__).parent
ROWS = 55_000
NUMBERS, CATEGORIES, LEVELS = 30, 10, 8
TAGGED_SHARE, MISSING_SHARE = 0.15, 0.2
# Every third column has missing values; the first ten numbers make affluent, the first four the tagging looks at.
MISSING_EVERY, TELLING, DRIVERS = 3, 10, 4
REVIEWED = 100
STEPS = {
    "accurate": "fit, accurate",
    "fast": "fit, fast",
    "update": f"update of the accurate one with {REVIEWED} reviewed",
}


def made_table(rows: int = ROWS, *, seed: int = 0) -> tuple[pl.DataFrame, Tags, Tags]:
    """Columns, truth and tags of a made table: as many are affluent as tagged and hidden, half of them each."""
    random = np.random.default_rng(seed)
    numbers = random.lognormal(size=(rows, NUMBERS)) * np.exp(random.normal(size=(rows, 1)))
    codes = random.integers(0, LEVELS, size=(rows, CATEGORIES))
    wealth = np.log(numbers[:, :TELLING]).sum(axis=1) + codes[:, 0] + random.normal(scale=3, size=rows)
    truth = (wealth > np.quantile(wealth, 1 - 2 * TAGGED_SHARE)).astype(np.int8)
    seen = np.log(numbers[:, :DRIVERS]).sum(axis=1) + random.normal(scale=2, size=rows)
    tags = truth * (seen > np.median(seen[truth == 1])).astype(np.int8)
    numbers[:, ::MISSING_EVERY][random.random((rows, len(range(0, NUMBERS, MISSING_EVERY)))) < MISSING_SHARE] = np.nan
    columns = {f"number_{place}": numbers[:, place] for place in range(NUMBERS)}
    texts = {f"category_{place}": codes[:, place].astype(str) for place in range(CATEGORIES)}
    return pl.DataFrame(columns | texts), truth, tags


def measure(*, rows: int, repeats: int) -> dict[str, Any]:
    """Seconds and load of every step, `repeats` times, with their medians."""
    columns, truth, tags = made_table(rows)
    drivers = columns.columns[:DRIVERS]
    taken: dict[str, list[dict[str, float]]] = {step: [] for step in STEPS}
    for repeat in range(repeats):
        for mode in ("fast", "accurate"):
            finder = AffluentFinder(mode=mode, tag_drivers=drivers, random_state=repeat)
            taken[mode].append(_timed(partial(finder.fit, columns, tags)))
        fitted = deepcopy(finder)
        sheet = fitted.suggest_review(REVIEWED)
        answered = sheet.with_columns(verdict=pl.Series(truth[sheet["row"].to_numpy()]))
        taken["update"].append(_timed(partial(fitted.update, answered)))
        print(f"{repeat + 1} of {repeats}: " + _line({step: runs[-1] for step, runs in taken.items()}), flush=True)
    medians = {
        step: {name: median(run[name] for run in runs) for name in ("seconds", "load")} for step, runs in taken.items()
    }
    return {"rows": rows, "columns": columns.width, "processors": os.cpu_count(), "medians": medians, "runs": taken}


def _timed(work: Callable[[], object]) -> dict[str, float]:
    """The seconds that `work` took, and the mean of the machine's load before and after."""
    before, started = os.getloadavg()[0], time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 2), "load": round((before + os.getloadavg()[0]) / 2, 2)}


def _line(steps: dict[str, dict[str, float]]) -> str:
    return "; ".join(f"{STEPS[step]} {run['seconds']:.1f} s (load {run['load']:.1f})" for step, run in steps.items())


def _page(measured: dict[str, Any]) -> str:
    rows, columns, repeats = measured["rows"], measured["columns"], len(measured["runs"]["fast"])
    table = (
        f"A made table of {rows:,} rows and {columns} columns, {NUMBERS} of them numbers, {TAGGED_SHARE:.0%} tagged, "
        f"{DRIVERS} tag drivers; {measured['processors']} processors; median of {repeats}."
    )
    lines = [
        "# Seconds of the finder",
        "",
        table,
        "",
        "| step | seconds | load of the machine |",
        "|---|---|---|",
    ]
    medians = measured["medians"]
    lines += [f"| {STEPS[step]} | {run['seconds']:.1f} | {run['load']:.1f} |" for step, run in medians.items()]
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finder.timing", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder of timing.json and timing.md")
    chosen = parser.parse_args(arguments)
    measured = measure(rows=chosen.rows, repeats=chosen.repeats) | {"versions": versions()}
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "timing.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "timing.md").write_text(_page(measured), encoding="utf-8")
    print(_page(measured))


if __name__ == "__main__":
    main()
