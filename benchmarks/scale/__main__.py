"""Time and memory of scoring against the rows: by stream, by pandas, and the limit, each in a process of its own.

    python -m benchmarks.scale [--rows 10000 --rows 100000] [--listed 10000] [--out benchmarks/scale]

Made tables, SIMULATED, from Parquet to ranked Parquet with what each column adds for the first ones. The champion is
gradient boosting in five folds, which pandas can follow; nobody in the tables was learned from, so all five score
everyone. Writes `results.json`, `results.md` and `results.svg`. With `--without-pandas` that way is left out. At sizes
up to `--attempt-rows` one model of the public attempt's settings stands beside them.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import xgboost as xgb
from benchmarks.scale.ways import ATTEMPT, ATTEMPT_TOLD, types_of
from benchmarks.service.served import CONF, CONTRACT, ROOT

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.pu.fold_models import placed
from affluence.pu.storage import load_model, save_model

CHAMPION = "xgboost"
LEARNED_FROM = 20_000
MADE_AT_A_TIME = 100_000
# What the public attempt published; its other settings are taken to be XGBoost's own.
ATTEMPT_SETTINGS = {"n_estimators": 2_284, "max_depth": 10}
Result = dict[str, Any]


def train_champion(folder: Path) -> Path:
    """A champion that learned from a small made bank."""
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    file = folder / "learned_from.parquet"
    simulate(customers=LEARNED_FROM, seed=0).table.write_parquet(file)
    customers, _ = steps.intake(read_table(file, contract=contract))
    features = steps.build_features(customers, contract)
    training = steps.train(customers, features, contract, learners=(CHAMPION,), folds=5, seed=0)
    in_sample = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(training, customers, in_sample, capacity_share=0.1, champion=CHAMPION)
    model, _ = steps.choose(training, evaluation)
    save_model(model, folder / "model")
    return folder / "model"


def train_attempt(folder: Path) -> Path:
    """One model of the public attempt's settings, of what the champion beside it learned from and as it reads it."""
    model = load_model(folder / "model")
    customers, _ = steps.intake(read_table(folder / "learned_from.parquet", contract=model.contract))
    learner = xgb.XGBClassifier(**ATTEMPT_SETTINGS, feature_types=types_of(model), enable_categorical=True)
    learner.fit(placed(model, customers)[0].matrix, customers["tag"].to_numpy())
    learner.save_model(folder / ATTEMPT)
    return folder / ATTEMPT


def make_table(rows: int, file: Path) -> Path:
    """A made bank of `rows`, in pieces, each drawn with a seed of its own and with ids of its own."""
    writer: pq.ParquetWriter | None = None
    for piece, start in enumerate(range(0, rows, MADE_AT_A_TIME), start=1):
        made = simulate(customers=max(2_000, min(MADE_AT_A_TIME, rows - start)), seed=piece).table.head(rows - start)
        table = made.with_columns(pl.format("{}-{}", pl.lit(str(piece)), "C_ID").alias("C_ID")).to_arrow()
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table.cast(writer.schema))
    if writer is not None:
        writer.close()
    return file


def measure(way: str, model: Path, table: Path, listed: int) -> Result:
    """Seconds and MiB of one way."""
    with tempfile.TemporaryDirectory(dir=table.parent) as folder:
        # Threads that wait in circles take time from whoever else works on the machine.
        own = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        asked = [way, str(model), str(table), str(Path(folder) / "out"), str(listed)]
        command = [sys.executable, "-m", "benchmarks.scale.ways", *asked]
        ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=own)  # noqa: S603
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def exponent(rows: list[int], values: list[float]) -> float | None:
    """By which power of the rows a value grows: the slope between logarithms; None of fewer than two sizes."""
    return float(np.polyfit(np.log(rows), np.log(values), 1)[0]) if len(rows) > 1 else None


