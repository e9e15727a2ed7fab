"""A run and its nodes as OpenTelemetry is told of them."""

from threading import Barrier

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import node, pipeline
from kedro.runner import ThreadRunner
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


def test_nodes_that_run_at_once_in_threads_are_under_their_run_each_with_its_own_end(kept):
    together = Barrier(2, timeout=30)

    def wait(table):
        together.wait()
        return trace.get_current_span().get_span_context().span_id

    def fall(table):
        together.wait()
        raise ValueError(CUSTOMER)

    nodes = pipeline([node(wait, "table", "seen", name="wait"), node(fall, "table", "nothing", name="fall")])
    catalog = DataCatalog({"table": MemoryDataset(1), "seen": MemoryDataset(), "nothing": MemoryDataset()})
    telling, hooks = RunTelling(), _create_hook_manager()
    hooks.register(telling)
    telling.before_pipeline_run(pipeline=nodes)
    with pytest.raises(ValueError, match=CUSTOMER) as raised:
        ThreadRunner(max_workers=2).run(nodes, catalog, hook_manager=hooks)
    telling.on_pipeline_error(error=raised.value)
    spans = {span.attributes.get(Key.NODE, "run"): span for span in kept.get_finished_spans()}
    assert spans.keys() == {"wait", "fall", "run"}
    for name, is_ok in (("wait", True), ("fall", False)):
        assert spans[name].parent.span_id == spans["run"].context.span_id
        assert spans[name].context.trace_id == spans["run"].context.trace_id
        assert spans[name].status.is_ok == is_ok
        assert spans[name].end_time <= spans["run"].end_time
    assert catalog.load("seen") == spans["wait"].context.span_id
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
