"""Spans and figures as code tells them. Without a start of telemetry each of these does next to nothing."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Observation
from opentelemetry.metrics import _Gauge as Gauge
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider

from affluence.adapters.telemetry.names import BOUNDS, MEANINGS, UNITS, Event, Key, Metric, SpanName

Value = str | int | float | bool
Attributes = Mapping[Key, Any]

SCOPE = "affluence"
KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "worker": SpanKind.CONSUMER,
}


@contextmanager
def span(
    name: str, attributes: Attributes | None = None, *, kind: str = "internal", parent: Mapping[str, str] | None = None
) -> Iterator[Span]:
    """A span while the block runs, under the current one, or under `parent`, a context that `carried` gave.

    An error ends it as failed, by the error's kind: its words may name customers.
    """
    under = propagate.extract(dict(parent)) if parent else None
    with _tracer().start_as_current_span(
        name, under, KINDS[kind], _plain(attributes), record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            failed(opened, type(error).__name__)
            raise


def leaf(name: str, attributes: Attributes) -> Span:
    """A span under the current one that has nothing under it, cheaper than `span`; whoever opens it calls its `end`."""
    return _tracer().start_span(name, None, KINDS["client"], _plain(attributes))


def failed(opened: Span, kind: str) -> None:
    """Mark a span as failed with an error of that kind."""
    opened.set_attribute(Key.ERROR, kind)
    opened.set_status(Status(StatusCode.ERROR))


def note(attributes: Attributes) -> None:
    """Say more of the current span."""
    trace.get_current_span().set_attributes(_plain(attributes))


def recording() -> bool:
    """Whether a span is open here that will be sent."""
    return trace.get_current_span().is_recording()


def carried() -> dict[str, str]:
    """The current span's context, to be kept with work that another process does (W3C Trace Context); maybe empty."""
    told: dict[str, str] = {}
    propagate.inject(told)
    return told


def count(metric: Metric, amount: int, attributes: Attributes) -> None:
    """Add to a count."""
    _counter(metric).add(amount, _plain(attributes))


def measure(metric: Metric, value: float, attributes: Attributes) -> None:
    """Add a value to a histogram, with the current span as its example."""
    _histogram(metric).record(value, _plain(attributes))


def level(metric: Metric, value: float, attributes: Attributes) -> None:
    """Say where a figure stands now."""
    _level(metric).set(value, _plain(attributes))


def gauge(metric: Metric, look: Callable[[], Iterable[tuple[float, Attributes]]]) -> None:
    """Have a figure read whenever metrics are sent; what cannot be read then is left out."""

    def observe(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, _plain(attributes)) for value, attributes in look()]

    metrics.get_meter(SCOPE).create_observable_gauge(metric, [observe], UNITS[metric], MEANINGS[metric])


class Stages(logging.Handler):
    """Makes spans of the core's progress: a stage each, whose parts are events, under the span in which it was made."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._under = context.get_current()
        self._stage = ""
        self._open: Span = trace.INVALID_SPAN

    def emit(self, record: logging.LogRecord) -> None:
        """Take one step of progress."""
        stage = str(getattr(record, "stage", ""))
        if not stage:
            return
        done, total = record.__dict__["done"], record.__dict__["total"]
        if stage != self._stage:
            self.end()
            self._open = _tracer().start_span(f"{SpanName.STAGE} {stage}", self._under, attributes={Key.STAGE: stage})
            self._stage = stage
        if done:
            self._open.add_event(Event.BATCH, {Key.DONE: done, Key.TOTAL: total})
        if done >= total:
            self.end()

    def end(self) -> None:
        """Close the stage that is open, if one is."""
        self._open.end()
        self._stage, self._open = "", trace.INVALID_SPAN

    def heard(self, channel: str) -> AbstractContextManager[None]:
        """Listen to a logger while the block runs."""
        return _heard(self, logging.getLogger(channel))


@contextmanager
def _heard(stages: Stages, channel: logging.Logger) -> Iterator[None]:
    channel.addHandler(stages)
    try:
        yield
    finally:
        channel.removeHandler(stages)
        stages.end()


def _tracer() -> Tracer:
    return _tracer_of(trace.get_tracer_provider())


@cache
def _tracer_of(provider: TracerProvider) -> Tracer:
    return provider.get_tracer(SCOPE)


@cache
def _counter(metric: Metric) -> Counter:
    return metrics.get_meter(SCOPE).create_counter(metric, UNITS[metric], MEANINGS[metric])


@cache
def _level(metric: Metric) -> Gauge:
    return metrics.get_meter(SCOPE).create_gauge(metric, UNITS[metric], MEANINGS[metric])


@cache
def _histogram(metric: Metric) -> Histogram:
    return metrics.get_meter(SCOPE).create_histogram(
        metric, UNITS[metric], MEANINGS[metric], explicit_bucket_boundaries_advisory=BOUNDS[metric]
    )


def _plain(attributes: Attributes | None) -> dict[str, Value]:
    return {str(key): value for key, value in (attributes or {}).items()}
