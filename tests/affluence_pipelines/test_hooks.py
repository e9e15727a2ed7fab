"""A run and its nodes as OpenTelemetry is told of them."""

import pytest
from kedro.pipeline import node, pipeline
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from affluence.adapters.telemetry import Key
from affluence_pipelines.hooks import RunTelling
from affluence_pipelines.settings import HOOKS

CUSTOMER = "C-4711"
FIRST = node(lambda table: table, "table", "kept", name="keep")
SECOND = node(lambda table: table, "kept", "told", name="tell")
BOTH = pipeline([FIRST, SECOND])
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def kept(monkeypatch) -> InMemorySpanExporter:
    """Every span that ended, kept here instead of being sent."""
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.delenv("TRACEPARENT", raising=False)
    return memory


def test_the_project_has_its_runs_told_of():
    assert any(isinstance(hook, RunTelling) for hook in HOOKS)


def test_nodes_are_under_their_run(kept):
    telling = RunTelling()
    telling.before_pipeline_run(pipeline=BOTH)
    for each in (FIRST, SECOND):
        telling.before_node_run(node=each)
        telling.after_node_run(node=each)
    telling.after_pipeline_run()
    first, second, run = kept.get_finished_spans()
    assert [span.attributes[Key.NODE] for span in (first, second)] == ["keep", "tell"]
    assert first.parent.span_id == second.parent.span_id == run.context.span_id
    assert run.parent is None
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_run_goes_on_under_the_span_of_who_began_it(kept, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-{SPAN}-01")
    telling = RunTelling()
    telling.before_pipeline_run(pipeline=BOTH)
    telling.after_pipeline_run()
    (run,) = kept.get_finished_spans()
    assert (f"{run.context.trace_id:032x}", f"{run.parent.span_id:016x}") == (TRACE, SPAN)


def test_a_node_that_fails_says_the_kind_of_error_and_not_its_words(kept):
    telling, error = RunTelling(), ValueError(f"{CUSTOMER} is below 0")
    telling.before_pipeline_run(pipeline=BOTH)
    telling.before_node_run(node=FIRST)
    telling.on_node_error(error=error, node=FIRST)
    telling.on_pipeline_error(error=error)
    for span in kept.get_finished_spans():
        assert span.attributes[Key.ERROR] == "ValueError"
        assert not span.status.is_ok
        assert CUSTOMER not in span.to_json()
