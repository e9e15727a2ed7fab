"""Whether the jackknife says how far scores move with other customers: `python -m benchmarks.deciding.ranks`.

Banks of one process are trained on apart and score the same new customers; the spread over the trainings is the truth.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from benchmarks.deciding.draws import ROWS, fitted
from benchmarks.finder.data import Table, bank
from numpy.typing import NDArray

from affluence.features.preprocessing import fit_preprocessing
from affluence.pu.frames import described, features_of_frame

TRAININGS, NEW_BANK = tuple(range(201, 207)), 301
TOP_SHARE = 0.1


def compare(seeds: Sequence[int] = TRAININGS, *, rows: int = ROWS) -> dict[str, float]:
    """The root mean square of the estimate over that of the true spread: of everybody without a tag, and of the top."""
    new = bank(NEW_BANK, rows)
    scored = [_scores_and_errors(seed, new, rows) for seed in seeds]
    scores, errors = (np.array(part)[:, new.own_tags == 0] for part in zip(*scored, strict=True))
    true, estimated = scores.var(axis=0, ddof=1), (errors**2).mean(axis=0)
    top = np.argsort(-scores.mean(axis=0))[: round(TOP_SHARE * scores.shape[1])]
    return {
        "trainings": len(seeds),
        "rows": rows,
        "estimated_to_true": round(float(np.sqrt(estimated.mean() / true.mean())), 3),
        "estimated_to_true_top_tenth": round(float(np.sqrt(estimated[top].mean() / true[top].mean())), 3),
        "true_sd_median": round(float(np.median(np.sqrt(true))), 3),
        "true_sd_median_top_tenth": round(float(np.median(np.sqrt(true[top]))), 3),
        "estimated_median_top_tenth": round(float(np.median(np.sqrt(estimated[top]))), 3),
    }


def _scores_and_errors(seed: int, new: Table, rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What one fold's models of the bank of that seed make of the new customers, and the standard errors told."""
    table = bank(seed, rows)
    finder = fitted(table, seed)
    features = features_of_frame(table.columns)
    design = fit_preprocessing(features, features=described(features)).design(features_of_frame(new.columns))
    scores = finder.cross_fit().models[0].score(design)[1]
    knots, errors = np.array(finder.discovery().score_errors).T
    return scores, np.interp(scores, knots, errors)


def main() -> None:
    """Keep the comparison beside this file."""
    found = compare()
    (Path(__file__).parent / "ranks.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
