"""What an evaluation says, as small frozen objects: every figure travels with its interval and its assumption.

All figures here are measured against the bank segment *tag*, out of fold, not against the unknown true class.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval: `value` between `low` and `high` at the confidence `level`."""

    value: float
    low: float
    high: float
    assumption: str
    level: float = 0.9

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.level:.0%}: {self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class CapacityPoint:
    """What a list of `capacity` customers (`share` of the table) reaches, tagged and untagged ranked together."""

    capacity: int
    share: float
    recall: Estimate
    precision: Estimate
    lift: Estimate


@dataclass(frozen=True)
class Confusion:
    """The four cells at a cut, tagged and unlabelled customers ranked together, out of fold.

    `candidates` are the unlabelled above the cut: what classification calls false positives is our product.
    """

    cut: int
    tagged_above: int
    candidates: int
    tagged_below: int
    unlabelled_below: int

    @property
    def recall(self) -> float:
        """The share of the tagged who are above the cut."""
        return self.tagged_above / max(1, self.tagged_above + self.tagged_below)

    @property
    def precision(self) -> float:
        """The share of those above the cut who are tagged."""
        return self.tagged_above / max(1, self.tagged_above + self.candidates)

    @property
    def f1(self) -> float:
        """The harmonic mean of recall and precision; 0 when both are 0."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


@dataclass(frozen=True)
class ReliabilityBin:
    """Customers of similar probability: the mean predicted, and the share found to be so, with its interval."""

    customers: int
    predicted: float
    observed: Estimate


@dataclass(frozen=True)
class Reliability:
    """Whether the labelled probability may be called one.

    `expected_error` is the mean absolute gap between predicted and observed share over the bins, weighted by
    their customers; `slope` and `intercept` are those of the tag on the log-odds (1 and 0 when calibrated).
    """

    bins: tuple[ReliabilityBin, ...]
    expected_error: float
    tolerance: float
    slope: float
    intercept: float

    @property
    def calibrated(self) -> bool:
        """Whether the expected error is within the tolerance."""
        return self.expected_error <= self.tolerance


@dataclass(frozen=True)
class LearnerResult:
    """How one learner ranks, out of fold, against the tag; `difference` is the champion's recall minus this one's."""

    learner: str
    title: str
    roc_auc: Estimate
    average_precision: Estimate
    recall_at_capacity: Estimate
    precision_at_capacity: Estimate
    log_loss: float
    difference: Estimate | None


@dataclass(frozen=True)
class Importance:
    """What the ranking loses when one column's values are shuffled among the held-out customers.

    `fall` is the fall in recall at capacity, its interval over the folds; `gain` is the share of the split gain
    (None for a learner without trees).
    """

    column: str
    fall: Estimate
    gain: float | None


@dataclass(frozen=True)
class InSampleComparison:
    """The list that scoring one's own training rows gives, beside ours, on the same customers.

    Counts are of unlabelled customers at a score of 0.5 and above; `shared` is how many of our candidates down to
    the cut the in-sample way also gives 0.5 and above.
    """

    settings: str
    roc_auc_in_sample: float
    roc_auc_out_of_fold: float
    candidates_in_sample: int
    candidates_out_of_fold: int
    cut: int
    shared: int


@dataclass(frozen=True)
class Evaluation:
    """Everything measured about one training, against the tag and out of fold."""

    table: str
    customers: int
    rows: int
    tagged: int
    folds: int
    seed: int
    capacity: int
    capacity_share: float
    champion: str
    learners: tuple[LearnerResult, ...]
    curve: tuple[CapacityPoint, ...]
    confusion: Confusion
    reliability: Reliability
    importances: tuple[Importance, ...]
    in_sample: InSampleComparison

    @property
    def champion_result(self) -> LearnerResult:
        """The result of the learner that was chosen."""
        return next(result for result in self.learners if result.learner == self.champion)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as nested dictionaries and lists, ready for JSON."""
        return asdict(self)
