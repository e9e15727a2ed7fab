"""Charts as inline SVG: no style attributes, no view box; positions in per cent, colours from the tokens."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil, floor, log10
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from affluence_service.workbench.templatetags.words import whole

register = template.Library()

MOST_TICKS = 5
# From so far to the right a word of the chart stands before its place, not after it.
FAR = 0.85
# Round numbers beyond would stand in the way of the last one.
BEFORE_LAST = 0.8

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
def span_of(low: float, high: float, most: float) -> SafeString:
    """A range from zero to `most`, without a mark: nothing in it is likelier than the rest."""
    return format_html(
        '<svg class="track" height="20" aria-hidden="true"><line class="axis" x1="0%" x2="100%" y1="10" y2="10"/>'
        '<line class="l-candidate" x1="{0}%" x2="{1}%" y1="10" y2="10"/>'
        '<line class="l-candidate" x1="{0}%" x2="{0}%" y1="7" y2="13"/>'
        '<line class="l-candidate" x1="{1}%" x2="{1}%" y1="7" y2="13"/></svg>',
        f"{100 * low / (most or 1):.2f}",
        f"{100 * high / (most or 1):.2f}",
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
def waterfall(start: float, value: float, low: float, high: float) -> SafeString:
    """A bar that begins where the one above it ended, on a scale that all of them share; zero is a dotted line."""
    span = (high - low) or 1
    begin, end = sorted((start, start + value))
    return format_html(
        '<svg class="track" height="16" aria-hidden="true"><line class="zero" x1="{0}%" x2="{0}%" y1="0" y2="16"/>'
        '<rect class="{1}" x="{2}%" y="3" height="10" width="{3}%"/></svg>',
        f"{100 * -low / span:.2f}",
        "b-pos" if value >= 0 else "b-neg",
        f"{100 * (begin - low) / span:.2f}",
        f"{100 * (end - begin) / span:.2f}",
    )


@register.simple_tag
def parts_of(one: float, other: float) -> SafeString:
    """A group and the control group as the two parts of one bar."""
    share = 100 * other / ((one + other) or 1)
    return format_html(
        '<svg class="track" height="22" aria-hidden="true"><rect class="b-candidate" width="100%" height="22"/>'
        '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="f-control" width="2.5" height="5"/></pattern></defs>'
        '<rect class="hatched" width="{}%" height="22" fill="url(#hatch)"/></svg>',
        f"{share:.2f}",
    )


def ticks(most: float) -> list[float]:
    """Three to six round numbers from zero, of which the last is the first that is not below `most`."""
    if most <= 0:
        return [0, 1]
    decade: float = 10 ** floor(log10(most / 4))
    step = next(round_ * decade for round_ in (1, 2, 2.5, 5, 10) if most / (round_ * decade) <= MOST_TICKS)
    return [step * place for place in range(ceil(most / step - 1e-9) + 1)]


@register.simple_tag
def top_of(points: Sequence[Mapping[str, Any]]) -> float:
    """The number at the upper edge of the gain curve's picture."""
    return ticks(max((point["finds_high"] or point["finds"] or 0 for point in points), default=0))[-1]


