"""Learning from everyone who is tagged and a sample of the others, and what of it holds for the whole table.

A sampled row of the others stands for 1 / rate rows, its `sampling_weight`. Three things follow. The odds of the tag
among those learned from are the table's divided by the rate, for any x (prior shift: Elkan 2001, IJCAI, theorem 2). The
chance that a customer without a tag is affluent is the same, since the sample looked at nothing else than the tag. And
the sample, with the tagged thinned at the same rate, is a plain sample of the table, on which figures against the tag
are measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests
from affluence.pu.discovery import Discovery
from affluence.pu.learners.protocol import Tags

WEIGHT = "sampling_weight"
DIGESTS = 2.0**64

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """What a training knows of its sample: the `rate` of those without a tag, and which rows are a plain sample."""

    rate: float
    typical: Rows

    @property
    def log_rate(self) -> float:
        """What the log-odds of the tag move by, from those learned from to the table."""
        return float(np.log(self.rate))


def is_drawn(customer_ids: Iterable[str], tags: Tags, *, share: float, seed: int) -> Rows:
    """Which rows are learned from: those with the tag, and the others of a `share` of the customers.

    A customer is drawn by a digest with a key of its own, so that neither the order nor the parts of a table matter,
    and folds and ties, which go by another key, know nothing of it.

    Errors: UserError when the share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise UserError(f"The sample is to be {share:g} of those without a tag; give a share above 0 and at most 1.")
    drawn: Rows = customer_digests(customer_ids, key=~seed) < share * DIGESTS
    drawn |= tags == 1
    return drawn


def with_weight(drawn: pl.DataFrame, *, unlabelled: int) -> pl.DataFrame:
    """The drawn rows with their `sampling_weight`; `unlabelled` is how many rows without the tag the table has.

    Errors: UserError when none of these was drawn.
    """
    sampled = int((drawn["tag"] == 0).sum())
    if not sampled:
        raise UserError(f"None of {unlabelled:,} rows without the tag was drawn; give a larger share.")
    return drawn.with_columns(pl.when(pl.col("tag") == 1).then(1.0).otherwise(unlabelled / sampled).alias(WEIGHT))


def sample_of(customers: pl.DataFrame, *, seed: int) -> Sample | None:
    """What the weights of `customers` say; None where there are none, or each row stands for itself.

    Errors: UserError when the weights are not those of a sample of the rows without the tag.
    """
    if WEIGHT not in customers.columns:
        return None
    tags = customers["tag"].to_numpy()
    weights = customers[WEIGHT].to_numpy()
    each = weights[tags == 0]
    if not len(each) or not each[0] >= 1 or (each != each[0]).any() or (weights[tags == 1] != 1).any():
        raise UserError(
            f"The column {WEIGHT} is to be 1 for the tagged and one number of at least 1 for all others: how many rows "
            "of the table each stands for."
        )
    rate = 1 / float(each[0])
    kept = is_drawn(customers["customer_id"], np.zeros_like(tags), share=rate, seed=seed)
    return None if rate == 1 else Sample(rate, (tags == 0) | kept)


def of_the_table(discovery: Discovery, sample: Sample) -> Discovery:
    """What was learned from the sample, told of the table that it was drawn from."""
    unlabelled = round(discovery.counted_among / sample.rate)
    told = (
        f"Learned from all tagged rows and {sample.rate:.3g} of the {unlabelled:,} others. Figures against the tag are "
        f"measured on {int(sample.typical.sum()):,} rows that are a plain sample of the table."
    )
    return replace(
        discovery,
        hidden_count=discovery.count_among(unlabelled),
        counted_among=unlabelled,
        warnings=(*discovery.warnings, told),
    )
