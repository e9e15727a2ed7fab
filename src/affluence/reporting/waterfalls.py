"""Where one person's score comes from, as bars that start where the one above ends."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from affluence.data.visible_text import shortened
from affluence.reporting import wording
from affluence.reporting.tracks import Tick, axis_over

COLUMNS_SHOWN = 7


@dataclass(frozen=True)
class Step:
    """One bar, from `left` over `width` in per cent; the effect with its sign; `internal` may not be said aloud."""

    title: str
    effect: str
    left: float
    width: float
    internal: bool = False


@dataclass(frozen=True)
class Waterfall:
    """The steps from the usual candidate's score to this person's, and the axis they stand on."""

    start: str
    end: str
    steps: tuple[Step, ...]
    ticks: tuple[Tick, ...]


def waterfall(parts: Mapping[str, Any], *, titles: Mapping[str, str], internal: Collection[str]) -> Waterfall:
    """The waterfall of `parts`: base, output, and each column's share, in log-odds.

    The seven largest effects stand alone and the rest are added up, so that nothing is lost on the way.
    """
    effects = {name: float(value) for name, value in parts.items() if name not in {"row", "base", "output"}}
    strongest = sorted(effects, key=lambda name: -abs(effects[name]))
    steps = [(titles.get(name, shortened(name)), effects[name], name in internal) for name in strongest[:COLUMNS_SHOWN]]
    if rest := strongest[COLUMNS_SHOWN:]:
        more = "1 more column" if len(rest) == 1 else f"{wording.count(len(rest))} more columns"
        steps.append((more, sum(effects[name] for name in rest), False))
    ends = [float(parts["base"])]
    for _, effect, _ in steps:
        ends.append(ends[-1] + effect)
    axis = axis_over((), include=ends)
    bars = tuple(
        Step(
            title,
            _signed(effect),
            left=axis.place(min(before, after)),
            width=round(abs(axis.place(after) - axis.place(before)), 2),
            internal=hidden,
        )
        for (title, effect, hidden), before, after in zip(steps, ends[:-1], ends[1:], strict=True)
    )
    ticks = axis.ticks(lambda value: wording.number(value, decimals=1))
    return Waterfall(_plain(ends[0]), _plain(ends[-1]), bars, ticks)


def _signed(effect: float) -> str:
    text = wording.number(effect)
    return text if text.startswith(wording.MINUS) or effect <= 0 else f"+{text}"


def _plain(value: float) -> str:
    return wording.number(value)
