"""The curves of an evaluation as Plotly figures, in the light colours of the page's tokens.

Shares are drawn in per cent. A figure names its colours by role: drawn alone it is light; the report's page
exchanges each colour for the token of the same role, so that one figure serves both themes.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go

from affluence.evaluation.results import CapacityPoint, Estimate, Evaluation, Reliability
from affluence.reporting import wording

ROLES = (
    *("bg", "ink", "ink-2", "ink-3", "line-strong", "grid"),
    *("affluent", "affluent-soft", "candidate", "candidate-soft", "normal"),
)
PERCENT = f"{wording.THIN_SPACE}%"
# How far the detailed curves look: enough to see what three times the calls would bring.
CAPACITIES_SHOWN = 3

_LIGHT_COLOUR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),")


@cache
def palette() -> dict[str, str]:
    """The light colour of every role that a figure uses, as `#rrggbb`."""
    tokens = (files("affluence.reporting") / "templates" / "tokens.css").read_text(encoding="utf-8")
    colours = dict(_LIGHT_COLOUR.findall(tokens))
    return {role: colours[role] for role in ROLES}


def figures_page(evaluation: Evaluation, *, simulated: bool) -> str:
    """The five figures of an evaluation on one HTML page that opens offline; a made bank's page says SIMULATED."""
    drawn = {
        "Share of the tagged affluent found": recall_figure(evaluation),
        "Share of the list that is tagged affluent": precision_figure(evaluation),
        "Gain over the whole table": gain_figure(evaluation),
        "Lift over the whole table": lift_figure(evaluation),
        "Reliability of the labelled probability": reliability_figure(evaluation.reliability),
    }
    mark = "SIMULATED: " if simulated else ""
    parts = [
        figure.update_layout(title={"text": f"{mark}{title}"}, margin={"t": 60}).to_html(
            full_html=False, include_plotlyjs=not place, default_height="26rem"
        )
        for place, (title, figure) in enumerate(drawn.items())
    ]
    return f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{mark}Figures</title>{''.join(parts)}</html>"


def recall_figure(evaluation: Evaluation) -> go.Figure:
    """The share of the tagged affluent found by list length, in per cent, with its interval and the cut."""
    points = near_the_cut(evaluation)
    figure = _curve([0, *(point.capacity for point in points)], [_NOBODY, *(point.recall for point in points)])
    return _around_the_cut(figure, evaluation)


def precision_figure(evaluation: Evaluation) -> go.Figure:
    """The share of the list that is tagged affluent by list length, in per cent, with interval and cut."""
    points = near_the_cut(evaluation)
    figure = _curve([point.capacity for point in points], [point.precision for point in points])
    at_random = 100 * evaluation.tagged / max(1, evaluation.rows)
    _reference(figure, x=(0, _longest(evaluation)), y=(at_random, at_random), text="At random", at=0.7)
    return _around_the_cut(figure, evaluation)


def near_the_cut(evaluation: Evaluation) -> list[CapacityPoint]:
    """The points of the curve up to three times the capacity; all of them where none is that near."""
    near = [point for point in evaluation.curve if point.capacity <= CAPACITIES_SHOWN * evaluation.capacity]
    return near or list(evaluation.curve)


def gain_figure(evaluation: Evaluation) -> go.Figure:
    """Cumulative gain over the whole table, in per cent, between the best possible order and a random one."""
    shares = [0.0, *(100 * point.share for point in evaluation.curve)]
    figure = _curve(shares, [_NOBODY, *(point.recall for point in evaluation.curve)])
    tagged_share = 100 * evaluation.tagged / max(1, evaluation.rows)
    _reference(figure, x=(0, 100), y=(0, 100), text="At random", at=0.6, below=True)
    _reference(figure, x=(0, tagged_share, 100), y=(0, 100, 100), text="Best possible", at=0.45)
    figure.update_yaxes(range=[0, 104], ticksuffix=PERCENT)
    return _whole_table(figure, evaluation)


def lift_figure(evaluation: Evaluation) -> go.Figure:
    """How many times as many tagged as a random list of the same length holds, over the whole table."""
    shares = [100 * point.share for point in evaluation.curve]
    figure = _curve(shares, [point.lift for point in evaluation.curve], is_share=False)
    _reference(figure, x=(0, 100), y=(1, 1), text="At random", at=0.4)
    highest = max((point.lift.high for point in evaluation.curve), default=1.0)
    figure.update_yaxes(range=[0, 1.08 * max(1.0, highest)])
    return _whole_table(figure, evaluation)


