"""Spans as they are told: who is under whom, how they fail, and stages made of the core's progress."""

import logging

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from affluence import progress
from affluence.adapters import telemetry
from affluence.adapters.telemetry import Key


@pytest.fixture
def kept(monkeypatch) -> InMemorySpanExporter:
    """Every span that ended, kept here instead of being sent."""
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return memory


def by_name(kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in kept.get_finished_spans()}


def test_a_context_that_is_carried_is_the_parent_elsewhere(kept):
    with telemetry.span("here"):
        carried = telemetry.carried()
    with telemetry.span("there", parent=carried, kind="worker"):
        pass
    found = by_name(kept)
    assert found["there"].parent.span_id == found["here"].context.span_id
    assert found["there"].context.trace_id == found["here"].context.trace_id


def test_an_error_ends_a_span_by_its_kind_without_its_words(kept):
    with pytest.raises(ValueError, match="C-4711"), telemetry.span("one"):
        raise ValueError("C-4711")
    span = by_name(kept)["one"]
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes == {Key.ERROR: "ValueError"}
    assert "C-4711" not in span.to_json()


def test_progress_becomes_stages_with_their_parts(kept):
    logging.getLogger(progress.LOGGER_NAME).setLevel(logging.INFO)
    with telemetry.span("job"), telemetry.Stages().heard(progress.LOGGER_NAME):
        progress.report("Reading", done=0, total=2)
        progress.report("Reading", done=1, total=2)
        progress.report("Reading", done=2, total=2)
        progress.report("Scoring", done=0, total=1)
    stages = [span for span in kept.get_finished_spans() if span.name.startswith("stage ")]
    assert [span.attributes[Key.STAGE] for span in stages] == ["Reading", "Scoring"]
    assert [len(span.events) for span in stages] == [2, 0]
    assert {span.parent.span_id for span in stages} == {by_name(kept)["job"].context.span_id}
