"""Measures how many of the hidden affluent the finder and others find, as a share of what could be found.

python -m benchmarks.finder [--short] [--data adult bank] [--mechanisms SCAR SAR ...] [--seeds 0 1 2 3 4]

The whole protocol takes many hours and may be stopped: results.json beside this file is written after every run, and a
run that it holds is not run again. Half hidden comes first, and of it every mechanism under seed 0, so that there is
something to see early. results.md is written from it at the end, or by `--page` alone. `--short` takes two minutes and
keeps its own results in the folder short.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

from benchmarks.finder.data import LOADERS, Table, load
from benchmarks.finder.harness import Case, require_blind, run
from benchmarks.finder.mechanisms import MECHANISMS, UNASKED
from benchmarks.finder.memory import peak_memory
from benchmarks.finder.methods import methods
from benchmarks.finder.oracle import Floats, affluent_probability
from benchmarks.finder.picture import PICTURE, draw
from benchmarks.finder.report import page
from benchmarks.finder.results import Results, Settings, Taken
from benchmarks.finder.ways import Method

from affluence.pu.learners.effort import Mode

HERE = Path(__file__).parent
GUARD_ROWS = 1_500
# COIN tags as many as would be tagged if half were hidden.
SHARE_OF_COINS = 0.5


@dataclass(frozen=True)
class Cell:
    """What one case is made of; `share` is None for a mechanism that is not asked how many to hide."""

    data: str
    mechanism: str
    share: float | None
    seed: int


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    `only` are beginnings of titles, to which the methods are narrowed; `rows` says which tables have another size than
    the benchmark's.
    """

    data: Sequence[str]
    mechanisms: Sequence[str]
    seeds: Sequence[int]
    hidden_shares: Sequence[float]
    reviews: Sequence[int]
    modes: Sequence[Mode]
    only: Sequence[str] = ("",)
    rows: Mapping[str, int] = field(default_factory=dict)
    careless: bool = False
    left_out: bool = False
    memory: bool = False

    @property
    def methods(self) -> list[Method]:
        """The methods, new ones at each call."""
        offered = methods(modes=self.modes, reviews=self.reviews, careless=self.careless, left_out=self.left_out)
        return [method for method in offered if method.title.startswith(tuple(self.only))]

    def cells(self) -> Iterator[Cell]:
        """Every case in the order in which they are run; own tags are asked of every table, with or without."""
        for share, seed, data, mechanism in product(self.hidden_shares, self.seeds, self.data, self.mechanisms):
            if mechanism not in UNASKED:
                yield Cell(data, mechanism, share, seed)
            elif share == self.hidden_shares[0]:
                yield Cell(data, mechanism, None, seed)


FULL = Plan(
    data=tuple(LOADERS),
    mechanisms=tuple(MECHANISMS),
    seeds=(0, 1, 2, 3, 4),
    hidden_shares=(0.5, 0.3, 0.7),
    reviews=(50, 100, 300),
    modes=get_args(Mode),
    memory=True,
)
SHORT = Plan(
    data=tuple(LOADERS),
    mechanisms=("SCAR", "SAR", "COIN"),
    seeds=(0, 1),
    hidden_shares=(0.5,),
    reviews=(100,),
    modes=("fast",),
    only=("XGBoost", "Finder"),
    rows={"bank": 12_000},
)


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


def measure_all(plan: Plan, results: Results, *, again: bool = False) -> None:
    """Run everything of the plan that the results do not hold; `again`: or hold from other code than this."""
    bench = Bench(plan)
    if plan.memory:
        _measure_memory(bench, results)
    for cell in plan.cells():
        table = bench.table(cell.data, cell.seed)
        if cell.mechanism == "OWN" and table.own_tags is None:
            continue
        asked = [(method, _settings(cell, table, method)) for method in bench.methods]
        missing = [(method, settings) for method, settings in asked if not results.holds(settings, of_this_code=again)]
        if missing:
            bench.guard()
            _measure(missing, bench.case(cell), results, reviews=tuple(plan.reviews))


class Bench:
    """The tables of a plan, what the oracle knows of them, and the methods; the last ones of each are remembered."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.methods = plan, plan.methods
        self.table = lru_cache(maxsize=len(plan.data))(self._table)
        self._oracle = lru_cache(maxsize=len(plan.data))(self._affluent_probability)
        self.guard = lru_cache(maxsize=1)(self._guard)

    def case(self, cell: Cell) -> Case:
        """The table of the cell with its tags, and the oracle."""
        table, hidden = self.table(cell.data, cell.seed), SHARE_OF_COINS if cell.share is None else cell.share
        hiding = MECHANISMS[cell.mechanism](table, hidden_share=hidden, seed=cell.seed)
        leak_alone = cell.mechanism == "COIN"
        return Case(table, hiding, self._oracle(cell.data, cell.seed), cell.seed, leak_alone=leak_alone)

    def _table(self, data: str, seed: int) -> Table:
        return load(data, seed=seed, rows=self.plan.rows.get(data))

    def _affluent_probability(self, data: str, seed: int) -> Floats:
        return affluent_probability(self.table(data, seed), seed=seed)

    def _guard(self) -> None:
        """Refuse to begin with a method that sees the truth: each is run twice on a small table."""
        seed = self.plan.seeds[0]
        table = load(self.plan.data[0], seed=seed, rows=GUARD_ROWS)
        tags = MECHANISMS["SAR"](table, hidden_share=0.5, seed=seed).tags
        require_blind(self.methods, table, tags, seed=seed)
        print(f"Guard: {len(self.methods)} methods answer the same when the truth is noise.", flush=True)


def _settings(cell: Cell, table: Table, method: Method) -> Settings:
    return Settings(cell.data, len(table), cell.mechanism, cell.share, cell.seed, method.title)


def _measure_memory(bench: Bench, results: Results) -> None:
    """Each method once on each table, half of the affluent hidden at random."""
    seed = bench.plan.seeds[0]
    for data in bench.plan.data:
        table = bench.table(data, seed)
        tags = MECHANISMS["SCAR"](table, hidden_share=0.5, seed=seed).tags
        for method in bench.methods:
            taken = Taken(data, len(table), method.title)
            megabytes = None if taken in results.memory else peak_memory(method, table, tags, seed=seed)
            if megabytes is not None:
                results.add_memory(taken, megabytes)
                print(f"{data}: {method.title}: {megabytes['peak_mb']:,} MB at its peak", flush=True)


def _measure(missing: list[tuple[Method, Settings]], case: Case, results: Results, *, reviews: tuple[int, ...]) -> None:
    for method, settings in missing:
        measured = run(method, case, count_reviews=reviews)
        results.add(settings, measured)
        print(_progress(settings, measured), flush=True)


def _progress(settings: Settings, measured: dict[str, Any]) -> str:
    share = "" if settings.hidden_share is None else f" {settings.hidden_share:.0%}"
    if "ratio" in measured:
        found = f"recall at k {measured['ratio']['recall_at_k']:.3f} of the oracle's"
    else:
        found = f"AUC of the tags {measured['tag_auc']:.3f}"
    case = f"{settings.data} seed {settings.seed} {settings.mechanism}{share}"
    return f"{case}: {settings.method}: {found}, {sum(measured['seconds'].values()):.1f} s"


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
