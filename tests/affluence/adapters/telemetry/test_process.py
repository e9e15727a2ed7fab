"""When telemetry is on, and for which signal."""

import pytest

from affluence.adapters import telemetry

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "affluence"}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, False),
        (ENDPOINT | {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}, False),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, False),
    ],
)
def test_the_standard_variables_say_whether_it_is_on(variables, on):
    assert telemetry.is_on(variables) is on


def test_without_them_telling_costs_nothing_and_breaks_nothing():
    telemetry.start("test", version="1", variables={})
    with telemetry.span("one", {telemetry.Key.ROWS: 3}):
        assert not telemetry.recording()
        assert telemetry.carried() == {}
        telemetry.note({telemetry.Key.ROWS: 4})
        telemetry.count(telemetry.Metric.ROWS_SCORED, 1, {})
        telemetry.measure(telemetry.Metric.REQUEST_SECONDS, 0.1, {})
        telemetry.level(telemetry.Metric.STABILITY, 1, {})
    telemetry.stop()
