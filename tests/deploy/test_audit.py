"""The audit: what is known is told, what nobody answered is never clean, and each has its exit status."""

import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.conftest import ROOT

audit = pytest.importorskip(
    "deploy.supply_chain.audit", reason="the audit's packages are not installed: make .venv/audit"
)
RECORDED = Path(__file__).parent / "data" / "advisories.json"
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def locked(tmp_path: Path) -> Callable[..., Path]:
    """Writes an export of these versions."""

    def write(*pins: str) -> Path:
        file = tmp_path / "locked.txt"
        file.write_text("".join(f"{pin} \\\n    --hash=sha256:{64 * 'a'}\n" for pin in pins))
        return file

    return write


def run(*arguments: object) -> Ran:
    program = [sys.executable, str(ROOT / "deploy/supply_chain/audit.py"), *map(str, arguments)]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_a_version_that_is_known_to_be_vulnerable_is_named_with_what_mends_it(locked: Callable[..., Path]) -> None:
    ran = run(locked("requests==2.19.1", "jinja2==3.1.6"), "--advisories", RECORDED)
    assert ran.returncode == 1
    assert "requests 2.19.1: PYSEC-2018-28, CVE-2018-18074, GHSA-x84v-xcm2-53pg; mended in 2.20.0" in ran.stdout
    assert "jinja2" not in ran.stdout


def test_versions_of_which_nothing_is_known_pass_and_are_counted(locked: Callable[..., Path]) -> None:
    ran = run(locked("requests==2.20.0", "jinja2==3.1.6"), "--advisories", RECORDED)
    assert ran.returncode == 0
    assert "2 versions asked about, 0 advisories to act on" in ran.stdout


def test_a_version_for_another_system_is_asked_about_too(locked: Callable[..., Path]) -> None:
    assert run(locked('requests==2.19.1 ; sys_platform == "win32"'), "--advisories", RECORDED).returncode == 1


def test_a_source_that_does_not_answer_is_not_clean(locked: Callable[..., Path]) -> None:
    ran = run(locked("requests==2.20.0"), "--advisories", "http://127.0.0.1:9/v1/query")
    assert ran.returncode == 3
    assert "NOT AUDITED" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "0 advisories" not in ran.stdout


@pytest.mark.parametrize("content", ["", "not JSON", "[]", '{"id": "X", "affected": []}', "PK\x03\x04 half a zip"])
def test_a_file_that_holds_no_advisory_is_not_clean(locked: Callable[..., Path], tmp_path: Path, content: str) -> None:
    file = tmp_path / "advisories.json"
    file.write_text(content)
    ran = run(locked("requests==2.20.0"), "--advisories", file)
    assert (ran.returncode, "Traceback" in ran.stderr) == (3, False)


def test_a_source_that_is_none_is_said_to_be_none(locked: Callable[..., Path]) -> None:
    ran = run(locked("requests==2.20.0"), "--advisories", "ovs")
    assert ran.returncode == 3
    assert "neither osv, pypi nor an address" in ran.stderr


def test_the_archive_that_osv_publishes_is_read_as_it_is(locked: Callable[..., Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for record in json.loads(RECORDED.read_text()):
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    ran = run(locked("Jinja2==2.10"), "--advisories", tmp_path / "all.zip")
    assert (ran.returncode, "PYSEC-2019-217" in ran.stdout) == (1, True)


def answer_of_osv(query: Mapping[str, Any]) -> dict[str, Any]:
    """What OSV's service answers, of the recorded advisories."""
    held = [
        record
        for record in json.loads(RECORDED.read_text())
        if record["affected"][0]["package"]["name"].lower() == query["package"]["name"]
    ]
    return {"vulns": held} if held else {}


@pytest.fixture
def service() -> Iterator[Callable[..., str]]:
    """A service of OSV's kind on this machine; it breaks off after so many answers."""
    running = []

    def start(*, after: int = 1_000) -> str:
        class Answering(BaseHTTPRequestHandler):
            answered = 0

            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                type(self).answered += 1
                body = json.dumps(answer_of_osv(query)).encode()
                self.send_response(200 if self.answered <= after else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        running.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1/query"

    yield start
    for server in running:
        server.shutdown()


def test_a_service_of_ones_own_is_asked(locked: Callable[..., Path], service: Callable[..., str]) -> None:
    ran = run(locked("requests==2.19.1", "polars==1.35.0"), "--advisories", service())
    assert (ran.returncode, "PYSEC-2018-28" in ran.stdout) == (1, True)
    assert run(locked("polars==1.35.0"), "--advisories", service()).returncode == 0


def test_one_that_breaks_off_in_the_middle_is_not_clean_and_what_it_told_is_kept(
    locked: Callable[..., Path], service: Callable[..., str]
) -> None:
    ran = run(locked("requests==2.19.1", "sqlparse==0.5.0"), "--advisories", service(after=1))
    assert ran.returncode == 3
    assert "PYSEC-2018-28" in ran.stdout


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "0"}, {"fixed": "1.5"}], False),
        ([{"introduced": "2.0"}], False),
        ([{"introduced": "1.5"}, {"last_affected": "1.5"}], True),
        ([{"introduced": "0"}, {"last_affected": "1.4.9"}], False),
        ([{"fixed": "1.2"}, {"introduced": "0"}, {"introduced": "1.5"}], True),
        ([{"introduced": "1.5.0rc1"}, {"fixed": "1.5.0.post1"}], True),
    ],
)
def test_a_span_of_versions_is_read_as_osv_defines_it(events: list[dict[str, str]], affected: bool) -> None:
    place = {"ranges": [{"type": "ECOSYSTEM", "events": events}]}
    assert audit._is_affected(audit.Version("1.5"), place) is affected


def test_what_was_withdrawn_is_not_held_against_anybody(locked: Callable[..., Path], tmp_path: Path) -> None:
    records = json.loads(RECORDED.read_text())
    records[0]["withdrawn"] = "2020-01-01T00:00:00Z"
    (tmp_path / "advisories.json").write_text(json.dumps(records))
    assert run(locked("requests==2.19.1"), "--advisories", tmp_path / "advisories.json").returncode == 0


def test_what_is_accepted_counts_again_when_its_day_is_past() -> None:
    entry = {"advisory": "PYSEC-2018-28", "reason": "not reached by us", "until": date(2027, 1, 31)}
    settings = {"tool": {"affluence": {"audit": {"accepted": [entry]}}}}
    assert audit.accepted(settings, today=date(2027, 1, 31)) == {"PYSEC-2018-28": "not reached by us"}
    assert audit.accepted(settings, today=date(2027, 2, 1)) == {}


def test_every_requirement_that_is_exported_can_be_asked_about() -> None:
    versions = audit.locked((ROOT / "requirements").glob("*.txt"))
    assert {"django", "xgboost-cpu", "pyspark"} <= {each.name for each in versions}
    ran = run(*sorted((ROOT / "requirements").glob("*.txt")), "--advisories", RECORDED)
    assert f"{len(versions)} versions asked about, 0 advisories" in ran.stdout
    assert "50 of" in ran.stderr


@pytest.mark.slow
def test_make_audit_says_which_status_it_ended_with() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not on this machine")
    program = ["make", "audit", "ADVISORIES=http://127.0.0.1:9/v1/query"]
    ran = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "NOT AUDITED" in ran.stderr
    assert "Error 3" in ran.stderr
