"""The one door to OpenTelemetry: spans, metrics and log lines of the service and of pipelines, sent over OTLP/HTTP.

Nothing is sent unless the standard variables say where to: OTEL_EXPORTER_OTLP_ENDPOINT, or the one of a signal. What is
sent goes out on a thread of its own; a receiver that is away costs what was to be sent, and neither time nor an error.
"""

from affluence.adapters.telemetry.logs import Careful, where
from affluence.adapters.telemetry.names import Event, Key, Metric, SpanName
from affluence.adapters.telemetry.process import is_on, start, stop
from affluence.adapters.telemetry.recording import (
    Stages,
    carried,
    count,
    failed,
    gauge,
    leaf,
    level,
    measure,
    note,
    recording,
    span,
)

__all__ = [
    "Careful",
    "Event",
    "Key",
    "Metric",
    "SpanName",
    "Stages",
    "carried",
    "count",
    "failed",
    "gauge",
    "is_on",
    "leaf",
    "level",
    "measure",
    "note",
    "recording",
    "span",
    "start",
    "stop",
    "where",
]
