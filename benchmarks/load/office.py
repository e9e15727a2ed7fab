"""A service that runs as its operator starts it, with a made bank, SIMULATED, ranked, on a list and dealt out.

Everything in it came about by the service's own acts: `affluence-service demo` uploads, checks, trains and scores; a
campaign is drafted, approved and dealt out by the API.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "long enough for a made bank"  # noqa: S105  (of people who are not)
FILLED = "The made bank is scored; its candidates are there."
READY = "Affluence is at http://127.0.0.1"
READY_WITHIN_SECONDS, FILLED_WITHIN_SECONDS, DONE_WITHIN_SECONDS = 120.0, 300.0, 90.0
LOOK_EVERY_SECONDS = 0.25
CONTACTS, DEALT = 300, 200
ENDS = {"done", "failed", "cancelled"}


@dataclass(frozen=True)
class Office:
    """The folder of a service, and the port that it listens on."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def open(self, verb: str, variables: Mapping[str, str], *options: str, until: str) -> Iterator[None]:
        """The service, started by that verb and ready once its log says `until`, while the block runs."""
        log = self.folder / f"{verb}.log"
        command = (sys.executable, "-m", "affluence_service", verb, "--port", str(self.port), "--mlflow-port", "0")
        with log.open("w") as told:
            process = subprocess.Popen(  # noqa: S603  (our own program)
                (*command, *options), env={**_bare(), **self._own(), **variables}, stdout=told, stderr=subprocess.STDOUT
            )
        try:
            within = FILLED_WITHIN_SECONDS if verb == "demo" else READY_WITHIN_SECONDS
            _wait(lambda: until in log.read_text(), within, lambda: process.poll() is None, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)

    def _own(self) -> Mapping[str, str]:
        return {
            "AFFLUENCE_FOLDER": str(self.folder / "service"),
            "AFFLUENCE_PROJECT": str(self.folder / "project"),
            "AFFLUENCE_DEMO_PASSWORD": PASSWORD,
        }


def founded(folder: Path) -> Office:
    """An office in an empty folder: contracts and a free port."""
    copytree(ROOT / "conf" / "base", folder / "project" / "conf" / "base")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Office(folder, int(probe.getsockname()[1]))


def furnish(office: Office) -> None:
    """Put to work what the demo made: a campaign that is approved and dealt out, another that waits, a review sheet."""
    analyst, approver = Caller(office, "analyst"), Caller(office, "approver")
    run = next(each for each in analyst.get("runs")["results"] if each["kind"] == "score")["id"]
    asked = {"run": run, "capacity": {"contacts": CONTACTS}, "options": {"day": "2026-12-01"}}
    ready, waiting = (analyst.post("campaigns", {**asked, "name": name})["id"] for name in ("Spring", "Summer"))
    sheet = analyst.post("reviews", {"run": run, "size": 50})["id"]
    for path in (f"campaigns/{ready}", f"campaigns/{waiting}"):
        analyst.until(path, lambda found: found["state"] != "making", "state", {"draft"})
        analyst.post(f"{path}/submit")
    analyst.until(f"reviews/{sheet}", lambda found: found["state"] in ENDS, "state", {"done"})
    approver.post(f"campaigns/{ready}/approve", {"note": "Good."})
    approver.post(f"campaigns/{ready}/assign", {"shares": [{"manager": "manager", "customers": DEALT}]})


class Caller:
    """A person who signed in and speaks to the API."""

    def __init__(self, office: Office, name: str) -> None:
        self.base, self.calls = f"{office.address}/api/v1", requests.Session()
        self._allowed(self.get("session"))
        self._allowed(self.post("session", {"name": name, "password": PASSWORD}))

    def get(self, path: str) -> Any:
        """What is answered. Errors: HTTPError where it is refused."""
        return self._told(self.calls.get(f"{self.base}/{path}", timeout=30))

    def post(self, path: str, sent: Mapping[str, Any] | None = None) -> Any:
        """What is answered. Errors: HTTPError where it is refused."""
        return self._told(self.calls.post(f"{self.base}/{path}", json=dict(sent or {}), timeout=30))

    def until(self, path: str, ended: Callable[[Any], bool], what: str, wanted: set[str]) -> None:
        """Wait for work to end, and well. Errors: SystemExit where it does not."""
        last = time.monotonic() + DONE_WITHIN_SECONDS
        while not ended(found := self.get(path)) and time.monotonic() < last:
            time.sleep(LOOK_EVERY_SECONDS)
        if found[what] not in wanted:
            raise SystemExit(
                f"{path} is {found[what]}; wanted was {' or '.join(wanted)}. {found.get('problem', '')}".rstrip()
            )

    def _allowed(self, session: Mapping[str, Any]) -> None:
        self.calls.headers["X-CSRFToken"] = session.get("csrf_token") or self.calls.cookies.get("csrftoken", "")

    @staticmethod
    def _told(answer: requests.Response) -> Any:
        if not answer.ok:
            raise SystemExit(
                f"{answer.request.method} {answer.url} was answered {answer.status_code}: {answer.text[:300]}"
            )
        return answer.json()


def _bare() -> Mapping[str, str]:
    """The environment without what is set for another service."""
    ours = ("AFFLUENCE_", "OTEL_", "MLFLOW_", "DATABASE_URL", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _wait(so: Callable[[], bool], seconds: float, lives: Callable[[], bool], log: Path) -> None:
    last = time.monotonic() + seconds
    while not so():
        if time.monotonic() > last or not lives():
            raise SystemExit(f"The service did not come up. Its last words:\n{log.read_text()[-2_000:]}")
        time.sleep(LOOK_EVERY_SECONDS)
