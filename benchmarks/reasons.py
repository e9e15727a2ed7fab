"""What deciding costs on made banks, reasons above all, and how good the reasons are: seconds, agreement, pass rate.

python benchmarks/reasons.py [--customers 66083] [--trained-on 66083] [--listed 551 2758 5516 10000] [--mode fast]

A finder is trained on a made bank of `trained-on` rows and scores one of `customers` rows: the same where the numbers
are equal, else another, whose customers no fold model saw. Prints one line of JSON a list, as kept in reasons.jsonl.
`seconds` and `processor_seconds` are those of the reasons, `everything_seconds` those of all from the table that was
read to the written list: scoring, ranking, the cut, how sure ranks are, reasons, types, segments, offers, files. The
`parts` are seconds, too. `seconds` are as waited on a machine of that `load`, `processor_seconds` those that the work
took on all processors, the better figure where others use the machine.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl

from affluence import deciding, steps
from affluence.data.contract import Contract, load_contract
from affluence.data.offer_table import find_offers, load_offers
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.data.writing import write_csv, write_parquet
from affluence.decision.reasons import Explanation
from affluence.pu.fold_models import TrainedModel
from affluence.pu.learners.effort import Mode

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf" / "base"
# What `deciding.describe` calls, by the name under which its seconds are told.
DESCRIBED_BY = {
    "rank_certainty": "certainty",
    "explain": "reasons",
    "hidden_types": "types",
    "segment_candidates": "segments",
    "make_offers": "offers",
}


@dataclass(frozen=True)
class Clock:
    """Seconds as waited, and as the processors worked, by part."""

    waited: dict[str, float] = field(default_factory=dict)
    worked: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Times what is done inside, as the part of that name."""
        begun, cpu = time.perf_counter(), time.process_time()
        yield
        self.waited[name] = self.waited.get(name, 0.0) + time.perf_counter() - begun
        self.worked[name] = self.worked.get(name, 0.0) + time.process_time() - cpu

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, its seconds told as the part of that name."""

        def watched(*arguments: Any, **options: Any) -> Any:
            with self.part(name):
                return work(*arguments, **options)

        return watched


def main() -> None:
    """Print one line a list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=steps.PUBLISHED_CUSTOMERS)
    parser.add_argument("--trained-on", type=int, default=steps.PUBLISHED_CUSTOMERS)
    parser.add_argument("--listed", type=int, nargs="+", default=[551, 2_758, 5_516, 10_000])
    parser.add_argument("--mode", choices=("fast", "accurate"), default="fast")
    parser.add_argument("--folder", type=Path, required=True, help="where the made tables and the lists are written")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    contract = load_contract(CONF / "contract_reference_bank.yml")
    learned = _bank(contract, chosen.folder, customers=chosen.trained_on, seed=0)
    model = _model(learned, contract, mode=chosen.mode)
    same = chosen.customers == chosen.trained_on
    customers = learned if same else _bank(contract, chosen.folder, customers=chosen.customers, seed=1)
    for listed in chosen.listed:
        clock = Clock()
        explained = decide(model, customers, contacts=listed, clock=clock, out=chosen.folder / "decided")
        line = {
            "customers": customers.height,
            "trained_on": learned.height,
            "mode": chosen.mode,
            "listed": listed,
            "seconds": round(clock.waited["reasons"], 1),
            "processor_seconds": round(clock.worked["reasons"], 1),
            "everything_seconds": round(sum(clock.waited.values()), 1),
            "everything_processor_seconds": round(sum(clock.worked.values()), 1),
            "load": round(os.getloadavg()[0], 1),
            "parts": {name: round(seconds, 1) for name, seconds in clock.waited.items()},
            **_how_good(explained),
        }
        print(json.dumps(line), flush=True)


def decide(model: TrainedModel, customers: pl.DataFrame, *, contacts: int, clock: Clock, out: Path) -> Explanation:
    """The reasons of the list of so many contacts, with all that the pipeline does for that list, timed by `clock`.

    The files are those that the pipeline keeps of it, in the folder `out`.
    """
    offers = load_offers(find_offers(model.contract.table, folders=[CONF]))
    with clock.part("score"):
        scores = steps.score(model, customers)
    with clock.part("rank"):
        candidates = steps.candidates(model, scores)
    with clock.part("cut"):
        population = steps.population(model, customers, scores, candidates)
        gains = deciding.prepare_cuts(model, population)
        made_cut = deciding.cut(gains, model.contract, {"contacts": contacts}, {})
        listed = deciding.list_candidates(population, made_cut)
    watched = {name: clock.timed(part, getattr(deciding, name)) for name, part in DESCRIBED_BY.items()}
    with patch.dict(vars(deciding), watched):
        described = deciding.describe(model, population, gains, listed, offers, seed=0)
    with clock.part("write"):
        write_csv(deciding.write_list(listed, described), out / "list.csv")
        write_csv(candidates, out / "candidates.csv")
        write_parquet(candidates, out / "candidates.parquet")
        write_parquet(scores, out / "scores.parquet")
    return described.explanation


def _how_good(explained: Explanation) -> dict[str, float]:
    told = explained.wide.select(pl.col("^reason_.*$").is_not_null()).sum_horizontal().to_numpy()
    return {
        "agreement": round(explained.agreement, 4),
        "additivity_error": float(f"{explained.additivity_error:.2g}"),
        "pass_rate": round(explained.pass_rate or 0.0, 4),
        "three_reasons": round(float((told == 3).mean()), 4),
        "no_reason": round(float((told == 0).mean()), 4),
    }


def _bank(contract: Contract, folder: Path, *, customers: int, seed: int) -> pl.DataFrame:
    path = folder / f"bank_{customers}_{seed}.parquet"
    simulate(customers=customers, seed=seed).table.write_parquet(path)
    return steps.intake(read_table(path, contract=contract))[0]


def _model(customers: pl.DataFrame, contract: Contract, *, mode: Mode) -> TrainedModel:
    treated, held, examination = steps.examine(customers, contract)
    features = steps.build_features(treated, held)
    training = steps.train(treated, features, held, examination, learners=("finder",), folds=5, seed=0, mode=mode)
    evaluation = steps.evaluate(training, treated, steps.score_in_sample(training, features), capacity_share=0.1)
    return steps.choose(training, evaluation)[0]


if __name__ == "__main__":
    main()
