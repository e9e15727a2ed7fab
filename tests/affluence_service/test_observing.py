"""What OpenTelemetry is told: one trace from a request through the queue to the last batch, and of no customer."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from benchmarks.load.receiver import VARIABLES, Received, attributes, counts, listening
from benchmarks.service.served import CONTRACT, Served, bank, prepare, served
from tests.deploy import elastic_documents
from tests.deploy.test_observability import saved_objects

from affluence.adapters.telemetry import Key, Metric, SpanName

pytestmark = pytest.mark.slow
# Planted where a careless line would pick it up: an id, a category, the file's name, a search.
CANARY = "canary7731"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Received, Mapping[str, Any]]:
    """What a service told of a table that was ranked, one that was refused and a search, and what it was asked."""
    project = tmp_path_factory.mktemp("observed") / "project"
    prepare(project, customers=2_000)
    good, bad = bank(project, 1_000), project / f"{CANARY}.csv"
    lines = good.read_text().splitlines()
    place = lines[0].split(",").index("C_ID")
    marked = lines[1].split(",")
    marked[place] = CANARY
    named = project / f"bank_{CANARY}.csv"
    named.write_text("\n".join([lines[0], ",".join(marked), *lines[2:]]))
    bad.write_text("\n".join([lines[0].replace("C_AGE", "AGE"), *lines[1:]]))
    with listening() as (address, received):
        os.environ.update({**VARIABLES, "OTEL_EXPORTER_OTLP_ENDPOINT": address})
        try:
            with served(project, project / "service") as service:
                run, _ = service.rank(named)
                with pytest.raises(SystemExit, match="refused"):
                    service.rank(bad)
                service.ask("GET", f"runs/{run}/candidates?customer_id={CANARY}")
                with pytest.raises(SystemExit, match="404"):
                    service.ask("GET", f"runs/{CANARY}")
                few = project / "few.csv"
                few.write_text("\n".join(lines[:20]))
                fail_at_training(service, few)
        finally:
            for name in (*VARIABLES, "OTEL_EXPORTER_OTLP_ENDPOINT"):
                os.environ.pop(name)
    return received, {"run": run}


def fail_at_training(service: Served, file: Path) -> None:
    """A job that fails: so few customers teach nobody."""
    dataset = service.upload(file)
    run = service.ask("POST", "runs", json.dumps({"kind": "train", "dataset": dataset}).encode())["id"]
    while (told := service.ask("GET", f"runs/{run}")["job"])["ended_at"] is None:
        time.sleep(0.2)
    assert told["state"] == "failed"


def spans(received: Received) -> list[Any]:
    return [
        span
        for message in received.traces
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_one_trace_leads_from_the_request_through_the_queue_to_the_batches(told: tuple[Received, Any]) -> None:
    found = spans(told[0])
    (job,) = [span for span in found if span.name == f"{SpanName.JOB} score"]
    trace = [span for span in found if span.trace_id == job.trace_id]
    by_id = {span.span_id: span for span in trace}
    assert by_id[job.parent_span_id].name == "POST api/v1/runs"
    stages = [span for span in trace if span.name.startswith(SpanName.STAGE)]
    names = [attributes(span.attributes)[Key.STAGE] for span in stages]
    assert {"Scoring", "Writing the result"} <= set(names)
    assert all(span.parent_span_id == job.span_id for span in stages)
    assert all(job.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in stages)
    assert any(span.events for span in stages)
    facts = attributes(job.attributes)
    assert facts[Key.ROWS] == 1_000
    assert (facts[Key.CONTRACT], facts[Key.MODEL_VERSION], facts[Key.JOB_STATE]) == (CONTRACT, "1", "done")
    assert any(span.name.startswith(SpanName.DATABASE) for span in trace)


def test_a_refused_table_is_a_job_that_is_done_and_a_missing_page_no_error(told: tuple[Received, Any]) -> None:
    answered = counts(told[0], Metric.REQUEST_SECONDS, (Key.METHOD, Key.ROUTE, Key.STATUS))
    assert answered["GET", "api/v1/runs/<uuid:id>/candidates", "200"] >= 2
    assert any(status == "404" for _, _, status in answered)
    assert not any(status == "500" for _, _, status in answered)


def test_jobs_rows_and_the_queue_are_counted(told: tuple[Received, Any]) -> None:
    received, _ = told
    rows = sum(point.as_int for metric in received.metric(Metric.ROWS_SCORED) for point in metric.sum.data_points)
    assert rows == 1_000
    ended = [
        (attributes(point.attributes)[Key.JOB_KIND], attributes(point.attributes)[Key.JOB_STATE])
        for metric in received.metric(Metric.JOBS_ENDED)
        for point in metric.sum.data_points
    ]
    assert ("score", "done") in ended
    assert list(received.metric(Metric.JOBS_WAITING))
    (level,) = {
        point.as_int or point.as_double for m in received.metric(Metric.STABILITY) for point in m.gauge.data_points
    }
    assert level in {0, 1, 2}


def test_log_lines_come_with_the_trace_that_they_belong_to(told: tuple[Received, Any]) -> None:
    lines = [
        record
        for message in told[0].logs
        for resource in message.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    assert any("job" in record.body.string_value for record in lines)


def test_no_value_and_no_id_of_a_customer_is_in_anything_that_was_sent(told: tuple[Received, Any]) -> None:
    received, _ = told
    for message in (*received.traces, *received.metrics, *received.logs):
        assert CANARY.encode() not in message.SerializeToString()
    known = {str(key) for key in Key}
    sent = {key for span in spans(received) for key in attributes(span.attributes)}
    assert sent <= known


ASKING = """
import django, logging
django.setup()
from django.test import Client
from affluence.adapters import telemetry
from affluence_service import observing
observing.begin("affluence-web")
asking = Client(SERVER_NAME="localhost")
print({asking.get("/api/v1/health").status_code for _ in range(50)}, telemetry.is_on(), flush=True)
logging.getLogger("affluence").warning("told")
telemetry.stop()
"""


def asked_for_and_not_sent(received: Received) -> set[str]:
    """The fields that Kibana asks for in vain."""
    sent = {
        view: {field for document in documents(received) for field in elastic_documents.fields(document)}
        for view, documents in (
            (saved_objects.TRACES, elastic_documents.of_traces),
            (saved_objects.METRICS, elastic_documents.of_metrics),
            (saved_objects.LOGS, elastic_documents.of_logs),
        )
    }
    return {field for view, field in saved_objects.fields_asked_for() if field not in sent[view]}


def test_every_field_that_kibana_asks_for_is_sent_and_sums_are_of_what_can_be_summed(
    told: tuple[Received, Any],
) -> None:
    received, _ = told
    assert asked_for_and_not_sent(received) == set()
    assert (counters := elastic_documents.counters(received))
    assert not counters & {field for _, field in saved_objects.fields_asked_for()}


@pytest.mark.parametrize("renamed", [Key.JOB_STATE, Key.STAGE, Key.ROUTE, Key.COLUMNS_MOVED])
def test_an_attribute_that_a_span_calls_otherwise_is_missed(told: tuple[Received, Any], renamed: Key) -> None:
    received, _ = told
    called_otherwise = deepcopy(received)
    for span in spans(called_otherwise):
        for attribute in span.attributes:
            attribute.key = attribute.key.replace(renamed, "renamed")
    assert asked_for_and_not_sent(called_otherwise) == {f"attributes.{renamed}"}


@pytest.mark.parametrize("answers", ["it refuses", "it listens and never answers"])
def test_a_receiver_that_is_away_fails_no_request_and_holds_no_process_up(tmp_path: Path, answers: str) -> None:
    with socket.socket() as receiver:
        receiver.bind(("127.0.0.1", 0))
        if answers == "it listens and never answers":
            receiver.listen(50)
        variables = os.environ | {
            "DJANGO_SETTINGS_MODULE": "affluence_service.settings",
            "AFFLUENCE_FOLDER": str(tmp_path),
            "AFFLUENCE_DEBUG": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.getsockname()[1]}",
        }
        asked = [sys.executable, "-c", ASKING]
        ran = subprocess.run(asked, env=variables, capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout == "{200} True\n"
