"""The curves of an evaluation as the report shows them: the figure, its words, and its numbers as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup

from affluence.evaluation.results import CapacityPoint, Estimate, Evaluation, Reliability
from affluence.reporting import figures, wording

_ROWS_SHOWN = 12


@dataclass(frozen=True)
class TableRow:
    """A row of figures; the row at the cut is marked."""

    cells: tuple[str, ...]
    at_cut: bool = False


@dataclass(frozen=True)
class CurveView:
    """A chart: what its axes carry, what it shows in words for those who do not see it, and its figures."""

    key: str
    y_title: str
    x_title: str
    alternative: str
    figure: Markup
    head: tuple[str, ...]
    rows: tuple[TableRow, ...]


def view_curves(evaluation: Evaluation) -> dict[str, CurveView]:
    """Every curve of the report under its key: recall, precision, gain, lift, reliability."""
    views = [*_near_views(evaluation), *_whole_views(evaluation), _reliability(evaluation.reliability)]
    return {view.key: view for view in views}


def point_at_cut(evaluation: Evaluation) -> CapacityPoint | None:
    """The point of the curve that stands exactly at the capacity; None when the curve has none there."""
    return next((point for point in evaluation.curve if point.capacity == evaluation.capacity), None)


def for_page(figure: go.Figure) -> Markup:
    """The figure as JSON that may stand inside a script element: no character there can end it."""
    text = str(figure.to_json())
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704


def _near_views(evaluation: Evaluation) -> tuple[CurveView, CurveView]:
    """Recall and precision around the cut."""
    points = _thinned(figures.near_the_cut(evaluation), evaluation=evaluation)
    result, length = evaluation.champion_result, wording.count(evaluation.capacity)
    x_title = "Customers on the list, best first"
    return (
        CurveView(
            key="recall",
            y_title="Share of the tagged affluent found",
            x_title=x_title,
            alternative="The longer the list, the more of the tagged it finds: at the cut, "
            f"{length} customers, recall is {wording.in_words(result.recall_at_capacity)}.",
            figure=for_page(figures.recall_figure(evaluation)),
            head=_head("Recall", result.recall_at_capacity),
            rows=_rows(points, evaluation=evaluation, pick=lambda point: point.recall),
        ),
        CurveView(
            key="precision",
            y_title="Share of the list that is tagged affluent",
            x_title=x_title,
            alternative="The longer the list, the smaller the tagged share: at the cut, "
            f"{length} customers, precision is {wording.in_words(result.precision_at_capacity)}.",
            figure=for_page(figures.precision_figure(evaluation)),
            head=_head("Precision", result.precision_at_capacity),
            rows=_rows(points, evaluation=evaluation, pick=lambda point: point.precision),
        ),
    )


def _whole_views(evaluation: Evaluation) -> tuple[CurveView, CurveView]:
    """Gain and lift over the whole table."""
    points = _thinned(evaluation.curve, evaluation=evaluation)
    share, cut = wording.percent(evaluation.capacity_share), point_at_cut(evaluation)
    lift = f", it is {wording.times(cut.lift)}" if cut else ""
    x_title = "Share of the table on the list, best first"
    recall = evaluation.champion_result.recall_at_capacity
    return (
        CurveView(
            key="gain",
            y_title="Share of the tagged affluent found",
            x_title=x_title,
            alternative=f"The first {share} of the table hold {wording.in_words(recall)} of the tagged.",
            figure=for_page(figures.gain_figure(evaluation)),
            head=_head("Gain", recall),
            rows=_rows(points, evaluation=evaluation, pick=lambda point: point.recall),
        ),
        CurveView(
            key="lift",
            y_title="Times as many tagged as at random",
            x_title=x_title,
            alternative=f"The lift falls to 1 at the end of the table. At the cut, the first {share}{lift}.",
            figure=for_page(figures.lift_figure(evaluation)),
            head=_head("Lift", recall),
            rows=_rows(points, evaluation=evaluation, pick=lambda point: point.lift, is_share=False),
        ),
    )


def _reliability(reliability: Reliability) -> CurveView:
    groups = [group for group in reliability.bins if group.customers >= wording.SMALLEST_GROUP]
    level = f"{wording.level(groups[0].observed)} interval" if groups else "Interval"
    return CurveView(
        key="reliability",
        y_title="Share tagged affluent",
        x_title="Labelled probability, mean of the group",
        alternative=f"In {len(groups)} groups of customers, the share tagged differs from the labelled "
        f"probability by {wording.percent(reliability.expected_error, decimals=2)} on average.",
        figure=for_page(figures.reliability_figure(reliability)),
        head=("Customers", "Predicted", "Tagged", level),
        rows=tuple(
            TableRow(
                (
                    wording.count(group.customers),
                    wording.percent(group.predicted),
                    wording.percent(group.observed.value),
                    wording.percent_range(group.observed),
                )
            )
            for group in groups
        ),
    )


def _head(figure: str, estimate: Estimate) -> tuple[str, ...]:
    return ("Customers", "Of the table", figure, f"{wording.level(estimate)} interval")


def _rows(
    points: Sequence[CapacityPoint],
    *,
    evaluation: Evaluation,
    pick: Callable[[CapacityPoint], Estimate],
    is_share: bool = True,
) -> tuple[TableRow, ...]:
    return tuple(
        TableRow(
            (
                wording.count(point.capacity),
                wording.percent(point.share),
                *_figures(pick(point), is_share=is_share),
            ),
            at_cut=point.capacity == evaluation.capacity,
        )
        for point in points
    )


def _figures(estimate: Estimate, *, is_share: bool) -> tuple[str, str]:
    if is_share:
        return wording.percent(estimate.value), wording.percent_range(estimate)
    return wording.number(estimate.value), wording.number_range(estimate)


def _thinned(points: Sequence[CapacityPoint], *, evaluation: Evaluation) -> list[CapacityPoint]:
    """About a dozen points spread evenly by rank, the cut always among them."""
    every = max(1, -(-len(points) // _ROWS_SHOWN))
    last = len(points) - 1
    return [
        point
        for place, point in enumerate(points)
        if (last - place) % every == 0 or point.capacity == evaluation.capacity
    ]
