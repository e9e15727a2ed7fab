"""Whether a challenger is proposed: it is better for sure, or the table moved so far that the champion has to go.

A proposal is a sentence for an approver. Nothing here, and nobody who reads it by machine, promotes a model.
"""

from dataclasses import dataclass

from affluence.evaluation.comparison import Beside, ModelComparison
from affluence.evaluation.stability import Light, Stability


@dataclass(frozen=True)
class Challenge:
    """What came of a challenge: whether the challenger is proposed and why, the comparison, and how the table moved.

    `stability` is the table held against the champion's training table, None where the champion kept no counts of it.
    """

    proposed: bool
    because: str
    comparison: ModelComparison
    stability: Stability | None


def judge_challenger(comparison: ModelComparison, stability: Stability | None, *, alike: bool) -> Challenge:
    """The challenger proposed or not. `alike` says whether both rank by the same: by the tag, or by affluence.

    What was found by hand counts before the tag, which counts only between models that are alike. A challenger that is
    worse for sure is not proposed, whatever moved.
    """
    proposed, because = _judged(comparison, stability, alike=alike)
    return Challenge(proposed, because, comparison, stability)


def _judged(comparison: ModelComparison, stability: Stability | None, *, alike: bool) -> tuple[bool, str]:
    found = comparison.reviewed.recall if comparison.reviewed else None
    told, of_what = (
        (found, "of those found affluent by hand") if found else (comparison.recall_of_tagged, "of the tagged")
    )
    counts = told is not None and (found is not None or alike)
    if counts and told is not None and told.difference.high < 0:
        return False, f"It reaches surely fewer {of_what}: {_points(told)}."
    if counts and told is not None and told.difference.low > 0:
        return True, f"It reaches surely more {of_what}: {_points(told)}."
    if stability is not None and stability.light is Light.RED:
        return True, f"The table moved away from the one that the champion learned from. {stability.sentence}"
    why = "Neither is surely better" if counts else "Only a check by hand can tell which is better"
    moved = "the table did not move far" if stability else "how far the table moved is not known"
    return False, f"{why}, and {moved}."


def _points(told: Beside) -> str:
    gap = told.difference
    return f"{100 * gap.value:+.1f} points (90 %: {100 * gap.low:+.1f} to {100 * gap.high:+.1f})"
