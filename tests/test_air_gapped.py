"""With every address but loopback out of reach: a run, its report, the service and the documentation.

What is installed is this environment; the project is a fresh clone. Commands run in a network of their own, which has a
loopback and nothing else.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = Path(sys.prefix)
ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
CUSTOMERS = 3_000
WITHIN_SECONDS = 240

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for program in ("git", "make", "unshare", "ip"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    if refused := subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False).stderr:
        pytest.skip(f"a network of its own is not permitted here: {refused.strip()}")
    folder = tmp_path_factory.mktemp("alone") / "affluence"
    if subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=False).returncode:
        pytest.skip("this is not a git checkout, so it cannot be cloned")
    return folder


def command(*words: str) -> list[str]:
    """The words, in a network that has a loopback alone."""
    return [*ALONE, *words]


def make(*words: str) -> list[str]:
    """A target, in this environment and without installing anything."""
    marks = [f"--old-file={ENVIRONMENT / mark}" for mark in ("main", "dev", "python")]
    return ["make", f"VENV={ENVIRONMENT}", *marks, *words]


def variables(folder: Path) -> dict[str, str]:
    """Of this environment, but for what would lead out of the clone; its sources come before those installed."""
    leads = ("AFFLUENCE_", "MLFLOW_", "DATABASE_URL", "DJANGO_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(leads)}
    return ours | {"PYTHONPATH": str(folder / "src")}


def done(clone: Path, *words: str) -> str:
    ran = subprocess.run(command(*words), cwd=clone, env=variables(clone), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{words}: {ran.stdout[-1500:]}{ran.stderr[-3000:]}"
    return ran.stdout


def test_nothing_but_this_machine_is_in_reach(clone: Path) -> None:
    """Else the tests below would show nothing: a listener of the machine itself is not reached from within."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ask = f"import socket; socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)"
        assert subprocess.run([sys.executable, "-c", ask], capture_output=True, check=False).returncode == 0
        refused = subprocess.run(command(sys.executable, "-c", ask), capture_output=True, text=True, check=False)
    assert "ConnectionRefusedError" in refused.stderr
    outside = "import socket; socket.create_connection(('192.0.2.1', 443), 5)"
    refused = subprocess.run(command(sys.executable, "-c", outside), capture_output=True, text=True, check=False)
    assert "Network is unreachable" in refused.stderr


def test_make_run_ends_with_its_report(clone: Path) -> None:
    done(clone, str(ENVIRONMENT / "bin/affluence"), "simulate", "--customers", str(CUSTOMERS))
    told = done(clone, *make("run", "MODE=fast"))
    report = Path(re.search(r"Report: (\S+)", told).group(1))
    assert report == clone / "data/08_reporting/run_report.html"
    assert (clone / "data/07_model_output/candidates.csv").is_file()
    loaded = re.findall(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["'](https?:[^"']+)""", report.read_text())
    assert loaded == [], "the report loads nothing from elsewhere"


def test_the_documentation_is_built(clone: Path) -> None:
    done(clone, *make("docs"))
    assert (clone / "docs/_build/html/index.html").is_file()


@pytest.fixture
def network() -> Iterator[tuple[str, ...]]:
    """A network of its own that lives on while the test does; the words that enter it."""
    holder = subprocess.Popen(command("sleep", "600"))
    try:
        own = Path("/proc/self/ns/net").readlink()
        until = time.monotonic() + 10
        while Path(f"/proc/{holder.pid}/ns/net").readlink() == own and time.monotonic() < until:
            time.sleep(0.05)
        yield ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
    finally:
        holder.terminate()
        holder.wait()


def test_make_serve_answers(clone: Path, network: tuple[str, ...]) -> None:
    log = clone / "serve.log"
    settings = variables(clone) | {"AFFLUENCE_ADMIN_PASSWORD": "a long enough password"}
    with log.open("w") as file:
        serving = subprocess.Popen(
            [*network, *make("serve", "SERVE=--port 8642 --mlflow-port 8643 --workers 1")],
            cwd=clone, env=settings, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + WITHIN_SECONDS
        while "Affluence is at" not in log.read_text() and serving.poll() is None and time.monotonic() < until:
            time.sleep(0.5)
        assert '"ok"' in asked(network, "api/v1/health"), log.read_text()[-2000:]
        page = asked(network, "sign-in")
        assert "<form" in page
        (style,) = set(re.findall(r'href="/(static/[^"]+\.css)"', page)[:1])
        assert asked(network, style), "the page's own style is served from here"
        with pytest.raises(URLError):
            urlopen("http://127.0.0.1:8642/api/v1/health", timeout=5)  # from without: it is in that network alone
    finally:
        os.killpg(serving.pid, signal.SIGTERM)
        serving.wait(timeout=60)


def asked(network: tuple[str, ...], address: str) -> str:
    """What the service answers within that network."""
    ask = f"from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8642/{address}').read().decode())"
    return subprocess.run(
        [*network, sys.executable, "-c", ask], capture_output=True, text=True, check=False
    ).stdout.strip()