def reliability_figure(reliability: Reliability) -> go.Figure:
    """The share tagged beside the labelled probability, in per cent, by groups of customers with intervals.

    Groups under ten customers are left out.
    """
    groups = [group for group in reliability.bins if group.customers >= wording.SMALLEST_GROUP]
    ends = [end for group in groups for end in (group.predicted, group.observed.high)]
    highest = min(100.0, 106 * max(ends, default=1.0))
    figure = empty_figure()
    _reference(figure, x=(0, highest), y=(0, highest), text="As predicted", at=0.6, below=True)
    colours = palette()
    figure.add_trace(
        go.Scatter(
            x=[100 * group.predicted for group in groups],
            y=[100 * group.observed.value for group in groups],
            error_y={
                "array": [100 * (group.observed.high - group.observed.value) for group in groups],
                "arrayminus": [100 * (group.observed.value - group.observed.low) for group in groups],
                "color": colours["affluent"],
                "thickness": 1.5,
                "width": 4,
            },
            customdata=[wording.count(group.customers) for group in groups],
            mode="markers",
            marker={"color": colours["affluent"], "size": 8, "line": {"color": colours["bg"], "width": 1.5}},
            hovertemplate=f"predicted %{{x:.1f}}{PERCENT}<br>tagged %{{y:.1f}}{PERCENT}"
            "<br>%{customdata} customers<extra></extra>",
        )
    )
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[0, highest], ticksuffix=PERCENT, showgrid=True)
    figure.update_yaxes(range=[0, highest], ticksuffix=PERCENT)
    return figure


def _around_the_cut(figure: go.Figure, evaluation: Evaluation) -> go.Figure:
    draw_cut(figure, at=evaluation.capacity, text=wording.count(evaluation.capacity))
    highest = max((max(trace.y, default=0) for trace in figure.data), default=0)
    figure.update_yaxes(range=[0, min(104, 1.1 * highest) or 1], ticksuffix=PERCENT)
    figure.update_xaxes(range=[0, _longest(evaluation)], tickformat=",")
    return figure


def _whole_table(figure: go.Figure, evaluation: Evaluation) -> go.Figure:
    draw_cut(
        figure,
        at=100 * evaluation.capacity_share,
        text=wording.percent(evaluation.capacity_share, decimals=0),
    )
    figure.update_xaxes(range=[0, 100], ticksuffix=PERCENT)
    return figure


def _longest(evaluation: Evaluation) -> int:
    return max([evaluation.capacity, 1, *(point.capacity for point in near_the_cut(evaluation))])


def _curve(x: Sequence[float], estimates: Sequence[Estimate], *, is_share: bool = True) -> go.Figure:
    """The figure with one curve in the colour of the tagged, its interval as a band under it."""
    colours = palette()
    scale, shown, unit = (100, ".1f", PERCENT) if is_share else (1, ".2f", "")
    lows = [scale * estimate.low for estimate in estimates]
    highs = [scale * estimate.high for estimate in estimates]
    band: dict[str, Any] = {"mode": "lines", "line": {"color": colours["affluent-soft"], "width": 0}}
    figure = empty_figure()
    figure.add_trace(go.Scatter(x=x, y=lows, hoverinfo="skip", **band))
    figure.add_trace(
        go.Scatter(x=x, y=highs, hoverinfo="skip", fill="tonexty", fillcolor=colours["affluent-soft"], **band)
    )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=[scale * estimate.value for estimate in estimates],
            customdata=list(zip(lows, highs, strict=True)),
            mode="lines",
            line={"color": colours["affluent"], "width": 2},
            hovertemplate=f"%{{y:{shown}}}{unit} (%{{customdata[0]:{shown}}} to %{{customdata[1]:{shown}}})"
            "<extra></extra>",
        )
    )
    return figure


def _reference(
    figure: go.Figure,
    *,
    x: tuple[float, ...],
    y: tuple[float, ...],
    text: str,
    at: float,
    below: bool = False,
) -> None:
    """Add a dotted line with its name at the share `at` of its last stretch, above or below the line."""
    colours = palette()
    line = {"color": colours["normal"], "width": 1.5, "dash": "dot"}
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip"))
    figure.add_annotation(
        x=x[-2] + at * (x[-1] - x[-2]),
        y=y[-2] + at * (y[-1] - y[-2]),
        text=text,
        showarrow=False,
        xanchor="left",
        xshift=8,
        yanchor="top" if below else "bottom",
        font={"color": colours["ink-3"], "size": 12},
    )


def draw_cut(figure: go.Figure, *, at: float, text: str) -> None:
    """Add the cut: the same solid ink line in every chart, its value above it."""
    ink = palette()["ink"]
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line={"color": ink, "width": 2})
    figure.add_annotation(
        x=at,
        y=1,
        yref="paper",
        text=f"<b>{text}</b>",
        showarrow=False,
        xanchor="center",
        yanchor="bottom",
        font={"color": ink, "size": 13},
    )


def empty_figure() -> go.Figure:
    """A figure without marks: transparent ground, faint grid, no frame, no legend."""
    colours = palette()
    axis = {
        "gridcolor": colours["grid"],
        "linecolor": colours["line-strong"],
        "tickfont": {"color": colours["ink-3"], "size": 12},
        "zeroline": False,
        "fixedrange": True,
        "nticks": 7,
    }
    return go.Figure(
        layout={
            "template": "none",
            "height": 290,
            "margin": {"l": 52, "r": 24, "t": 26, "b": 30},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": colours["ink-2"], "size": 12},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "x",
            "hoverlabel": {
                "bgcolor": colours["ink"],
                "bordercolor": colours["ink"],
                "font": {"color": colours["bg"]},
            },
            "xaxis": {**axis, "showgrid": False, "showline": True},
            "yaxis": axis,
        }
    )


# Where every curve of shares found starts: nobody listed, nobody found.
_NOBODY = Estimate(value=0.0, low=0.0, high=0.0, assumption="by definition")
