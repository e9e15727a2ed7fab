"""Runs the published ways on a made bank and writes results.json and results.md beside this file.

python -m benchmarks.published_ways [--seed 0] [--customers 66083]
"""

import argparse
import json
import time
from pathlib import Path

from benchmarks.published_ways.sweep import sweep
from benchmarks.published_ways.ways import Measured, dishonest, honest, our_way, rows_of

from affluence.data.reference_bank import compare, simulate
from affluence.data.reference_bank.published import profile

HERE = Path(__file__).parent
NOTE = (
    "SIMULATED: every generated figure is of a bank that we made, fitted to what was published. Published figures are "
    "of the real rows, by others. Hidden: share of the made hidden affluent among the first 1, 5, 10 % of the NORMAL "
    "rows that the way scored; chance is 1, 5, 10 %."
)
OWN = {"xgboost": "XGBoost", "random_forest": "random forest", "logistic": "logistic regression"}
FIGURES = ("precision", "recall", "f1", "roc_auc")


def main() -> None:
    """Run, print and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--customers", type=int, default=66_083)
    chosen = parser.parse_args()
    started = time.perf_counter()
    bank = simulate(customers=chosen.customers, seed=chosen.seed)
    rows = rows_of(bank)
    ways = {"honest": dict(honest(rows)), "dishonest": dict(dishonest(rows))}
    own = {f"Affluence, {title}": our_way(bank, learner=key) for key, title in OWN.items()}
    swept = list(sweep(customers=chosen.customers, seed=chosen.seed))
    result = {
        "note": NOTE,
        "seed": chosen.seed,
        "customers": chosen.customers,
        "seconds": round(time.perf_counter() - started, 1),
        "comparison": compare(bank).summary().to_dicts(),
        "ways": {kind: {name: m.as_dict() for name, m in found.items()} for kind, found in ways.items()},
        "ours": {name: measured.as_dict() for name, measured in own.items()},
        "sweep": [
            {
                "parameter": parameter,
                "value": value,
                "hidden_share": round(hidden, 4),
                "honest": ours.as_dict(),
                "in_sample": theirs.as_dict(),
            }
            for parameter, value, hidden, ours, theirs in swept
        ],
    }
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    page = "\n".join(
        [
            f"# Published ways on a made bank, seed {chosen.seed}",
            "",
            NOTE,
            "",
            *_ours(own),
            *_ways(ways),
            *_sweep(swept),
        ]
    )
    (HERE / "results.md").write_text(page + "\n", encoding="utf-8")
    print(page)


def _ours(own: dict[str, Measured]) -> list[str]:
    """Our own figures, for which there is nothing published to stand beside."""
    lines = [
        "## Ours, 5-fold by customer",
        "",
        "| way | recall | ROC AUC | best F1 | candidates | hidden in 1 / 5 / 10 % |",
    ]
    lines += ["|---|---|---|---|---|---|"]
    for name, measured in own.items():
        figures = f"{measured.recall:.3f} | {measured.roc_auc:.3f} | {measured.best_f1:.3f}"
        candidates = f"{measured.candidates:,} of {measured.normals:,}"
        lines.append(f"| {name} | {figures} | {candidates} | {_hidden(measured)} |")
    return [*lines, ""]


def _ways(ways: dict[str, dict[str, Measured]]) -> list[str]:
    """Published beside generated, one row per way."""
    lines = []
    for kind, found in ways.items():
        lines += [f"## {kind.capitalize()}", ""]
        lines += ["| way | precision | recall | F1 | ROC AUC | best F1 | candidates | hidden in 1 / 5 / 10 % |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
        for published in profile()["published_scores"][kind]:
            measured = found[published["model"]]
            cells = [_beside(published, name, getattr(measured, name)) for name in FIGURES]
            candidates = f"{measured.candidates:,} of {measured.normals:,}"
            if "candidates_found" in published:
                candidates = f"{published['candidates_found']} / {candidates}"
            cells += [f"{measured.best_f1:.3f}", candidates, _hidden(measured)]
            lines.append(f"| {published['model']} | {' | '.join(cells)} |")
        lines += ["", "Where two figures stand: published / generated.", ""]
    return lines


def _beside(published: dict[str, float], name: str, generated: float) -> str:
    given = published.get(name, published.get(f"{name}_at_any"))
    return f"{given:.3f} / {generated:.3f}" if given is not None else f"{generated:.3f}"


def _hidden(measured: Measured) -> str:
    first = (measured.hidden_first_1_percent, measured.hidden_first_5_percent, measured.hidden_first_10_percent)
    return " / ".join(f"{share:.1%}" for share in first)


def _sweep(swept: list[tuple[str, float, float, Measured, Measured]]) -> list[str]:
    """One row per value of a parameter."""
    lines = [
        "## Over the made bank's parameters",
        "",
        "XGBoost, 5-fold, beside the same model asked about its own rows.",
    ]
    lines += ["", "| parameter | value | hidden among normals | ROC AUC | best F1 | hidden in 1 / 5 / 10 % |"]
    lines[-1] += " in sample: candidates | in sample: hidden in 1 / 5 / 10 % |"
    lines += ["|---|---|---|---|---|---|---|---|"]
    for parameter, value, hidden, ours, theirs in swept:
        cells = [parameter, f"{value:g}", f"{hidden:.1%}", f"{ours.roc_auc:.3f}", f"{ours.best_f1:.3f}", _hidden(ours)]
        lines.append(f"| {' | '.join([*cells, f'{theirs.candidates:,}', _hidden(theirs)])} |")
    return lines


if __name__ == "__main__":
    main()
