"""An OTLP/HTTP receiver: keeps what a service tells of itself, and counts the requests that it says it answered."""

import gzip
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SIGNALS: Mapping[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
# The service is told to send what came since it last sent, so that parts add up over processes and restarts.
VARIABLES = {
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
    "OTEL_METRIC_EXPORT_INTERVAL": "2000",
}


@dataclass
class Received:
    """The messages that came, in their order; traces, metrics and logs apart."""

    traces: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        """Keep a message. Errors: KeyError for a path that is none of OTLP's, DecodeError for another's bytes."""
        kept = {"/v1/traces": self.traces, "/v1/metrics": self.metrics, "/v1/logs": self.logs}[path]
        kept.append(SIGNALS[path].FromString(body))

    def metric(self, name: str) -> Iterator[Any]:
        """Every metric of that name that came."""
        for message in self.metrics:
            for resource in message.resource_metrics:
                for scope in resource.scope_metrics:
                    yield from (metric for metric in scope.metrics if metric.name == name)


@dataclass(frozen=True)
class Histogram:
    """How many took how long: counts by bucket, `bounds` between them, in the unit that was sent."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]

    def bucket_of_quantile(self, share: float) -> int:
        """The bucket in which that share of all is reached."""
        wanted, seen = share * sum(self.counts), 0
        for place, count in enumerate(self.counts):
            seen += count
            if seen >= wanted:
                return place
        return len(self.counts) - 1

    def bucket_of(self, value: float) -> int:
        """The bucket in which the value lies; a bound belongs to the bucket below it."""
        return sum(value > bound for bound in self.bounds)


def attributes(keyed: Any) -> dict[str, Any]:
    """The attributes of a point, a span or a resource, as plain values."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value") for each in keyed}


def points(received: Received, metric: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every point of a histogram, with its attributes. Errors: ValueError where it is not what came since the last."""
    for sent in received.metric(metric):
        if sent.histogram.aggregation_temporality != 1:
            raise ValueError(f"{metric} was not sent as what came since the last; such points do not add up.")
        for point in sent.histogram.data_points:
            yield attributes(point.attributes), point


def counts(received: Received, metric: str, by: tuple[str, ...]) -> Mapping[tuple[str, ...], int]:
    """How many a histogram counted, by the values of those attributes."""
    found: Counter[tuple[str, ...]] = Counter()
    for told, point in points(received, metric):
        found[tuple(str(told.get(name, "")) for name in by)] += point.count
    return found


def histogram(received: Received, metric: str, *, leaving_out: Mapping[str, frozenset[str]]) -> Histogram:
    """All points of a histogram as one, without those whose attributes have a value that is to be left out.

    Errors: ValueError where nothing came, or buckets differ.
    """
    kept = [
        point
        for told, point in points(received, metric)
        if not any(str(told.get(name)) in values for name, values in leaving_out.items())
    ]
    bounds = {tuple(point.explicit_bounds) for point in kept}
    if len(bounds) != 1:
        raise ValueError(f"{metric} came with {len(bounds)} sets of buckets; one was wanted.")
    columns = zip(*(point.bucket_counts for point in kept), strict=True)
    return Histogram(bounds.pop(), tuple(sum(column) for column in columns))


@contextmanager
def listening() -> Iterator[tuple[str, Received]]:
    """The address of a receiver on loopback, and what it received, while the block runs."""
    received, lock = Received(), threading.Lock()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            with lock:
                received.take(self.path, plain)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing of each message."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()