def told_of(results: list[Result], load: list[float], listed: int) -> Result:
    """All results, the ratios within each size, and the exponents of the stream."""
    rows = sorted({result["rows"] for result in results})
    by_place = {(result["way"], result["rows"]): result for result in results}
    streamed = [by_place["stream", size] for size in rows]
    ratios = []
    for size in rows:
        ours, limit, pandas = by_place["stream", size], by_place["limit", size], by_place.get(("pandas", size))
        ratios.append(
            {
                "rows": size,
                "times_the_limit": ours["seconds"] / limit["seconds"],
                "times_as_fast_as_pandas": pandas["seconds"] / ours["seconds"] if pandas else None,
                "rows_a_second": size / ours["seconds"],
            }
        )
    return {
        "listed": listed,
        "load": load,
        "processors": os.cpu_count(),
        "results": results,
        "ratios": ratios,
        "exponent_of_time": exponent(rows, [result["seconds"] for result in streamed]),
        "exponent_of_memory": exponent(rows, [result["mib"] for result in streamed]),
    }


def markdown(told: Result) -> str:
    """The results as a page."""
    lines = ["# Scale, SIMULATED", "", "| rows | way | seconds | MiB |", "|---:|---|---:|---:|"]
    lines += [f"| {r['rows']:,} | {r['way']} | {r['seconds']:.2f} | {r['mib']:,.0f} |" for r in told["results"]]
    lines += ["", "| rows | times the limit | times as fast as pandas | rows a second |", "|---:|---:|---:|---:|"]
    for ratio in told["ratios"]:
        faster = ratio["times_as_fast_as_pandas"]
        lines.append(
            f"| {ratio['rows']:,} | {ratio['times_the_limit']:.2f} | {'' if faster is None else f'{faster:.2f}'} "
            f"| {ratio['rows_a_second']:,.0f} |"
        )
    if told["exponent_of_time"] is not None:
        time, memory = told["exponent_of_time"], told["exponent_of_memory"]
        lines += ["", f"By stream, time grows as rows to the power {time:.2f}, memory {memory:.2f}."]
    if any(result["way"] == "attempt" for result in told["results"]):
        trees, depth = ATTEMPT_SETTINGS["n_estimators"], ATTEMPT_SETTINGS["max_depth"]
        lines += [
            "",
            f"attempt: one model of the public attempt's settings, {trees:,} trees of depth {depth}, by pandas;",
        ]
        lines += [f"its contributions are measured of {ATTEMPT_TOLD} people and scaled linearly to those listed."]
    before, after = told["load"]
    lines += ["", f"Listed with reasons: {told['listed']:,}. {told['processors']} processors, load average"]
    lines += [f"{before:.1f} before and {after:.1f} after: what else ran slowed all ways, in turn and not alike.", ""]
    return "\n".join(lines)


def draw(told: Result, file: Path) -> None:
    """Time and memory against rows, both axes logarithmic."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for axis, measured in zip(axes, ("seconds", "mib"), strict=True):
        for way in dict.fromkeys(result["way"] for result in told["results"]):
            own = [result for result in told["results"] if result["way"] == way]
            axis.loglog([r["rows"] for r in own], [r[measured] for r in own], marker="o", label=way)
        axis.set(xlabel="rows", title={"seconds": "seconds", "mib": "MiB at most"}[measured])
    axes[0].legend()
    figure.savefig(file, metadata={"Date": None})


@click.command(help=__doc__)
@click.option("--rows", multiple=True, type=click.IntRange(min=100), default=(10_000, 100_000, 1_000_000))
@click.option("--listed", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--without-pandas", is_flag=True)
@click.option("--attempt-rows", type=click.IntRange(min=0), default=100_000, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(__file__).parent)
def main(*, rows: tuple[int, ...], listed: int, without_pandas: bool, attempt_rows: int, out: Path) -> None:
    """Make, measure, write; after each size anew, so that what was measured is kept."""
    before = os.getloadavg()[0]
    ways = [way for way in ("limit", "stream", "pandas") if not (without_pandas and way == "pandas")]
    results: list[Result] = []
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="affluence-scale-") as folder:
        model = train_champion(Path(folder))
        if attempt_rows >= min(rows):
            train_attempt(Path(folder))
        for size in sorted(set(rows)):
            table = make_table(size, Path(folder) / f"{size}.parquet")
            here = [*ways, "attempt"] if size <= attempt_rows else ways
            results += [{"way": way, "rows": size, **measure(way, model, table, listed)} for way in here]
            told = told_of(results, [before, os.getloadavg()[0]], listed)
            (out / "results.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            (out / "results.md").write_text(markdown(told), encoding="utf-8")
            draw(told, out / "results.svg")
    click.echo((out / "results.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
