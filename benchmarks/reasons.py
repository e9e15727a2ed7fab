"""What reasons cost and how good they are, on made banks: seconds, rank agreement, pass rate.

python benchmarks/reasons.py [--customers 66083] [--trained-on 66083] [--listed 551 2758 5516 10000] [--mode fast]

A finder is trained on a made bank of `trained-on` rows and scores one of `customers` rows: the same where the numbers
are equal, else another, whose customers no fold model saw. Prints one line of JSON a list, as kept in reasons.jsonl.
`seconds` are as waited on a machine of that `load`, `processor_seconds` those that the work took on all processors.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import polars as pl

from affluence import steps
from affluence.data.contract import Contract, load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.decision.reasons import explain
from affluence.decision.scoring import score_table
from affluence.pu.fold_models import Scored, TrainedModel, score_customers
from affluence.pu.side_by_side import side_by_side

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 20_000


def main() -> None:
    """Print one line a list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=steps.PUBLISHED_CUSTOMERS)
    parser.add_argument("--trained-on", type=int, default=steps.PUBLISHED_CUSTOMERS)
    parser.add_argument("--listed", type=int, nargs="+", default=[551, 2_758, 5_516, 10_000])
    parser.add_argument("--mode", choices=("fast", "accurate"), default="fast")
    parser.add_argument("--folder", type=Path, required=True, help="where the made tables are written")
    chosen = parser.parse_args()
    contract = load_contract(ROOT / "conf" / "base" / "contract_reference_bank.yml")
    learned = _bank(contract, chosen.folder, customers=chosen.trained_on, seed=0)
    model = _model(learned, contract, mode=chosen.mode)
    same = chosen.customers == chosen.trained_on
    customers = learned if same else _bank(contract, chosen.folder, customers=chosen.customers, seed=1)
    scores = score_table(model, customers, _score(model, customers))
    ranked = steps.candidates(model, scores)
    for listed in chosen.listed:
        begun, cpu = time.perf_counter(), time.process_time()
        explained = explain(model, customers, scores, ranked.head(listed), seed=0)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        told = explained.wide.select(pl.col("^reason_.*$").is_not_null()).sum_horizontal()
        line = {
            "customers": customers.height,
            "trained_on": learned.height,
            "mode": chosen.mode,
            "listed": listed,
            "seconds": round(seconds, 1),
            "processor_seconds": round(cpu, 1),
            "load": round(os.getloadavg()[0], 1),
            "agreement": round(explained.agreement, 4),
            "additivity_error": float(f"{explained.additivity_error:.2g}"),
            "pass_rate": round(explained.pass_rate or 0.0, 4),
            "three_reasons": round(float((told == 3).mean()), 4),
            "no_reason": round(float((told == 0).mean()), 4),
        }
        print(json.dumps(line), flush=True)


def _bank(contract: Contract, folder: Path, *, customers: int, seed: int) -> pl.DataFrame:
    path = folder / f"bank_{customers}_{seed}.parquet"
    simulate(customers=customers, seed=seed).table.write_parquet(path)
    return steps.intake(read_table(path, contract=contract))[0]


def _model(customers: pl.DataFrame, contract: Contract, *, mode: str) -> TrainedModel:
    treated, held, examination = steps.examine(customers, contract)
    features = steps.build_features(treated, held)
    training = steps.train(treated, features, held, examination, learners=("finder",), folds=5, seed=0, mode=mode)
    evaluation = steps.evaluate(training, treated, steps.score_in_sample(training, features), capacity_share=0.1)
    return steps.choose(training, evaluation)[0]


def _score(model: TrainedModel, customers: pl.DataFrame) -> Scored:
    parts = [customers[begin : begin + CHUNK] for begin in range(0, customers.height, CHUNK)]
    scored = list(side_by_side(lambda part: score_customers(model, part), parts, stage=None))
    log_odds, hidden, fold = (
        np.concatenate([getattr(each, name) for each in scored]) for name in ("log_odds", "hidden", "fold")
    )
    return Scored(log_odds=log_odds, hidden=hidden, fold=fold, unseen={})


if __name__ == "__main__":
    main()