@register.simple_tag
def gain_chart(points: Sequence[Mapping[str, Any]], contacts: int) -> SafeString:
    """The inside of the gain curve's picture.

    Round numbers at its edges, the curve within its interval or range, what choosing at random would find, dotted, and
    the cut with its number.
    """
    if not points:
        return SafeString()
    last, names = points[-1], ("finds_low", "finds_high")
    counted = last["finds"] is not None
    widest, up = last["contacts"], ticks(top_of(points))
    top = up[-1]

    def path(name: str, *, back: bool = False) -> str:
        dots = [(0.0, 100.0), *((100 * at["contacts"] / widest, 100 - 100 * at[name] / top) for at in points)]
        return "L".join(f"{x:.2f} {y:.2f}" for x, y in (reversed(dots) if back else dots))

    down = partial(_down, top=top)
    band = f"M{path('finds_low')}L{path('finds_high', back=True)}Z" if last["finds_low"] is not None else ""
    lines = ("finds",) if counted else names
    near = points[int(0.45 * len(points))]
    return format_html(
        '{grid}{across}<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">'
        '<path class="band" d="{band}"/>{edges}{curves}{chance}</svg>{words}'
        '<text class="halo" x="100%" dx="-4" y="{by_chance}" text-anchor="end">{random}</text>'
        "{cut}",
        grid=format_html_join(
            "",
            '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/><text x="-8" y="{}" dy="4" text-anchor="end">{}</text>',
            (("grid" if tick else "axis", *(down(tick),) * 3, whole(tick)) for tick in up),
        ),
        across=_across(widest),
        band=band,
        edges=format_html_join("", '<path class="edge" d="M{}"/>', ((path(name),) for name in names if band)),
        curves=format_html_join("", '<path class="l-candidate" d="M{}"/>', ((path(name),) for name in lines)),
        chance=format_html_join(
            "", '<path class="zero" d="M0 100L100 {}"/>', ((down(last[name]).rstrip("%"),) for name in lines)
        ),
        words=format_html_join(
            "",
            '<text class="strong halo" x="45%" y="{}" dy="-8" text-anchor="end">{}</text>',
            (
                (down(near[name]), said)
                for name, said in zip(
                    lines, [_("this ranking")] if counted else [_("at least"), _("at most")], strict=True
                )
            ),
        ),
        by_chance=down(0.68 * last[lines[-1]]),
        random=_("choosing at random"),
        cut=_cut_line(points, contacts, top=top),
    )


def _down(amount: float, *, top: float) -> str:
    """How far below the picture's upper edge an amount stands."""
    return f"{100 - 100 * amount / top:.2f}%"


def _cut_line(points: Sequence[Mapping[str, Any]], contacts: int, *, top: float) -> SafeString:
    """The cut with its number, and what may be expected there."""
    widest = points[-1]["contacts"]
    at_cut = next((point for point in points if point["contacts"] >= contacts), points[-1])
    far = contacts > FAR * widest
    return format_html(
        '<line class="cutline" id="cut-line" x1="{cut}" x2="{cut}" y1="0" y2="100%"/>'
        '<line class="cut-span" id="cut-span" x1="{cut}" x2="{cut}" y1="{low}" y2="{high}"/>'
        '<text class="strong halo" id="cut-label" x="{cut}" dx="{dx}" y="14" text-anchor="{anchor}">{number}</text>',
        cut=f"{100 * contacts / widest:.2f}%",
        low=_down(at_cut["finds_low"] or 0, top=top),
        high=_down(at_cut["finds_high"] or 0, top=top),
        number=whole(contacts),
        dx="-8" if far else "8",
        anchor="end" if far else "start",
    )


def _across(widest: int) -> SafeString:
    """The numbers below the curve: round ones, and the last there is."""
    steps = [tick for tick in ticks(widest) if tick < BEFORE_LAST * widest]
    # Every second one goes where there is little room.
    places = [
        (f"{100 * tick / widest:.2f}%", "roomy" if place % 2 else "", "middle" if tick else "start", whole(tick))
        for place, tick in enumerate(steps)
    ]
    return format_html_join(
        "",
        '<text x="{}" y="100%" dy="20" class="{}" text-anchor="{}">{}</text>',
        [*places, ("100%", "", "end", whole(widest))],
    )


@register.simple_tag
def segment_map(spots: Sequence[dict[str, Any]], places: dict[str, int]) -> SafeString:
    """Where the listed stand on the map of segments: a mark each, in its segment's shade."""
    across, up = _shares([spot["x"] for spot in spots]), _shares([spot["y"] for spot in spots])
    marks = format_html_join(
        "",
        '<circle class="spot-{}" cx="{}" cy="{}" r="3"/>',
        ((places.get(spot["segment"], 9), x, y) for spot, x, y in zip(spots, across, up, strict=True)),
    )
    return format_html('<svg class="map" height="320" aria-hidden="true">{}</svg>', marks)


def _shares(values: Sequence[float]) -> list[str]:
    """Where each value stands between the least and the greatest of them, with a margin."""
    least = min(values, default=0.0)
    widest = (max(values, default=0.0) - least) or 1
    return [f"{2 + 96 * (value - least) / widest:.1f}%" for value in values]
