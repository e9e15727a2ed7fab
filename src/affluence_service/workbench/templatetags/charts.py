"""Charts as inline SVG: no style attributes, no view box; positions in per cent, colours from the tokens."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

ICONS = {
    "done": "M3 8.5 6.5 12 13 4.5",
    "stop": "M4 4l8 8M12 4l-8 8",
    "clock": "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M8 4.5V8l2.5 1.5",
    "note": "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M8 7.2v4M8 4.7v.1",
    "lock": "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small picture that always stands beside its word."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="{}"/></svg>', ICONS[name]
    )


@register.simple_tag
def track(
    value: float, low: float, high: float, scale_low: float, scale_high: float, reference: float | None = None
) -> SafeString:
    """A line with end strokes and a mark on it: an estimate with its interval; dotted, a reference."""

    def at(number: float) -> str:
        return f"{100 * (number - scale_low) / ((scale_high - scale_low) or 1):.2f}%"

    dotted = (
        format_html('<line class="zero" x1="{0}" x2="{0}" y1="0" y2="20"/>', at(reference))
        if reference is not None
        else ""
    )
    return format_html(
        '<svg class="track" height="20" aria-hidden="true">'
        '<line class="axis" x1="0%" x2="100%" y1="10" y2="10"/>{dotted}'
        '<line class="l-candidate" x1="{low}" x2="{high}" y1="10" y2="10"/>'
        '<line class="l-candidate" x1="{low}" x2="{low}" y1="7" y2="13"/>'
        '<line class="l-candidate" x1="{high}" x2="{high}" y1="7" y2="13"/>'
        '<svg x="{value}" y="10"><path class="f-candidate s-bg" d="M0 -6L6 0L0 6L-6 0Z"/></svg></svg>',
        dotted=dotted,
        low=at(low),
        high=at(high),
        value=at(value),
    )


@register.simple_tag
def difference(value: float, low: float, high: float) -> SafeString:
    """An effect with its interval, about no effect in the middle, which is dotted."""
    most = 1.1 * max(abs(low), abs(high)) or 1
    return track(value, low, high, -most, most, 0)


@register.simple_tag
def bar(share: float, *, kind: str = "candidate", of: float = 1.0) -> SafeString:
    """A bar from zero, its length a share `of` the widest."""
    return format_html(
        '<svg class="track" height="12" aria-hidden="true">'
        '<rect class="f-{}" x="0" y="2" height="8" width="{}%"/></svg>',
        kind,
        f"{100 * max(0.0, min(1.0, float(share) / (of or 1))):.2f}",
    )


@register.simple_tag
def effect(value: float, most: float) -> SafeString:
    """A bar from the middle: to the right what speaks for, to the left what speaks against."""
    width = 50 * min(1.0, abs(value) / (most or 1))
    return format_html(
        '<svg class="track" height="16" aria-hidden="true"><line class="axis" x1="50%" x2="50%" y1="0" y2="16"/>'
        '<rect class="{}" x="{}%" y="3" height="10" width="{}%"/></svg>',
        "b-pos" if value >= 0 else "b-neg",
        f"{50 if value >= 0 else 50 - width:.2f}",
        f"{width:.2f}",
    )


@register.simple_tag
def gain_lines(points: Sequence[dict[str, Any]], most: float) -> SafeString:
    """The gain curve and the edges of its interval or range, as strokes: one a step, so that all of it stretches."""
    widest = points[-1]["contacts"] if points else 1

    def at(share: float) -> str:
        return f"{100 * share:.2f}%"

    def strokes(name: str, kind: str) -> SafeString:
        ends = pairwise([point for point in points if point[name] is not None])
        places = (
            (kind, *(at(number) for end in two for number in (end["contacts"] / widest, 1 - end[name] / (most or 1))))
            for two in ends
        )
        return format_html_join("", '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', places)

    edges = format_html("{}{}", strokes("finds_low", "edge"), strokes("finds_high", "edge"))
    return format_html("{}{}", edges, strokes("finds", "l-candidate"))


@register.simple_tag
def segment_map(spots: Sequence[dict[str, Any]], places: dict[str, int]) -> SafeString:
    """Where the listed stand on the map of segments: a mark each, in its segment's shade."""
    across, up = [spot["x"] for spot in spots], [spot["y"] for spot in spots]

    def share(value: float, values: Sequence[float]) -> str:
        return f"{2 + 96 * (value - min(values)) / ((max(values) - min(values)) or 1):.1f}%"

    marks = format_html_join(
        "",
        '<circle class="spot-{}" cx="{}" cy="{}" r="3"/>',
        ((places.get(spot["segment"], 9), share(spot["x"], across), share(spot["y"], up)) for spot in spots),
    )
    return format_html('<svg class="map" height="320" aria-hidden="true">{}</svg>', marks)
