"""What a fit costs with several threads and with one, alone and beside another process: decision 7.

python benchmarks/threads.py [--repeats 1]

Five folds of gradient boosting on Adult, in processes of their own. Prints the seconds from start to end of the
slowest process, each repeat; read them as ratios.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WAYS = {
    "two threads a fit, spinning": ("2", "ACTIVE"),
    "two threads a fit, sleeping": ("2", "PASSIVE"),
    "one thread a fit, folds side by side": ("1", "PASSIVE"),
}


def main() -> None:
    """Print one line a way: seconds alone, and of the slower of two at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--worker", choices=("1", "2"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        print(f"{_cross_fit(threads=int(chosen.worker)):.1f}")
        return
    for way, (threads, waiting) in WAYS.items():
        for _ in range(chosen.repeats):
            alone, together = (_slowest(processes, threads=threads, waiting=waiting) for processes in (1, 2))
            print(f"{way}: {alone:.1f} s alone, {together:.1f} s beside another", flush=True)


def _slowest(processes: int, *, threads: str, waiting: str) -> float:
    environment = {**os.environ, "OMP_WAIT_POLICY": waiting}
    program = [sys.executable, str(Path(__file__)), "--worker", threads]
    started = [
        subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(processes)
    ]
    return max(float(worker.communicate()[0]) for worker in started)


def _cross_fit(*, threads: int) -> float:
    from affluence import steps
    from affluence.data.contract import load_contract
    from affluence.data.reading import read_table
    from affluence.pu import cross_fitting
    from affluence.pu.learners import boosters

    boosters.THREADS = threads
    if threads > 1:
        cross_fitting.cpu_count = lambda: 1
    contract = load_contract(ROOT / "conf" / "base" / "contract_adult.yml")
    customers, _ = steps.intake(read_table(ROOT / str(contract.file), contract=contract))
    features = steps.build_features(customers, contract)
    begun = time.perf_counter()
    steps.train(customers, features, contract, learners=["xgboost"], folds=5, seed=0)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
