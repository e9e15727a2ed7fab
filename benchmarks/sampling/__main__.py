"""What a finder loses that learned from a sample of those without a tag, beside one that learned from everyone.

python -m benchmarks.sampling [--customers 66083] [--seeds 3] [--rates 0.5 --rates 0.25 ...] [--out DIR]

Both score everyone in the table, out of fold, and rank those without a tag; a made bank knows who of them is affluent.
Beside each stands what another deal of folds changes in a finder that learned from everyone: the difference of chance.
"""

import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl
from benchmarks.service.served import CONF, CONTRACT

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.evaluation.ranking import best_first
from affluence.pu.fold_models import TrainedModel, score_customers
from affluence.pu.sampled import is_drawn, with_weight

HERE = Path(__file__).parent
CAPACITY_SHARE = 0.1
WITHIN = 0.01
OTHER_DEAL = 1_000
HEADINGS = (
    "learned from, of those without a tag",
    "rows",
    "time of training",
    "recall of the hidden, mean (largest)",
    "recall of the tagged, mean (largest)",
    "chances of the tag",
    f"all within {WITHIN}",
)
NOTE = (
    "SIMULATED: reference banks that we made. Recall of the hidden: of the affluent without a tag, the share among the "
    f"first {CAPACITY_SHARE:.0%} of those without a tag. Recall of the tagged: of the tagged, the share among the "
    f"first {CAPACITY_SHARE:.0%} of all, by the log-odds of the tag. Everyone is scored, out of fold. Chances of the "
    "tag sum to so many times the tagged: 1 is right."
)


def measure(customers: pl.DataFrame, affluent: pl.Series, *, rate: float, seed: int) -> dict[str, float]:
    """The figures of a finder that learned from `rate` of those without a tag; `affluent` is the truth, row by row."""
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    tags = customers["tag"].to_numpy()
    drawn = customers.filter(is_drawn(customers["customer_id"], tags, share=rate, seed=seed))
    sample = with_weight(drawn, unlabelled=int((tags == 0).sum()))
    features = steps.build_features(sample, contract)
    started = time.perf_counter()
    training = steps.train(sample, features, contract, learners=("finder",), folds=5, seed=seed, mode="fast")
    seconds = time.perf_counter() - started
    evaluation = steps.evaluate(training, sample, np.zeros(sample.height), capacity_share=CAPACITY_SHARE)
    model, _ = steps.choose(training, evaluation)
    return {"rate": rate, "rows": sample.height, "seconds": round(seconds, 1), **_recalls(model, customers, affluent)}


def _recalls(model: TrainedModel, customers: pl.DataFrame, affluent: pl.Series) -> dict[str, float]:
    scored = score_customers(model, customers)
    tags = customers["tag"].to_numpy()
    return {
        "hidden": _recall(scored.hidden[tags == 0], affluent.to_numpy()[tags == 0]),
        "tagged": _recall(scored.log_odds, tags == 1),
        "expected_tagged": round(float((1 / (1 + np.exp(-scored.log_odds))).sum() / tags.sum()), 4),
    }


def _recall(scores: np.ndarray[Any, Any], found: np.ndarray[Any, Any]) -> float:
    first = best_first(scores)[: round(CAPACITY_SHARE * len(scores))]
    return round(float(found[first].sum() / found.sum()), 4)


def of_bank(customers: int, seed: int, rates: Sequence[float]) -> list[dict[str, float]]:
    """The figures on one made bank: of everyone, of everyone in another deal of folds, and of each rate."""
    bank = simulate(customers=customers, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bank.parquet"
        bank.table.write_parquet(file)
        accepted, _ = steps.intake(read_table(file, contract=load_contract(CONF / f"contract_{CONTRACT}.yml")))
    affluent = accepted.select("row").join(bank.truth, on="row", how="left", maintain_order="left")["affluent"]
    results = []
    for rate, deal in [(1.0, seed), (1.0, seed + OTHER_DEAL), *((rate, seed) for rate in rates)]:
        results.append({"bank": seed, "deal": deal, **measure(accepted, affluent, rate=rate, seed=deal)})
        click.echo(json.dumps(results[-1]))
    return results


def told_of(results: Sequence[dict[str, float]], *, customers: int) -> dict[str, Any]:
    """What is kept: the results, and by rate the mean and the largest difference from the fit on everyone."""
    whole = {r["bank"]: r for r in results if r["rate"] == 1 and r["deal"] == r["bank"]}
    compared = {"another deal": [r for r in results if r["deal"] != r["bank"]]}
    for rate in sorted({r["rate"] for r in results if r["rate"] < 1}, reverse=True):
        compared[f"{rate:g}"] = [r for r in results if r["rate"] == rate]
    return {
        "note": NOTE,
        "customers": customers,
        "processors": os.cpu_count(),
        "mode": "fast",
        "results": list(results),
        "differences": {name: _difference(of, whole) for name, of in compared.items() if of},
    }


def _difference(results: Sequence[dict[str, float]], whole: dict[float, dict[str, float]]) -> dict[str, Any]:
    told: dict[str, Any] = {"rows": round(float(np.mean([r["rows"] for r in results])))}
    told["time"] = round(float(np.mean([r["seconds"] / whole[r["bank"]]["seconds"] for r in results])), 2)
    for figure in ("hidden", "tagged"):
        apart = [r[figure] - whole[r["bank"]][figure] for r in results]
        told[figure] = {"mean": round(float(np.mean(apart)), 4), "largest": round(float(max(np.abs(apart))), 4)}
    told["expected_tagged"] = round(float(np.mean([r["expected_tagged"] for r in results])), 3)
    told["within"] = told["hidden"]["largest"] <= WITHIN and told["tagged"]["largest"] <= WITHIN
    return told


def markdown(told: dict[str, Any]) -> str:
    """The differences as a table."""
    banks = len({result["bank"] for result in told["results"]})
    lines = [
        f"{told['note']}",
        "",
        f"Finder, mode {told['mode']}, {banks} {'bank' if banks == 1 else 'banks'} of {told['customers']:,} customers.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, of in told["differences"].items():
        hidden, tagged = (f"{of[figure]['mean']:+.4f} ({of[figure]['largest']:.4f})" for figure in ("hidden", "tagged"))
        cells = [name, f"{of['rows']:,}", f"x {of['time']:.2f}", hidden, tagged, f"x {of['expected_tagged']:.3f}"]
        lines.append(f"| {' | '.join(cells)} | {'yes' if of['within'] else 'no'} |")
    return "\n".join([*lines, ""])


@click.command(help=__doc__)
@click.option("--customers", type=int, default=66_083)
@click.option("--seeds", type=int, default=3, help="How many banks.")
@click.option("--rates", type=float, multiple=True, default=(0.5, 0.25, 0.1))
@click.option("--out", type=click.Path(path_type=Path), default=HERE)
def main(customers: int, seeds: int, rates: tuple[float, ...], out: Path) -> None:
    """Measure, print and keep."""
    results = [result for seed in range(seeds) for result in of_bank(customers, seed, rates)]
    told = told_of(results, customers=customers)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (out / "results.md").write_text(markdown(told), encoding="utf-8")
    click.echo(markdown(told))


if __name__ == "__main__":
    main()
