"""What plant and recover and the coin flips found, as small frozen objects, and in sentences for those who decide."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from affluence.evaluation.results import Estimate
from affluence.pu.learners.effort import Mode
from affluence.pu.planting import Way

CAVEATS = (
    "What is measured is the recall of tags, not of truly affluent customers: some tags may be wrong.",
    "Untagged customers who are truly affluent compete with the planted for places, so a low recall may be no miss.",
    "Those whom nobody tagged may differ from those whom we hid, in other ways than the selective hiding tries.",
)


@dataclass(frozen=True)
class RecoveryPoint:
    """What a list of `capacity` untagged customers (`share` of them) brings back of the planted.

    `recall` is the finder's, `labelled_recall` that of the out-of-fold labelled probability alone on the same plants,
    `gain` the first less the second; `chance` is what a list drawn by lot brings back.
    """

    capacity: int
    share: float
    recall: Estimate
    labelled_recall: Estimate
    gain: Estimate
    chance: float


@dataclass(frozen=True)
class Recovery:
    """One way of hiding: `planted` of the `tagged` customers hidden, `repeats` times, among `pool` untagged ones.

    `pool` counts the planted too; `at` holds the capacities asked for, ascending, `at_planted` a list as long as the
    number planted.
    """

    way: Way
    tagged: int
    planted: int
    repeats: int
    pool: int
    at: tuple[RecoveryPoint, ...]
    at_planted: RecoveryPoint


@dataclass(frozen=True)
class CoinFlips:
    """How well scores rank tags that were shuffled among the customers: no better than chance, if they are honest.

    `low` and `high` bound what pure chance gives.
    """

    tagged: int
    untagged: int
    roc_auc: float
    labelled_roc_auc: float
    low: float
    high: float
    assumption: str

    @property
    def passed(self) -> bool:
        """Whether both areas are within what chance gives; far below it a score knows the tag as well."""
        return all(self.low <= area <= self.high for area in (self.roc_auc, self.labelled_roc_auc))


@dataclass(frozen=True)
class Honesty:
    """The proof on one table: what came back of the planted, the coin flips, and in sentences what that means."""

    table: str
    mode: Mode
    seed: int
    share: float
    recoveries: tuple[Recovery, ...]
    coin_flips: CoinFlips
    sentences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the coin flips passed. What came back has no pass mark: that is for the bank to judge."""
        return self.coin_flips.passed

    def to_dict(self) -> dict[str, Any]:
        """The proof as nested dictionaries and lists, ready for JSON."""
        told = asdict(self)
        told["coin_flips"]["passed"] = self.coin_flips.passed
        return told


def sentences_about(
    table: str, *, mode: Mode, seed: int, folds: int, recoveries: Sequence[Recovery], flips: CoinFlips
) -> tuple[str, ...]:
    """What was measured, on what, what came out, and what that does not say."""
    measured = (
        f"Measured on {table}: {flips.tagged:,} customers tagged affluent and {flips.untagged:,} others, mode {mode}, "
        f"seed {seed}, {folds} folds; every customer was scored by models that never saw that customer."
    )
    return measured, *map(_of_recovery, recoveries), _of_coin_flips(flips), *CAVEATS


def _of_recovery(recovery: Recovery) -> str:
    at = recovery.at_planted
    hidden = {"random": "at random", "selective": "selectively, those of low standing more"}[recovery.way]
    return (
        f"Of {recovery.planted:,} tagged customers hidden {hidden}, a list of as many untagged customers brought back "
        f"{_share(at.recall)}, the labelled probability alone {_share(at.labelled_recall)}, a list drawn by lot "
        f"{at.chance:.0%}; means of {recovery.repeats} plantings."
    )


def _of_coin_flips(flips: CoinFlips) -> str:
    verdict = (
        "the scores know of no tag but what the columns tell"
        if flips.passed
        else "THE SCORES KNOW TAGS THEY SHOULD NOT HAVE SEEN: trust no list from this table before that is mended"
    )
    return (
        f"With the tags shuffled, the ranking had an AUC of {flips.roc_auc:.3f} and the labelled probability one of "
        f"{flips.labelled_roc_auc:.3f}, where chance gives {flips.low:.3f} to {flips.high:.3f}: {verdict}."
    )


def _share(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} ({estimate.level:.0%} interval {estimate.low:.0%} to {estimate.high:.0%})"
