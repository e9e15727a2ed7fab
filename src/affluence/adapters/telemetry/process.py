"""Telemetry of one process: begun once by it, ended with it. One that parts from another begins after that.

The variables are OpenTelemetry's own. Beside OTLP, metrics can be shown for Prometheus, by
OTEL_METRICS_EXPORTER=prometheus: each process then listens on the first free port from OTEL_EXPORTER_PROMETHEUS_PORT
on, since each has its own counts.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber

from affluence.adapters.telemetry.logs import fault_of, said
from affluence.adapters.telemetry.names import Key

SIGNALS = ("TRACES", "METRICS", "LOGS")
# How many ports are tried for Prometheus, one a process.
PORTS = 32
LAST_SECONDS = 2.0
SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
_logger = logging.getLogger(__name__)
_started: list[Any] = []


def is_on(variables: Mapping[str, str] = os.environ) -> bool:
    """Whether the variables ask for any signal."""
    return any(_exporter(signal, variables) != "none" for signal in SIGNALS)


def start(service: str, *, version: str, counts: bool = True, variables: Mapping[str, str] = os.environ) -> None:
    """Begin to send what this process tells, as `service` unless OTEL_SERVICE_NAME says otherwise; once.

    A process that counts nothing (`counts`) sends no metrics. Nothing happens where the variables ask for nothing.
    """
    if _started or not is_on(variables):
        return
    from opentelemetry.sdk.resources import Resource

    resource = Resource.create(
        {"service.name": variables.get("OTEL_SERVICE_NAME") or service, "service.version": version,
         "service.instance.id": f"{socket.gethostname()}-{os.getpid()}"}
    )  # fmt: skip
    if _exporter("TRACES", variables) == "otlp":
        _start_traces(resource)
    if counts and (shown := _exporter("METRICS", variables)) != "none":
        _start_metrics(resource, variables, shown=shown)
    if _exporter("LOGS", variables) == "otlp":
        _start_logs(resource)
    _logger.info("telemetry is on")


def stop() -> None:
    """Send what is left, within `LAST_SECONDS`: a receiver that is away holds nobody up."""
    ending = [threading.Thread(target=provider.shutdown, daemon=True) for provider in _started]
    _started.clear()
    for one in ending:
        one.start()
    until = time.monotonic() + LAST_SECONDS
    for one in ending:
        one.join(max(0.0, until - time.monotonic()))


def _exporter(signal: str, variables: Mapping[str, str]) -> str:
    """`otlp`, `prometheus` or `none`: what the variables ask for a signal."""
    if variables.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return "none"
    addressed = variables.get("OTEL_EXPORTER_OTLP_ENDPOINT") or variables.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    asked = variables.get(f"OTEL_{signal}_EXPORTER", "otlp").strip().lower()
    if signal == "METRICS" and asked == "prometheus":
        return asked
    return "otlp" if asked == "otlp" and addressed else "none"


def _start_traces(resource: Any) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _started.append(provider)


def _start_metrics(resource: Any, variables: Mapping[str, str], *, shown: str) -> None:
    from opentelemetry.sdk.metrics import MeterProvider

    if shown == "prometheus":
        from opentelemetry.exporter.prometheus import PrometheusMetricReader

        reader: Any = PrometheusMetricReader()
        _listen(variables)
    else:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = MeterProvider([reader], resource)
    metrics.set_meter_provider(provider)
    _started.append(provider)


def _listen(variables: Mapping[str, str]) -> None:
    """Show metrics on the first free port; without one they are not shown, and the log says so."""
    from prometheus_client import start_http_server

    host = variables.get("OTEL_EXPORTER_PROMETHEUS_HOST", "localhost")
    first = int(variables.get("OTEL_EXPORTER_PROMETHEUS_PORT", "9464"))
    for port in range(first, first + PORTS):
        try:
            start_http_server(port, host)
        except OSError:
            continue
        _logger.info("metrics are shown on port %d", port)
        return
    _logger.warning("no port from %d to %d is free: metrics of this process are not shown", first, first + PORTS - 1)


def _start_logs(resource: Any) -> None:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider(resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    _logs.set_logger_provider(provider)
    logging.getLogger().addHandler(_Sending())
    _started.append(provider)


@cache
def _logger_of(name: str) -> Logger:
    return _logs.get_logger(name)


class _Sending(logging.Handler):
    """Sends log lines as `logs` writes them; not those of who sends them, which would be sent in turn."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("opentelemetry", "urllib3", "requests")):
            return
        _logger_of(record.name).emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                severity_text=record.levelname,
                severity_number=SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
                body=said(record),
                attributes={str(Key.LOGGER): record.name} | fault_of(record),
            )
        )
