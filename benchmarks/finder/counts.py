"""How well a review sample counts the hidden: whether its interval holds the truth, and how wide it is."""

from typing import Any, get_args

import numpy as np
from benchmarks.finder.data import Stream, generator
from numpy.typing import NDArray

from affluence.pu.class_prior import HiddenCount, count_of_review
from affluence.pu.learners.protocol import Tags
from affluence.pu.review import Purpose, sample_review

Floats = NDArray[np.float64]

# Five seeds make two hundred of every cell: a coverage of 0.90 is then known within 0.02 (one standard error).
DRAWS = 40


def count_figures(
    scores: Floats, truth: Tags, tags: Tags, *, reviews: tuple[int, ...], seed: int, draws: int = DRAWS
) -> list[dict[str, Any]]:
    """For each purpose and number reviewed: coverage, and ratio to the truth of the estimate and of the half-width.

    Samples are drawn along `scores`, a ranking learned without review, as `suggest_review` draws them.
    """
    hidden = int(truth[tags == 0].sum())
    return [
        {"purpose": purpose, "reviewed": n, "draws": draws}
        | _summary(
            [_count(scores, truth, tags, n=n, purpose=purpose, seed=seed, draw=draw) for draw in range(draws)], hidden
        )
        for purpose in get_args(Purpose)
        for n in reviews
    ]


def _count(scores: Floats, truth: Tags, tags: Tags, *, n: int, purpose: Purpose, seed: int, draw: int) -> HiddenCount:
    rows = np.flatnonzero(tags == 0)
    own_seed = int(generator(seed, Stream.COUNTS, draw, n).integers(2**31))
    sheet = sample_review(scores[rows], rows, n=n, purpose=purpose, seed=own_seed)
    return count_of_review(
        sheet["stratum"].to_numpy(),
        sheet["weight"].to_numpy(),
        truth[sheet["row"].to_numpy()],
        seed=own_seed,
    )


def _summary(counts: list[HiddenCount], hidden: int) -> dict[str, float]:
    return {
        "covered": float(np.mean([count.low <= hidden <= count.high for count in counts])),
        "estimate_to_truth": float(np.mean([(count.value or 0.0) / hidden for count in counts])),
        "half_width_to_truth": float(np.median([(count.high - count.low) / 2 / hidden for count in counts])),
    }
