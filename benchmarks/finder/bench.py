"""Runs what a plan asks for and the results do not hold."""

from functools import lru_cache
from typing import Any

from benchmarks.finder.data import Table, load
from benchmarks.finder.harness import Case, require_blind, run
from benchmarks.finder.mechanisms import MECHANISMS
from benchmarks.finder.memory import peak_memory
from benchmarks.finder.oracle import Floats, affluent_probability
from benchmarks.finder.plan import Cell, Plan
from benchmarks.finder.results import Results, Settings, Taken
from benchmarks.finder.ways import Method

GUARD_ROWS = 1_500
# COIN tags as many as would be tagged if half were hidden.
SHARE_OF_COINS = 0.5


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
