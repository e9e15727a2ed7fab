"""Measures how many of the hidden affluent the finder and others find, as a share of what could be found.

python -m benchmarks.finder [--short] [--data adult bank] [--mechanisms SCAR SAR ...] [--seeds 0 1 2 3 4]

The whole protocol takes many hours and may be stopped: results.json beside this file is written after every run, and a
run that it holds is not run again. Half hidden comes first, and of it every mechanism under seed 0, so that there is
something to see early. results.md is written from it at the end, or by `--page` alone. `--short` takes two minutes and
keeps its own results in the folder short.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from benchmarks.finder.bench import measure_all
from benchmarks.finder.data import LOADERS
from benchmarks.finder.mechanisms import MECHANISMS
from benchmarks.finder.picture import PICTURE, draw
from benchmarks.finder.plan import FULL, SHORT, Plan
from benchmarks.finder.report import page
from benchmarks.finder.results import Results

from affluence.pu.learners.effort import Mode

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Guard, run what is missing, write the page and print it."""
    chosen = _parser().parse_args(arguments)
    plan = _plan(chosen)
    out: Path = chosen.out or (HERE / "short" if chosen.short else HERE)
    results = Results.read(out / "results.json")
    for other in chosen.take:
        results.take(Results.read(other))
    if results.outdated and not (chosen.again or chosen.page):
        print(f"{results.outdated} runs are of other code and are kept; --again measures them anew.", flush=True)
    if not chosen.page:
        measure_all(plan, results, again=chosen.again)
    written = page(results, order=[method.title for method in plan.methods])
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.md").write_text(written, encoding="utf-8")
    if out == HERE:
        # The page and the picture that the documentation shows are always of the same runs.
        PICTURE.write_text(draw(results), encoding="utf-8")
    print(written)


def _plan(chosen: argparse.Namespace) -> Plan:
    usual = SHORT if chosen.short else FULL
    data = chosen.data or usual.data
    return Plan(
        data=data,
        mechanisms=chosen.mechanisms or usual.mechanisms,
        seeds=chosen.seeds or usual.seeds,
        hidden_shares=chosen.hidden or usual.hidden_shares,
        reviews=usual.reviews if chosen.reviews is None else chosen.reviews,
        modes=chosen.modes or usual.modes,
        only=chosen.only or usual.only,
        rows=usual.rows if chosen.rows is None else dict.fromkeys(data, chosen.rows),
        careless=chosen.careless,
        left_out=chosen.left_out,
        memory=usual.memory,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finder", description=__doc__)
    parser.add_argument("--short", action="store_true", help="SCAR, SAR and coin flips, two seeds, fast: two minutes")
    parser.add_argument("--data", nargs="+", choices=tuple(LOADERS))
    parser.add_argument("--mechanisms", nargs="+", choices=tuple(MECHANISMS))
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--hidden", nargs="+", type=float, help="shares of the affluent to hide (0.5 0.3 0.7)")
    parser.add_argument("--reviews", nargs="*", type=int, help="numbers of customers checked by hand (50 100 300)")
    parser.add_argument("--modes", nargs="+", choices=get_args(Mode))
    parser.add_argument("--only", nargs="+", help="beginnings of the titles of the methods that are run")
    parser.add_argument("--rows", type=int, help="another size of table, for a trial")
    parser.add_argument("--careless", action="store_true", help="add reviewers who err")
    parser.add_argument("--left-out", action="store_true", help="add a bank that forgets its first tag driver")
    parser.add_argument("--again", action="store_true", help="run again what the results hold from other code")
    parser.add_argument("--page", action="store_true", help="run nothing; write the page from the results")
    parser.add_argument("--take", nargs="+", type=Path, default=[], help="other results.json, to be joined to these")
    parser.add_argument("--out", type=Path, help="the folder of results.json and results.md")
    return parser


if __name__ == "__main__":
    main()
