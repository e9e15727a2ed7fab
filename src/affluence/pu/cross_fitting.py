"""Cross-fitting: every customer is scored by a model that never saw that customer, in any of their rows.

Customers, not rows, are dealt to folds, so that all rows of one customer share a fold. A fold's model is fitted to
the customers of the other folds. This is the promise of the product; nothing here scores a row in any other way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.errors import UserError
from affluence.features.preprocessing import Design
from affluence.pu.learners.boosters import threads_for
from affluence.pu.learners.protocol import FittedLearner, Learner, LogOdds, Method, Tags
from affluence.pu.side_by_side import side_by_side

Digests = NDArray[np.uint64]
Folds = NDArray[np.int8]

UNKNOWN_FOLD = -1


@dataclass(frozen=True)
class CrossFit:
    """One method cross-fitted: its fold models, and each row's log-odds from the model that never saw it.

    `out_of_fold` are those of the tag, `hidden` those of being affluent without a tag, by which candidates are ranked.
    """

    learner: Method
    models: tuple[FittedLearner, ...]
    out_of_fold: LogOdds
    hidden: LogOdds


def customer_digests(customer_ids: Iterable[str], *, key: int) -> Digests:
    """A 64-bit digest of each customer id, keyed, so that a model can know a customer without holding the id.

    Two customers with one digest are treated as one: they share a fold, which keeps the promise. Among ten million
    customers that happens with a probability of three in a million.
    """
    secret = key.to_bytes(8, "big", signed=True)
    digest = (blake2b(str(customer).encode(), digest_size=8, key=secret).digest() for customer in customer_ids)
    return np.frombuffer(b"".join(digest), dtype=">u8").astype(np.uint64)


def deal_folds(digests: Digests, tags: Tags, *, folds: int) -> Folds:
    """The fold of each row, 0 .. `folds` - 1: customers are dealt out in turn, the tagged first.

    A customer with any tagged row counts as tagged, so each fold holds its share of them within one. The order is
    that of the keyed digests: random with respect to the customers, and the same however the rows are ordered.

    Errors: UserError when there are fewer customers, or fewer tagged customers, than folds.
    """
    customers, places = np.unique(digests, return_inverse=True)
    tagged = np.zeros(len(customers), dtype=np.int8)
    np.maximum.at(tagged, places, tags)
    _require_enough(len(customers), int(tagged.sum()), folds=folds)
    turn = np.empty(len(customers), dtype=np.int64)
    turn[np.argsort(-tagged, kind="stable")] = np.arange(len(customers))
    return (turn[places] % folds).astype(np.int8)


def cross_fit(learner: Learner, design: Design, tags: Tags, folds: Folds, *, seed: int) -> CrossFit:
    """`learner` fitted once without each fold, and the log-odds of each fold's rows from the model without it.

    The folds are fitted side by side, as many at a time as the process may use processors.
    """
    count = int(folds.max()) + 1

    def fit_without(fold: int) -> tuple[FittedLearner, LogOdds]:
        held_out = folds == fold
        model = learner.fit(design.rows(~held_out), tags[~held_out], seed=seed + fold)
        return model, model.log_odds(design.rows(held_out))

    out_of_fold = np.full(len(design), np.nan)
    models = []
    fitted = side_by_side(fit_without, range(count), stage=f"Cross-fitting {learner.title}")
    for fold, (model, scores) in enumerate(fitted):
        out_of_fold[folds == fold] = scores
        models.append(model)
    return CrossFit(learner, tuple(models), out_of_fold, hidden=out_of_fold)


def score_by_folds(models: Sequence[FittedLearner], design: Design, folds: Folds) -> tuple[LogOdds, LogOdds]:
    """The log-odds of the tag and of being hidden, each customer's by models that never saw that customer.

    `folds` is the fold of each customer in which they were trained on, `UNKNOWN_FOLD` for one who was not; all models
    then score, and their mean counts.
    """
    labelled, hidden = np.zeros(len(design)), np.zeros(len(design))
    with threads_for(len(design)):
        for fold, model in enumerate(models):
            rows = np.flatnonzero((folds == fold) | (folds == UNKNOWN_FOLD))
            if len(rows):
                weight = np.where(folds[rows] == UNKNOWN_FOLD, 1 / len(models), 1.0)
                by_tag, by_truth = model.score(design if len(rows) == len(design) else design.rows(rows))
                labelled[rows] += weight * by_tag
                hidden[rows] += weight * by_truth
    return labelled, hidden


@dataclass(frozen=True)
class FoldMap:
    """Which fold each training customer was in: `digests` ascending, `folds` beside them."""

    key: int
    digests: Digests
    folds: Folds

    def folds_of(self, customer_ids: Iterable[str]) -> Folds:
        """The fold of each customer, -1 for one who was not in the training table."""
        return self.folds_by(customer_digests(customer_ids, key=self.key))

    def folds_by(self, wanted: Digests) -> Folds:
        """The same for customers whose digests, with this key, are known."""
        place = np.searchsorted(self.digests, wanted).clip(max=max(0, len(self.digests) - 1))
        known = self.digests[place] == wanted if len(self.digests) else np.zeros(len(wanted), dtype=bool)
        return np.where(known, self.folds[place] if len(self.folds) else 0, -1).astype(np.int8)


def map_folds(digests: Digests, folds: Folds, *, key: int) -> FoldMap:
    """The fold map of training rows: one entry a customer."""
    customers, first = np.unique(digests, return_index=True)
    return FoldMap(key=key, digests=customers, folds=folds[first])


def canonical_order(digests: Digests, features: pl.DataFrame) -> NDArray[np.intp]:
    """An order of the rows that does not depend on how the table was ordered, for learners that sample rows.

    By customer digest, and within a customer by the features; rows equal in both are interchangeable.
    """
    keyed = features.select(pl.all().name.prefix("feature ")).with_columns(
        pl.Series("digest", digests), pl.int_range(pl.len()).alias("row")
    )
    return keyed.sort("digest", *(f"feature {name}" for name in features.columns))["row"].to_numpy().astype(np.intp)


def _require_enough(customers: int, tagged: int, *, folds: int) -> None:
    if customers < folds:
        raise UserError(
            f"The table holds {customers} customers; cross-fitting in {folds} folds needs at least {folds}."
        )
    if tagged < folds or customers - tagged < folds:
        raise UserError(
            f"The table holds {tagged} customers tagged affluent and {customers - tagged} others; cross-fitting in "
            f"{folds} folds needs at least {folds} of each. Check the tag column and its values in the contract."
        )
