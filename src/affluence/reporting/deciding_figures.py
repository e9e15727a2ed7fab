"""The figures of deciding: the gain curve with the cut on it, and the map of the segments."""

from collections.abc import Mapping

import plotly.graph_objects as go
import polars as pl

from affluence.reporting import figures

# Told apart by shape, since colour says candidate; as many as segments can be.
SHAPES = ("circle", "diamond", "square-open", "triangle-up", "cross-thin-open", "star-open")


def cut_figure(curve: pl.DataFrame, *, contacts: int) -> go.Figure:
    """The affluent expected by list length: a curve in its interval, or a band alone where a range is all there is."""
    colours = figures.palette()
    band = {"mode": "lines", "line": {"color": colours["candidate-soft"], "width": 0}, "hoverinfo": "skip"}
    x = [0, *curve["contacts"]]
    lows, highs = ([0.0, *curve[name].round(1)] for name in ("finds_low", "finds_high"))
    figure = figures.empty_figure()
    figure.add_trace(go.Scatter(x=x, y=lows, **band))
    figure.add_trace(go.Scatter(x=x, y=highs, fill="tonexty", fillcolor=colours["candidate-soft"], **band))
    if curve["finds"].null_count() < curve.height:
        line = {"color": colours["candidate"], "width": 2}
        finds = [0.0, *curve["finds"].round(1)]
        figure.add_trace(
            go.Scatter(x=x, y=finds, mode="lines", line=line, hovertemplate="%{y:,.0f} expected<extra></extra>")
        )
    figures.draw_cut(figure, at=contacts, text=f"{contacts:,}")
    figure.update_xaxes(range=[0, max(x)], tickformat=",")
    figure.update_yaxes(range=[0, 1.06 * max(1.0, *highs)], tickformat=",")
    return figure


def map_figure(places: pl.DataFrame, *, numbers: Mapping[str, int]) -> go.Figure:
    """Where the listed stand (x, y), each segment in its shape with its number at its middle."""
    colours = figures.palette()
    figure = figures.empty_figure()
    for place, ((name,), people) in enumerate(sorted(places.group_by("segment"), key=lambda group: str(group[0]))):
        marker = {"symbol": SHAPES[place % len(SHAPES)], "size": 6, "opacity": 0.5, "color": colours["candidate"]}
        figure.add_trace(
            go.Scatter(
                x=people["x"].round(2).to_list(),
                y=people["y"].round(2).to_list(),
                mode="markers",
                marker=marker,
                hoverinfo="skip",
            )
        )
        figure.add_annotation(
            x=people["x"].median(),
            y=people["y"].median(),
            text=f"<b>{numbers[str(name)]}</b>",
            showarrow=False,
            font={"color": colours["ink"], "size": 15},
            bgcolor=colours["bg"],
        )
    figure.update_layout(height=420, hovermode=False)
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    return figure
