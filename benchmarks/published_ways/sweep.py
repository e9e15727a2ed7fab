"""The same two ways, honest and dishonest, while one parameter of the made bank moves at a time."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.published_ways.ways import (
    Matrix,
    Measured,
    Rows,
    boosting,
    measure,
    out_of_fold,
    remembering,
    rows_of,
)

from affluence.data.reference_bank import Scenario, simulate

SWEPT: dict[str, tuple[float, ...]] = {
    "common": (0.3, 0.48, 0.7),
    "drift": (0.2, 0.4, 0.6),
    "wallet": (0.2, 0.4, 0.8),
    "true_share": (0.12, 0.15, 0.2),
}
"""The parameters and their values; the middle one is the default, or next to it."""


def sweep(*, customers: int, seed: int) -> Iterator[tuple[str, float, float, Measured, Measured]]:
    """For each parameter and value: hidden share of the normals, XGBoost out of fold, XGBoost in sample."""
    scored: dict[Scenario, tuple[Matrix, Matrix]] = {}
    for parameter, values in SWEPT.items():
        for value in values:
            scenario = replace(Scenario(), **{parameter: value})  # type: ignore[arg-type]
            rows = rows_of(simulate(customers=customers, seed=seed, scenario=scenario))
            # The truth stands in no column, so banks that differ in nothing else share their scores.
            table = replace(scenario, true_share=None)
            if table not in scored:
                scored[table] = _scores(rows)
            honest, remembered = (measure(scores, rows.tagged, rows.hidden) for scores in scored[table])
            yield parameter, value, float(rows.hidden.sum() / (rows.tagged == 0).sum()), honest, remembered


def _scores(rows: Rows) -> tuple[Matrix, Matrix]:
    """Scores of the rows by models that never saw them, and by one that saw them all."""
    remembered = remembering().fit(rows.columns, rows.tagged).predict_proba(rows.columns)[:, 1]
    return out_of_fold(rows, boosting, rows.columns, folds=5), remembered
