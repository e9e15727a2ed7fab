"""Runs one method on one table under one mechanism, keeps the truth from it, and measures what it found."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from benchmarks.finder.counts import count_figures
from benchmarks.finder.data import Stream, Table, generator
from benchmarks.finder.mechanisms import Hiding
from benchmarks.finder.metrics import figures, pool_of, ratios
from benchmarks.finder.oracle import hidden_probability
from benchmarks.finder.reviewers import Reviewer
from benchmarks.finder.ways import Answer, Method, Review
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from affluence.pu.class_prior import HiddenCount
from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]


class TruthSeenError(Exception):
    """A method's answer changed with the truth, which it must not see."""


@dataclass(frozen=True)
class Case:
    """A table, what a mechanism hid in it, and P(affluent | x) as the oracle knows it."""

    table: Table
    hiding: Hiding
    affluent: Floats
    seed: int
    leak_alone: bool = False

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Who is affluent and not tagged."""
        found: NDArray[np.bool_] = (self.table.truth == 1) & (self.hiding.tags == 0)
        return found


def answer_of(method: Method, table: Table, tags: Tags, *, review: Review | None, seed: int) -> Answer:
    """The method's answer: all of the table but its truth is handed to it."""
    drivers = method.told(table.drivers)
    return method.way(table.columns, tags.copy(), table.groups, drivers=drivers, review=review, seed=seed)


def require_blind(methods: Sequence[Method], table: Table, tags: Tags, *, seed: int) -> None:
    """Refuse a method whose answer, with nobody to review for it, changes when the truth becomes noise.

    Errors: TruthSeenError, which names the first such method.
    """
    noise = generator(seed, Stream.NOISE).integers(0, 2, len(table)).astype(np.int8)
    # A frame of its own, so that a method that remembers the last table works again.
    blinded = replace(table, columns=table.columns.clone(), truth=noise)
    shown, unshown = (
        [answer_of(method, given, tags, review=None, seed=seed) for method in methods] for given in (table, blinded)
    )
    for method, one, other in zip(methods, shown, unshown, strict=True):
        if not np.array_equal(one.scores, other.scores) or one.count != other.count:
            raise TruthSeenError(f"{method.title}: its answer changed when the truth was replaced by noise.")


def run(method: Method, case: Case, *, count_reviews: tuple[int, ...] = ()) -> dict[str, Any]:
    """The figures of one method on one case, as they are stored.

    `count_reviews`: sizes of the samples by which the hidden are counted, for a finder that knows its tag drivers.
    """
    table, tags = case.table, case.hiding.tags
    load = os.getloadavg()[0]
    reviewer = Reviewer(table.truth, method.care, case.seed) if method.care else None
    answer = answer_of(method, table, tags, review=reviewer, seed=case.seed)
    measured: dict[str, Any] = {
        "seconds": {step: round(seconds, 2) for step, seconds in answer.seconds.items()},
        "load": round(load, 2),
    }
    if case.leak_alone:
        return measured | {"tag_auc": float(roc_auc_score(tags, answer.scores))}
    measured |= measure(answer.scores, case, reviewed=np.array(reviewer.rows if reviewer else [], dtype=np.intp))
    if answer.count is not None:
        measured["count"] = _as_stored(answer.count, truth=int(case.hidden.sum()))
    if count_reviews and method.drivers == "all" and method.care is None:
        measured["counting"] = count_figures(answer.scores, table.truth, tags, reviews=count_reviews, seed=case.seed)
    return measured


def measure(scores: Floats, case: Case, *, reviewed: NDArray[np.intp]) -> dict[str, Any]:
    """The figures of these scores and of the oracle on the untagged but for the reviewed, and their ratios."""
    pool = pool_of(case.hiding.tags, reviewed)
    oracle = hidden_probability(case.affluent, case.hiding)
    ours, best = (figures(ranking[pool], case.hidden[pool], seed=case.seed) for ranking in (scores, oracle))
    return {
        "pool": len(pool),
        "hidden": int(case.hidden[pool].sum()),
        "reviewed": len(reviewed),
        "found_by_review": int(case.hidden[reviewed].sum()),
        "oracle": best,
        "ratio": ratios(ours, best),
    }


def _as_stored(count: HiddenCount, *, truth: int) -> dict[str, Any]:
    return {"low": count.low, "high": count.high, "value": count.value, "level": count.level, "truth": truth}
