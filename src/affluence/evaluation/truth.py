"""Our list held against the truth, where it is known: how many of the truly hidden stand at its top.

Nobody knows the truth of a real table. It is known of a bank that we made, and what is measured there holds for that
bank alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affluence.evaluation.calibration import wilson
from affluence.evaluation.ranking import best_first
from affluence.evaluation.results import Estimate

SHARES = (0.01, 0.05, 0.10)


@dataclass(frozen=True)
class TruthPoint:
    """The first `share` of the unlabelled, which are `listed` customers.

    `found` and `found_in_sample` are shares of all hidden affluent that our list and the in-sample list hold there;
    chance would find `share`. `precision` is the share of our listed who are truly affluent.
    """

    share: float
    listed: int
    found: Estimate
    found_in_sample: Estimate
    precision: Estimate


@dataclass(frozen=True)
class HiddenType:
    """One type of hidden affluent: how many there are, and the share of them in the first tenth of our list."""

    name: str
    customers: int
    found: Estimate


@dataclass(frozen=True)
class TruthComparison:
    """Found against true hidden affluent. Without points: nobody knows the truth of this table."""

    unlabelled: int
    hidden: int
    points: tuple[TruthPoint, ...]
    types: tuple[HiddenType, ...]

    @property
    def known(self) -> bool:
        """Whether the truth is known."""
        return bool(self.points)


UNKNOWN = TruthComparison(unlabelled=0, hidden=0, points=(), types=())


def compare_with_truth(
    scores: NDArray[np.float64],
    in_sample_scores: NDArray[np.float64],
    affluent: NDArray[np.bool_],
    kinds: NDArray[np.str_],
    *,
    seed: int = 0,
) -> TruthComparison:
    """What two rankings of the unlabelled find of the truly affluent among them.

    All arrays speak of the unlabelled alone, row by row; `kinds` names the type of a hidden customer. Intervals are
    Wilson's, over the hidden found or the listed.
    """
    ours, theirs = (affluent[best_first(ranking, seed=seed)] for ranking in (scores, in_sample_scores))
    first_tenth = np.zeros(len(affluent), dtype=bool)
    first_tenth[best_first(scores, seed=seed)[: _listed(len(affluent), 0.10)]] = True
    return TruthComparison(
        unlabelled=len(affluent),
        hidden=int(affluent.sum()),
        points=tuple(_point(ours, theirs, share=share) for share in SHARES),
        types=tuple(
            HiddenType(name, int(of_kind.sum()), wilson(int((first_tenth & of_kind).sum()), int(of_kind.sum())))
            for name, of_kind in _by_kind(affluent, kinds).items()
        ),
    )


def _point(ours: NDArray[np.bool_], theirs: NDArray[np.bool_], *, share: float) -> TruthPoint:
    listed, hidden = _listed(len(ours), share), int(ours.sum())
    return TruthPoint(
        share=share,
        listed=listed,
        found=wilson(int(ours[:listed].sum()), hidden),
        found_in_sample=wilson(int(theirs[:listed].sum()), hidden),
        precision=wilson(int(ours[:listed].sum()), listed),
    )


def _listed(customers: int, share: float) -> int:
    return max(1, round(share * customers))


def _by_kind(affluent: NDArray[np.bool_], kinds: NDArray[np.str_]) -> Mapping[str, NDArray[np.bool_]]:
    return {str(kind): affluent & (kinds == kind) for kind in np.unique(kinds[affluent])}
