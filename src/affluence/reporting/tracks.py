"""Where marks and intervals stand on the small charts inside tables, in per cent of the column's width."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from affluence.evaluation.results import Estimate

_NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis; `anchor` keeps the outer labels inside the column."""

    at: float
    text: str
    anchor: str


@dataclass(frozen=True)
class Mark:
    """An estimate on an axis: its place and the places of its interval's ends."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Axis:
    """A straight scale from `low` to `high` that a table column carries in its head."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        """Where a value stands, in per cent of the width; values outside stand at the edge."""
        return round(100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 2)

    def mark(self, estimate: Estimate) -> Mark:
        """Where an estimate and its interval stand."""
        return Mark(self.place(estimate.value), self.place(estimate.low), self.place(estimate.high))

    def ticks(self, text: Callable[[float], str]) -> tuple[Tick, ...]:
        """The axis labels at every step, written by `text`."""
        steps = round((self.high - self.low) / self.step)
        places = [self.low + step * self.step for step in range(steps + 1)]
        return tuple(Tick(self.place(value), text(value), _anchor(self.place(value))) for value in places)


def axis_over(estimates: Iterable[Estimate], *, include: Sequence[float] = ()) -> Axis:
    """The smallest axis with round ends that holds every interval and the values to `include`."""
    ends = [value for estimate in estimates for value in (estimate.low, estimate.high, estimate.value)]
    finite = [value for value in (*ends, *include) if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.01, high + 0.01
    step = _nice_step((high - low) / 4)
    return Axis(low=math.floor(low / step + 1e-9) * step, high=math.ceil(high / step - 1e-9) * step, step=step)


def _nice_step(raw: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(step * magnitude for step in _NICE_STEPS if step * magnitude >= raw * (1 - 1e-9))


def _anchor(place: float) -> str:
    return "start" if place <= 0 else "end" if place >= 100 else "middle"
