"""What came over OTLP as the documents that the Collector's Elasticsearch exporter writes (mapping mode `otel`).

Its form is that of the exporter's own examples: https://github.com/open-telemetry/opentelemetry-collector-contrib,
exporter/elasticsearchexporter/testdata/golden. Of metrics one document is made of each point; the exporter brings
points of equal attributes and time together, which changes no field.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.load.receiver import Received, attributes

KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUSES = ("Unset", "Ok", "Error")


def of_traces(received: Received) -> Iterator[Mapping[str, Any]]:
    """A document a span, and one an event of it."""
    for message in received.traces:
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    base = _base(resource, scope, span.start_time_unix_nano)
                    ids = {"trace_id": span.trace_id.hex(), "span_id": span.span_id.hex()}
                    yield (
                        base
                        | ids
                        | {
                            "parent_span_id": span.parent_span_id.hex(),
                            "name": span.name,
                            "kind": KINDS[span.kind],
                            "duration": span.end_time_unix_nano - span.start_time_unix_nano,
                            "status": {"code": STATUSES[span.status.code]},
                            "attributes": attributes(span.attributes),
                        }
                    )


def of_metrics(received: Received) -> Iterator[Mapping[str, Any]]:
    """A document a point."""
    for message in received.metrics:
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in getattr(metric, metric.WhichOneof("data")).data_points:
                        base = _base(resource, scope, point.time_unix_nano)
                        yield base | {
                            "unit": metric.unit,
                            "metrics": {metric.name: _value(point)},
                            "attributes": attributes(point.attributes),
                        }


def counters(received: Received) -> set[str]:
    """The fields of which Elasticsearch is told that they only rise, so that it makes no sum of them."""
    return {
        f"metrics.{metric.name}"
        for message in received.metrics
        for resource in message.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.WhichOneof("data") == "sum" and metric.sum.is_monotonic
    }


def of_logs(received: Received) -> Iterator[Mapping[str, Any]]:
    """A document a line."""
    for message in received.logs:
        for resource in message.resource_logs:
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    yield _base(resource, scope, record.time_unix_nano) | {
                        "severity_text": record.severity_text,
                        "severity_number": record.severity_number,
                        "trace_id": record.trace_id.hex(),
                        "span_id": record.span_id.hex(),
                        "attributes": attributes(record.attributes),
                        "body": {"text": record.body.string_value},
                    }


def fields(document: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The fields of a document, as Kibana calls them. A histogram is one field, and so is what is empty none."""
    for key, value in document.items():
        if isinstance(value, Mapping) and "counts" not in value:
            yield from fields(value, f"{above}{key}.")
        elif value not in ("", None):
            yield f"{above}{key}"


def _base(resource: Any, scope: Any, nanoseconds: int) -> dict[str, Any]:
    return {
        "@timestamp": f"{nanoseconds / 1e6}",
        "resource": {"attributes": attributes(resource.resource.attributes)},
        "scope": {"name": scope.scope.name},
    }


def _value(point: Any) -> Any:
    if hasattr(point, "bucket_counts"):
        return {"counts": list(point.bucket_counts), "values": list(point.explicit_bounds)}
    return point.as_int or point.as_double
