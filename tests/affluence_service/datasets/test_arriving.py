"""A file on its way in: what a client that breaks off leaves, and what a large file costs the web process."""

import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from tests.affluence_service.conftest import PASSWORD, ROOT
from tests.affluence_service.datasets.conftest import GOOD, files_left

from affluence_service.datasets.arriving import from_stream
from affluence_service.datasets.models import Dataset
from affluence_service.people.services import issue_token
from affluence_service.wsgi import application

MEBIBYTE = 1024**2
ROWS = 1_000_000
MOST_GROWTH = 60 * MEBIBYTE


class Broken:
    """A body whose client goes away after two pieces."""

    def __init__(self, error):
        self.pieces = [b"x" * 100, b"y" * 100]
        self.error = error

    def read(self, size):
        if self.pieces:
            return self.pieces.pop()
        raise self.error


@pytest.mark.parametrize("error", [OSError("gone"), SystemExit(1), KeyboardInterrupt()])
def test_whatever_ends_a_stream_early_nothing_is_left(error):
    with pytest.raises(type(error)):
        from_stream(Broken(error), name="x")
    assert files_left() == []


BOUNDARY = "b"
FORM = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n'.encode()
    + GOOD.encode() * 1_000
    + f"\r\n--{BOUNDARY}--\r\n".encode()
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/csv", GOOD.encode()), (f"multipart/form-data; boundary={BOUNDARY}", FORM)],
    ids=["body", "form"],
)
@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_client_that_breaks_off_leaves_nothing(analyst, kind, body, share):
    answered = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/v1/datasets",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body[: int(len(body) * share)]),
        "wsgi.errors": io.StringIO(),
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Token {token_of(analyst)}",
    }
    answer = application(environ, lambda status, _headers: answered.append(status))
    assert answered == ["400 Bad Request"]
    assert b"broke off before its end" in b"".join(answer)
    getattr(answer, "close", lambda: None)()
    assert not Dataset.objects.exists()
    assert files_left() == []


def token_of(person):
    return issue_token(person, person, name="a test", days=1)[1]


class Server:
    """The service behind a web server, with a database and a folder of its own."""

    def __init__(self, folder: Path, project: Path) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AFFLUENCE_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "AFFLUENCE_FOLDER": str(folder),
            "AFFLUENCE_PROJECT": str(project),
            "AFFLUENCE_SECRET_KEY": secrets.token_urlsafe(50),
            "AFFLUENCE_HTTPS": "0",
            "AFFLUENCE_CONTRACT": "small",
            "AFFLUENCE_MAX_UPLOAD_BYTES": str(300 * MEBIBYTE),
        }

    def verb(self, *words: str, given: str = "") -> str:
        command = [sys.executable, "-m", "affluence_service", *words]
        done = subprocess.run(
            command, input=given, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self) -> None:
        program = str(Path(sys.executable).with_name("gunicorn"))
        served = ["affluence_service.wsgi", "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"]
        self.process = subprocess.Popen([program, *served], env=self.environment, cwd=ROOT, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/health"):
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail("the service did not start within a minute")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def most_memory(self) -> int:
        """The most that any of the server's workers has held, in bytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        told = (Path(f"/proc/{child}/status").read_text() for child in children)
        return max(int(text.partition("VmHWM:")[2].split()[0]) * 1024 for text in told)

    def files(self) -> list[str]:
        places = (self.folder / name for name in ("arriving", "datasets"))
        return [path.name for place in places for path in place.rglob("*") if path.is_file()]


@pytest.fixture
def server(tmp_path, project):
    served = Server(tmp_path / "service", project)
    served.verb("manage", "migrate", "--verbosity", "0")
    served.verb("teams", "add", "North")
    served.verb("people", "add", "ann", "--team", "North", "--role", "analyst", "--password-from-stdin", given=PASSWORD)
    made = "from affluence_service.people.models import *; from affluence_service.people.services import issue_token; "
    made += "ann = User.objects.get(); ann.must_change_password = False; ann.save(); "
    served.token = served.verb(
        "manage", "shell", "-v", "0", "-c", made + "print(issue_token(ann, ann, name='t', days=1)[1])"
    )
    served.start()
    yield served
    served.stop()


def made_table(path: Path) -> int:
    """The size of a made table of a million rows, about 200 MB."""
    line = "{row},NORMAL,40,1234567.89,clerk" + "," + "x" * 170 + "\n"
    with path.open("w") as file:
        file.write("ID,SEG,AGE,BAL,JOB,NOTE\n")
        file.writelines(line.format(row=row) for row in range(ROWS))
    return path.stat().st_size


def curl(server, *options):
    address = f"http://127.0.0.1:{server.port}/api/v1/datasets"
    authority = ["--header", f"Authorization: Token {server.token.strip()}"]
    command = ["curl", "--silent", "--output", "-", "--write-out", "\n%{http_code}", *authority, *options, address]
    body, _, status = subprocess.run(command, capture_output=True, text=True, check=False).stdout.rpartition("\n")
    return int(status), body


@pytest.mark.slow
def test_a_million_rows_cost_the_web_process_little_memory(server, tmp_path, record_property):
    size = made_table(tmp_path / "table.csv")
    assert size > 200_000_000
    (tmp_path / "small.csv").write_text(GOOD)
    for _ in range(4):
        assert curl(server, "--form", f"file=@{tmp_path / 'small.csv'}")[0] == 202
    before = server.most_memory()
    csv = ("--header", "Content-Type: text/csv")
    ways = [
        ("--form", f"file=@{tmp_path / 'table.csv'}"),
        (*csv, "--data-binary", f"@{tmp_path / 'table.csv'}"),
        (*csv, "--header", "Transfer-Encoding: chunked", "--upload-file", str(tmp_path / "table.csv"), "-X", "POST"),
    ]
    for way in ways:
        status, body = curl(server, *way)
        assert (status, f'"bytes":{size}' in body) == (202, True), body
        grown = server.most_memory() - before
        assert grown <= MOST_GROWTH, f"the web process grew by {grown / MEBIBYTE:.0f} MiB"
        record_property(" ".join(way), f"{size:,} bytes, grown by {grown / MEBIBYTE:.1f} MiB")


@pytest.mark.slow
def test_a_client_that_is_killed_in_the_middle_leaves_nothing(server, tmp_path):
    made_table(tmp_path / "table.csv")
    csv = ("--header", "Content-Type: text/csv")
    for way in (
        ("--form", f"file=@{tmp_path / 'table.csv'}"),
        (*csv, "--data-binary", f"@{tmp_path / 'table.csv'}"),
        (*csv, "--header", "Transfer-Encoding: chunked", "--upload-file", str(tmp_path / "table.csv"), "-X", "POST"),
    ):
        status, _ = curl(server, *way, "--limit-rate", "20M", "--max-time", "2")
        assert status in {0, 100}, "the client was answered, so it had not gone away"
        for _ in range(100):
            if not server.files():
                break
            time.sleep(0.1)
        assert server.files() == []


@pytest.mark.slow
def test_a_file_beyond_the_limit_is_answered_before_it_is_sent(server, tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(301 * MEBIBYTE)
    expect = ("--header", "Expect: 100-continue", "--header", "Content-Type: text/csv")
    status, body = curl(server, *expect, "--data-binary", f"@{tmp_path / 'large'}")
    assert status == 413
    assert "larger than" in body
    assert server.files() == []
