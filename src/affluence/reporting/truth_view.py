"""The section that holds a list against the truth, where the truth is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from affluence.evaluation.truth import HiddenType, TruthComparison, TruthPoint
from affluence.reporting.tracks import Axis, Mark, Tick, axis_over


@dataclass(frozen=True)
class PointView:
    """One depth of the list: where our find, the in-sample find and chance stand on the axis."""

    point: TruthPoint
    ours: Mark
    in_sample: Mark
    chance: float


@dataclass(frozen=True)
class TruthView:
    """What the section shows."""

    points: Sequence[PointView]
    types: Sequence[tuple[HiddenType, Mark]]
    ticks: Sequence[Tick]
    type_ticks: Sequence[Tick]


def view_truth(comparison: TruthComparison) -> TruthView | None:
    """The places of all marks; None where nobody knows the truth."""
    if not comparison.known:
        return None
    shares = [estimate for point in comparison.points for estimate in (point.found, point.found_in_sample)]
    axis = axis_over(shares, include=(0.0,))
    type_axis = axis_over([kind.found for kind in comparison.types], include=(0.0,))
    return TruthView(
        points=[_point(point, axis=axis) for point in comparison.points],
        types=[(kind, type_axis.mark(kind.found)) for kind in comparison.types],
        ticks=axis.ticks(_percent),
        type_ticks=type_axis.ticks(_percent),
    )


def _point(point: TruthPoint, *, axis: Axis) -> PointView:
    return PointView(
        point=point,
        ours=axis.mark(point.found),
        in_sample=axis.mark(point.found_in_sample),
        chance=axis.place(point.share),
    )


def _percent(value: float) -> str:
    return f"{100 * value:.0f}"
