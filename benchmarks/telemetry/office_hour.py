"""A process of the benchmark: does the same work whenever it is asked to, and says what processor time that took.

Requests go through all of the service's own layers, and a table is scored by the code that a worker runs. What is to be
sent is sent before the time is taken, so that none of it falls into a pause.
"""

import itertools
import sys
import time
from collections.abc import Mapping
from typing import Any

import django
from opentelemetry import _logs, metrics, trace

PAGES = ("runs", "runs/{run}", "runs/{run}/candidates", "runs/{run}/candidates/1", "runs/{run}/capacity?contacts=300")
ROUNDS = 8


def main() -> None:
    """Work once for each line that is read, and answer with seconds of processor time."""
    token, run = sys.argv[1:]
    django.setup()
    from affluence_service import observing
    from affluence_service.jobs import figures

    observing.begin("affluence-benchmark")
    figures.begin()
    desk = Desk(token, run)
    for _ in sys.stdin:
        began = time.process_time()
        desk.work()
        _send()
        print(time.process_time() - began, flush=True)


class Desk:
    """Somebody who looks at a ranking and has the table ranked anew."""

    def __init__(self, token: str, run: str) -> None:
        from django.test import Client

        self.client = Client(headers={"Authorization": f"Token {token}"}, SERVER_NAME="localhost")
        self.run, self.dataset = run, self._ask(f"runs/{run}")["dataset"]["id"]

    def work(self) -> None:
        """Look at each page some times, and score the table."""
        for page in itertools.chain.from_iterable([PAGES] * ROUNDS):
            self._ask(page.format(run=self.run))
        self._score()

    def _score(self) -> None:
        from affluence_service.jobs import doing, figures, services

        self._ask("runs", {"kind": "score", "dataset": self.dataset})
        job = services.claim("benchmark")
        if job is None:
            raise SystemExit("No job waited.")
        doing.do(job)
        figures.ended(job)
        if job.state != "done":
            raise SystemExit(f"The job is {job.state}: {job.problem}")

    def _ask(self, path: str, sent: Mapping[str, Any] | None = None) -> Any:
        where = f"/api/v1/{path}"
        answer = self.client.post(where, sent, "application/json") if sent else self.client.get(where)
        if answer.status_code >= 300:
            raise SystemExit(f"{where} was answered {answer.status_code}: {answer.content[:300]!r}")
        return answer.json()


def _send() -> None:
    """Send what waits; where telemetry is off nothing does."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider()):
        getattr(provider, "force_flush", lambda: None)()


if __name__ == "__main__":
    main()
