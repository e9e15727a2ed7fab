"""What Prometheus fetches: each process shows its own counts on a port of its own, and they add up."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.error import URLError
from urllib.request import urlopen

import pytest

COUNTING = """
import sys
from affluence.adapters import telemetry
telemetry.start("affluence-web", version="1", counts=sys.argv[1] == "counts")
for _ in range(int(sys.argv[2])):
    telemetry.measure(telemetry.Metric.REQUEST_SECONDS, 0.01, {telemetry.Key.ROUTE: "runs"})
print("told", flush=True)
sys.stdin.read()
"""
COUNT = re.compile(r"^http_server_request_duration_seconds_count\{.*http_route=\"runs\".*\} (\S+)$", re.MULTILINE)


@pytest.fixture
def port() -> int:
    """A port that is free, with free ones behind it in all likelihood."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def counting(port: int, counts: str, requests: int) -> Iterator[None]:
    told = {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": str(port)}
    bare = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    with subprocess.Popen(
        [sys.executable, "-c", COUNTING, counts, str(requests)],
        env=bare | told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "told\n"
        yield


def shown(port: int) -> tuple[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        text = page.read().decode()
    (instance,) = re.findall(r'^target_info\{.*service_instance_id="([^"]+)"', text, flags=re.MULTILINE)
    (count,) = COUNT.findall(text)
    return instance, float(count)


def test_two_processes_show_their_counts_apart(port):
    with ExitStack() as both:
        for requests in (2, 3):
            both.enter_context(counting(port, "counts", requests))
        found = [shown(port), shown(port + 1)]
    assert [count for _, count in found] == [2, 3]
    assert len({instance for instance, _ in found}) == 2


def test_a_process_that_counts_nothing_takes_no_port(port):
    with counting(port, "nothing", 1), pytest.raises(URLError):
        shown(port)
