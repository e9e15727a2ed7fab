"""The whole service by one command: prepared, answering, mended when a part dies, gone when told to stop."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from tests.affluence_service.process_list import below
from tests.affluence_service.process_list import running as running_now

from affluence_service.verbs.serve import TRACES_IN

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long enough password"  # noqa: S105  (of somebody who is not)
WITHIN_SECONDS = 120.0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def until(so: Callable[[], bool]) -> None:
    last = time.monotonic() + WITHIN_SECONDS
    while not so():
        assert time.monotonic() < last
        time.sleep(0.2)


def part_of(serving: "subprocess.Popen[str]", words: str) -> Any:
    """The part of the service that was started with these words; None while there is none."""
    return next((each for each in running_now() if each.parent == serving.pid and words in each.command), None)


class Served:
    """A service that runs, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.port = folder / "service", folder / "log", free_port()
        self.variables = {name: value for name, value in os.environ.items() if not name.startswith("AFFLUENCE_")}
        self.variables |= {
            "AFFLUENCE_FOLDER": str(self.folder),
            "AFFLUENCE_PROJECT": str(folder),
            "AFFLUENCE_ADMIN_PASSWORD": PASSWORD,
        }
        self.variables.pop("DATABASE_URL", None)

    def start(self, *more: str, mlflow_port: int = 0) -> "subprocess.Popen[str]":
        options = ("--port", str(self.port), "--mlflow-port", str(mlflow_port), "--workers", "1", *more)
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "affluence_service", "serve", *options],
                cwd=ROOT, env=self.variables, stdout=log, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip

    def ready(self) -> bool:
        return "Affluence is at http://127.0.0.1" in self.log.read_text()

    def answers(self) -> bool:
        try:
            return self.get(build_opener(), "health") == {"status": "ok"}
        except (URLError, HTTPException, OSError):
            return False

    def get(self, opener: OpenerDirector, address: str, **sent: str) -> dict[str, object]:
        url = f"http://127.0.0.1:{self.port}/api/v1/{address}"
        request = Request(url, data=json.dumps(sent).encode() if sent else None)
        request.add_header("Content-Type", "application/json")
        if token := getattr(opener, "token", ""):
            request.add_header("X-CSRFToken", token)
        with opener.open(request, timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
            return found


@pytest.fixture
def served(tmp_path: Path) -> Served:
    (tmp_path / "conf").mkdir()
    return Served(tmp_path)


def test_one_command_serves_mends_and_stops_all(served: Served) -> None:
    running = served.start()
    until(served.ready)
    assert served.answers()
    assert stat.S_IMODE((served.folder / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(served.folder.stat().st_mode) == 0o700
    key = (served.folder / "secret_key").read_text()

    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    opener.token = str(served.get(opener, "session")["csrf_token"])  # type: ignore[attr-defined]
    assert served.get(opener, "session", name="administrator", password=PASSWORD)["role"] == "administrator"
    assert PASSWORD not in served.log.read_text()

    worker = part_of(running, " worker")
    worker.kill()
    until(lambda: part_of(running, " worker") not in {None, worker})
    part_of(running, " gunicorn ").kill()
    until(lambda: "The web process ended with -9 and is started again." in served.log.read_text())
    # Web with two processes at least, a worker, and the process that stands ready for it.
    until(lambda: len(below(running.pid)) >= 5)
    until(served.answers)
    parts = below(running.pid)
    running.terminate()
    assert running.wait(timeout=60) == 0
    until(lambda: not {part.pid for part in parts} & {each.pid for each in running_now()})

    again = served.start()
    until(lambda: served.log.read_text().count("Affluence is at") == 2)
    assert (served.folder / "secret_key").read_text() == key
    assert served.log.read_text().count("The first administrator is there") == 1
    again.terminate()
    assert again.wait(timeout=60) == 0


def test_observed_it_shows_traces_in_mlflows_pages_and_metrics(served: Served) -> None:
    """What `make observe` does, of which the service is the part that is ours."""
    port = free_port()
    running = served.start("--observe", mlflow_port=port)
    try:
        until(served.answers)
        pages = MlflowClient(tracking_uri=f"http://127.0.0.1:{port}")

        def traced() -> bool:
            served.answers()
            with suppress(MlflowException):
                return bool(pages.search_traces(locations=[TRACES_IN], max_results=1, include_spans=False))
            return False

        until(lambda: "Traces are at" in served.log.read_text())
        until(traced)
        address = re.search(r"Metrics are at (\S+) and the next ports", served.log.read_text())
        assert address is not None
        with build_opener().open(address[1], timeout=10) as answer:
            assert b"affluence" in answer.read()
    finally:
        running.terminate()
        running.wait(timeout=60)


def test_a_port_that_is_taken_is_told_in_a_sentence(served: Served) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", served.port))
        taken.listen()
        assert served.start().wait(timeout=60) == 1
    told = served.log.read_text()
    assert re.search(rf"Port {served.port} of 127.0.0.1 cannot be taken \(.*\)\. Stop what listens there", told)
    assert "Traceback" not in told
