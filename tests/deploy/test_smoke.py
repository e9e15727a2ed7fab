"""The smoke test: it passes a service that is well, and fails one that is not, check by check."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.deploy.conftest import ROOT

POLICY = {"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"}
WELL: Mapping[str, tuple[int, Mapping[str, str], str]] = {
    "/api/v1/health": (200, {}, '{"status":"ok"}'),
    "/api/v1/ready": (200, {}, '{"status":"no champion yet"}'),
    "/api/v1/datasets": (401, {}, "{}"),
    "/sign-in": (200, POLICY, '<link rel="stylesheet" href="/static/look.1a2b.css">'),
    "/static/look.1a2b.css": (200, {}, "body {}"),
}


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serves what it is given at an address of this machine."""
    running = []

    def start(answers: Mapping[str, tuple[int, Mapping[str, str], str]]) -> str:
        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, text = answers.get(self.path, (404, {}, ""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        running.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()


def smoke(address: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(ROOT / "deploy" / "smoke.py"), address]
    return subprocess.run(program, env={"SMOKE_SECONDS": "1"}, capture_output=True, text=True, check=False)


def test_a_service_that_is_well_passes(serve: Callable[..., str]) -> None:
    ran = smoke(serve(WELL) + "/")
    assert (ran.returncode, ran.stdout.count("ok: ")) == (0, 4), ran.stdout


@pytest.mark.parametrize(
    ("path", "answer", "fails"),
    [
        ("/api/v1/health", (500, {}, "broken"), "it lives"),
        ("/api/v1/health", (200, {}, "<html>another page</html>"), "it lives"),
        ("/api/v1/ready", (503, {}, '{"status":"no database"}'), "it is ready"),
        ("/api/v1/ready", (200, {}, "not JSON"), "it is ready"),
        ("/api/v1/datasets", (200, {}, "[]"), "strangers are refused"),
        ("/api/v1/datasets", (301, {"Location": "/sign-in"}, ""), "strangers are refused"),
        ("/sign-in", (200, {}, "<p>a page</p>"), "the page to sign in"),
        ("/sign-in", (200, POLICY, "<p>without style</p>"), "the page to sign in"),
        ("/static/look.1a2b.css", (404, {}, ""), "the page to sign in"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_is_told_too(
    serve: Callable[..., str], path: str, answer: tuple[int, Mapping[str, str], str], fails: str
) -> None:
    ran = smoke(serve({**WELL, path: answer}))
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    assert ran.returncode == 1
    assert len(failed) == 1
    assert fails in failed[0]
    assert len(ran.stdout.splitlines()) == 4


def test_nobody_there_is_a_failure_without_a_traceback() -> None:
    ran = smoke("http://127.0.0.1:9")
    assert (ran.returncode, ran.stdout.count("FAILED")) == (1, 4)
    assert ran.stderr == ""


def test_it_says_what_it_wants_to_be_given() -> None:
    ran = subprocess.run([sys.executable, str(ROOT / "deploy/smoke.py")], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "Usage" in ran.stderr
