"""Measures how many of the hidden affluent the finder and others find, as a share of what could be found.

python -m benchmarks.finder [--short] [--data adult bank] [--mechanisms SCAR SAR ...] [--seeds 0 1 2 3 4]

Writes results.json and results.md beside this file. Runs that results.json already holds are not run again.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

from benchmarks.finder.data import LOADERS, Table, load
from benchmarks.finder.harness import Case, require_blind, run
from benchmarks.finder.mechanisms import MECHANISMS, UNASKED
from benchmarks.finder.methods import Method, methods
from benchmarks.finder.oracle import Floats, affluent_probability
from benchmarks.finder.report import page
from benchmarks.finder.results import Results, Settings

from affluence.pu.learners.effort import Mode

HERE = Path(__file__).parent
GUARD_ROWS = 1_500


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    data: Sequence[str]
    mechanisms: Sequence[str]
    seeds: Sequence[int]
    hidden_shares: Sequence[float]
    reviews: Sequence[int]
    modes: Sequence[Mode]
    rows: int | None = None
    careless: bool = False
    left_out: bool = False

    @property
    def methods(self) -> list[Method]:
        """The methods, new ones at each call."""
        return methods(modes=self.modes, reviews=self.reviews, careless=self.careless, left_out=self.left_out)

    def tables(self) -> Iterator[tuple[str, int]]:
        """Data set and seed of every table."""
        return product(self.data, self.seeds)

    def hidings(self, table: Table) -> Iterator[tuple[str, float | None]]:
        """Mechanism and hidden share of every case that the table allows; no share where none is asked for."""
        for mechanism in self.mechanisms:
            if mechanism in UNASKED:
                if mechanism != "OWN" or table.own_tags is not None:
                    yield mechanism, None
            else:
                yield from ((mechanism, share) for share in self.hidden_shares)


FULL = Plan(
    data=tuple(LOADERS),
    mechanisms=tuple(MECHANISMS),
    seeds=(0, 1, 2, 3, 4),
    hidden_shares=(0.5,),
    reviews=(50, 100, 300),
    modes=get_args(Mode),
)
SHORT = Plan(
    data=("adult",),
    mechanisms=("SCAR", "SAR"),
    seeds=(0, 1),
    hidden_shares=(0.5,),
    reviews=(50, 100, 300),
    modes=("fast",),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Guard, run what is missing, write the page and print it."""
    chosen = _parser().parse_args(arguments)
    plan = _plan(chosen)
    results = Results.read(chosen.out / "results.json")
    if results.outdated and not chosen.again:
        print(f"{results.outdated} runs are of other code and are kept; --again measures them anew.", flush=True)
    measure_all(plan, results, again=chosen.again)
    written = page(results, order=[method.title for method in plan.methods])
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "results.md").write_text(written, encoding="utf-8")
    print(written)


def measure_all(plan: Plan, results: Results, *, again: bool = False) -> None:
    """Run everything of the plan that the results do not hold, or all of it `again`."""
    guarded = cache(lambda: guard(plan))
    for name, seed in plan.tables():
        table = load(name, seed=seed, rows=plan.rows)
        oracle = cache(lambda table=table, seed=seed: affluent_probability(table, seed=seed))
        for mechanism, share in plan.hidings(table):
            asked = [
                (method, Settings(name, len(table), mechanism, share, seed, method.title)) for method in plan.methods
            ]
            missing = [(method, settings) for method, settings in asked if again or settings not in results]
            if missing:
                guarded()
                case = _case(table, mechanism, share, seed=seed, affluent=oracle())
                _measure(missing, case, results, reviews=tuple(plan.reviews))


def guard(plan: Plan) -> None:
    """Refuse to begin with a method that sees the truth: each is run twice on a small table."""
    name, seed = plan.data[0], plan.seeds[0]
    table = load(name, seed=seed, rows=GUARD_ROWS)
    tags = MECHANISMS["SAR"](table, hidden_share=plan.hidden_shares[0], seed=seed).tags
    require_blind(plan.methods, table, tags, seed=seed)
    print(f"Guard: {len(plan.methods)} methods answer the same when the truth is noise.", flush=True)


def _case(table: Table, mechanism: str, share: float | None, *, seed: int, affluent: Floats) -> Case:
    # COIN tags as many as would be tagged if half were hidden.
    hiding = MECHANISMS[mechanism](table, hidden_share=0.5 if share is None else share, seed=seed)
    return Case(table, hiding, affluent, seed, leak_alone=mechanism == "COIN")


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
    return Plan(
        data=chosen.data or usual.data,
        mechanisms=chosen.mechanisms or usual.mechanisms,
        seeds=chosen.seeds or usual.seeds,
        hidden_shares=chosen.hidden or usual.hidden_shares,
        reviews=usual.reviews if chosen.reviews is None else chosen.reviews,
        modes=chosen.modes or usual.modes,
        rows=chosen.rows,
        careless=chosen.careless,
        left_out=chosen.left_out,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finder", description=__doc__)
    parser.add_argument("--short", action="store_true", help="Adult, seeds 0 and 1, fast, SCAR and SAR: two minutes")
    parser.add_argument("--data", nargs="+", choices=tuple(LOADERS))
    parser.add_argument("--mechanisms", nargs="+", choices=tuple(MECHANISMS))
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--hidden", nargs="+", type=float, help="shares of the affluent to hide (0.5)")
    parser.add_argument("--reviews", nargs="*", type=int, help="numbers of customers checked by hand (50 100 300)")
    parser.add_argument("--modes", nargs="+", choices=get_args(Mode))
    parser.add_argument("--rows", type=int, help="another size of table, for a trial")
    parser.add_argument("--careless", action="store_true", help="add reviewers who err")
    parser.add_argument("--left-out", action="store_true", help="add a bank that forgets its first tag driver")
    parser.add_argument("--again", action="store_true", help="run again what the results hold")
    parser.add_argument("--out", type=Path, default=HERE, help="the folder of results.json and results.md")
    return parser


if __name__ == "__main__":
    main()
