"""Whether the interval of the expected finds holds the true ones: `python -m benchmarks.deciding.coverage`.

Banks are made anew, fitted once, and reviewed on sheets drawn anew. Draws already in the folder are not made again.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.deciding.draws import FIRST_BANK, Draw, draws_of_bank, load_draw, save_draw
from numpy.typing import NDArray

from affluence.decision.expected_finds import Expected, finds_by_rank
from affluence.pu.belief import Reviewers, believe
from affluence.pu.discovery import Discovery
from affluence.pu.recalibration import recalibrations

SHARES = (0.005, 0.01, 0.02, 0.05, 0.10)
RESULTS = Path(__file__).parent


def finds_of(draw: Draw) -> tuple[list[Expected], NDArray[np.int64]]:
    """What is expected at each of `SHARES` of the candidates, and what is true, known verdicts not counted apart."""
    of_candidates = np.flatnonzero(draw.tags == 0)
    order = of_candidates[np.argsort(-draw.hidden[of_candidates], kind="stable")]
    ready = finds_by_rank(draw.hidden[order], _discovery(draw))
    sizes = [round(share * len(order)) for share in SHARES]
    return [ready.between(0, size) for size in sizes], draw.truth[order].cumsum()[np.array(sizes) - 1]


def summary(draws: Iterable[Draw]) -> list[dict[str, Any]]:
    """By purpose and share: how many draws and banks, coverage, expected to true finds, half-width to expected."""
    found = [(draw, *finds_of(draw)) for draw in draws]
    return [
        _row([(draw, e[at], int(t[at])) for draw, e, t in found if draw.purpose in wanted], name, share)
        for name, wanted in (("find", {"find"}), ("count", {"count"}), ("both", {"find", "count"}), ("none", {"none"}))
        for at, share in enumerate(SHARES)
        if any(draw.purpose in wanted for draw, _, _ in found)
    ]


def _row(lines: Sequence[tuple[Draw, Expected, int]], purpose: str, share: float) -> dict[str, Any]:
    true = sum(truth for *_, truth in lines)
    known = [e for _, e, _ in lines if e.value is not None]
    return {
        "purpose": purpose,
        "share": share,
        "draws": len(lines),
        "banks": len({draw.bank for draw, *_ in lines}),
        "covered": round(float(np.mean([e.low <= truth <= e.high for _, e, truth in lines])), 3),
        "expected_to_true": round(sum(e.value or 0 for e in known) / max(1, true), 3) if known else None,
        "half_width": round(float(np.mean([(e.high - e.low) / 2 for _, e, _ in lines])) * len(lines) / max(1, true), 3),
    }


def _discovery(draw: Draw) -> Discovery:
    reviewers = Reviewers(0.0, 0.0)
    belief = believe(draw.hidden, draw.labelled, draw.tags, draw.review, reviewers=reviewers, seed=0)
    pairs: tuple[tuple[float, float], ...] = ()
    if draw.review is not None:
        pairs = recalibrations(draw.hidden[draw.review.rows], reviewers.verdicts(draw.review), seed=draw.bank)
    shift = None if draw.review is None else belief.shift
    return Discovery("fast", (), 0, belief.count, shift, (), recalibrations=pairs)


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> None:
    """Make what draws are missing, and keep the results beside this file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--banks", type=int, default=50)
    asked.add_argument("--sheets", type=int, default=2, help="of each purpose, for each bank")
    asked.add_argument("--folder", type=Path, default=Path("data/coverage_draws"))
    options = asked.parse_args()
    for bank in range(FIRST_BANK, FIRST_BANK + options.banks):
        if len(list(options.folder.glob(f"{bank}_*.npz"))) < 1 + 2 * options.sheets:
            for draw in draws_of_bank(bank, sheets=options.sheets):
                save_draw(draw, options.folder / f"{draw.bank}_{draw.purpose}_{draw.sheet_seed}.npz")
    rows = summary(load_draw(path) for path in sorted(options.folder.glob("*.npz")))
    (RESULTS / "coverage.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "coverage.md").write_text(_markdown(rows), encoding="utf-8")
    print(_markdown(rows))


if __name__ == "__main__":
    main()
