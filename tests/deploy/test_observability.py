"""What is loaded into Kibana and Elasticsearch: current, whole, and taken by whoever speaks their language.

The programs themselves are not run here: docs/reference/what_was_run.md says so. Whether every field that a panel uses
is really sent is tested where a service sends it (tests/affluence_service/test_observing.py).
"""

import importlib
import json
import os
import re
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.conftest import ROOT

from affluence.adapters.telemetry import names

FOLDER = ROOT / "deploy" / "observability"
sys.path.insert(0, str(FOLDER))
import saved_objects  # noqa: E402  (beside what is loaded)

OBJECTS = [json.loads(line) for line in saved_objects.FILE.read_text().splitlines()]


def test_the_files_are_those_that_the_code_writes() -> None:
    assert saved_objects.FILE.read_text() == saved_objects.ndjson()
    assert saved_objects.RULES.read_text() == saved_objects.rules()


def test_a_renamed_attribute_makes_them_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(names.__file__).read_text().replace('"affluence.job.kind"', '"affluence.job.sort"')
    renamed = types.ModuleType("affluence.adapters.telemetry.names")
    exec(compile(source, names.__file__, "exec"), renamed.__dict__)  # noqa: S102  (our own module, one name changed)
    monkeypatch.setitem(sys.modules, renamed.__name__, renamed)
    monkeypatch.setitem(sys.modules, "saved_objects", saved_objects)
    monkeypatch.delitem(sys.modules, "saved_objects")
    again = importlib.import_module("saved_objects")
    assert (saved_objects.TRACES, "attributes.affluence.job.sort") in set(again.fields_asked_for())
    assert again.ndjson() != saved_objects.FILE.read_text()


def test_every_object_is_there_once_and_every_reference_leads_to_one() -> None:
    known = [(one["type"], one["id"]) for one in OBJECTS]
    assert len(set(known)) == len(known)
    for one in OBJECTS:
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in known, one["id"]


def test_panels_of_a_dashboard_are_its_references_and_none_covers_another() -> None:
    for one in (one for one in OBJECTS if one["type"] == "dashboard"):
        panels = json.loads(one["attributes"]["panelsJSON"])
        names = {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels}
        assert names == {reference["name"] for reference in one["references"]}
        covered = [
            (x, y)
            for grid in (panel["gridData"] for panel in panels)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        ]
        assert len(set(covered)) == len(covered), one["id"]
        assert max(x for x, _ in covered) < 48


def test_columns_of_a_panel_are_shown_and_ordered_by_one_of_them() -> None:
    for one in (one for one in OBJECTS if one["type"] == "lens"):
        state = one["attributes"]["state"]
        (layer,) = state["datasourceStates"]["formBased"]["layers"].values()
        assert set(layer["columns"]) == set(layer["columnOrder"])
        orders = [column["params"]["orderBy"]["columnId"] for column in layer["columns"].values()
                  if column["operationType"] == "terms"]  # fmt: skip
        assert set(orders) <= set(layer["columns"])
        shown = json.dumps(state["visualization"])
        assert all(f'"{name}"' in shown for name in layer["columns"]), one["id"]


def test_pipelines_of_the_collector_name_parts_that_are_defined_and_all_of_them() -> None:
    collector = yaml.safe_load((FOLDER / "collector.yaml").read_text())
    for part in ("receivers", "processors", "exporters"):
        used = {name for pipeline in collector["service"]["pipelines"].values() for name in pipeline[part]}
        assert used == set(collector[part])
    assert set(collector["service"]["extensions"]) == set(collector["extensions"])


def test_life_cycles_that_templates_name_are_defined_and_all_of_them() -> None:
    cycles = json.loads((FOLDER / "elasticsearch/life_cycle.json").read_text())
    templates = json.loads((FOLDER / "elasticsearch/templates.json").read_text())
    named = {one["template"]["settings"]["index.lifecycle.name"] for one in templates.values()}
    assert named == set(cycles)
    assert set(templates) == {f"{signal}-otel@custom" for signal in ("traces", "logs", "metrics")}


def test_compose_joins_the_services_of_the_other_file() -> None:
    own = yaml.load((FOLDER / "compose.yaml").read_text().replace("!override", ""), yaml.SafeLoader)
    other = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    assert "image" not in own["services"]["collector"]
    known = own["services"] | other["services"]
    for service in own["services"].values():
        assert set(service.get("depends_on", {})) <= set(known)
        assert all(":latest" not in service.get("image", "") for service in known.values())
    for secret in own["secrets"].values():
        assert (FOLDER / secret["file"]).resolve().parent == ROOT / "deploy" / "secrets"
    for name, service in own["services"].items():
        assert set(service.get("secrets", ())) <= set(own["secrets"]), name


def test_elasticsearch_and_kibana_are_started_with_what_they_insist_on() -> None:
    services = yaml.load((FOLDER / "compose.yaml").read_text().replace("!override", ""), yaml.SafeLoader)["services"]
    # Refused with files that others may read, as ours must be: https://github.com/elastic/elasticsearch, DockerTests.
    assert "ELASTIC_PASSWORD_FILE" not in services["elasticsearch"]["environment"]
    assert "export ELASTIC_PASSWORD=" in services["elasticsearch"]["entrypoint"][-1]
    assert "XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY" in services["kibana"]["entrypoint"][-1]
    for name in ("elasticsearch", "kibana"):
        read = set(re.findall(r"/run/secrets/([\w-]+)", services[name]["entrypoint"][-1]))
        assert read == set(services[name]["secrets"])


def test_every_object_says_in_which_form_it_is_written() -> None:
    assert all(one["typeMigrationVersion"] == saved_objects.WRITTEN_AS[one["type"]] for one in OBJECTS)


@contextmanager
def programs(
    refuses: str = "", faults: int = 0, answer: tuple[int, str] = (403, '{"error": "security_exception"}')
) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Something that answers as Elasticsearch and Kibana do, and what it was asked."""
    asked: list[tuple[str, str, bytes]] = []
    made: set[str] = set()

    class Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.command, self.path, body))
            status, content = 200, {"acknowledged": True}
            if "_import" in self.path:
                content = {"success": not faults, "errors": faults * [
                    {"type": "lens", "id": "x", "error": {"type": "conflict"}}]}  # fmt: skip
            elif "/rule/" in self.path and self.command == "PUT" and self.path not in made:
                status, content = 404, {"statusCode": 404}
            made.add(self.path)
            status, said = answer if refuses and refuses in self.path else (status, json.dumps(content))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        do_PUT = do_POST = _answer  # noqa: N815  (the library's)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def load(address: str, tmp_path: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "password").write_text("secret of this test\n")
    given = {"ELASTICSEARCH_URL": address, "KIBANA_URL": address, "ELASTIC_PASSWORD_FILE": str(tmp_path / "password")}
    environment = {key: value for key, value in (os.environ | given | variables).items() if value}
    return subprocess.run(
        [sys.executable, ROOT / "deploy/observability/load.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_is_loaded_and_loading_again_replaces_it(tmp_path: Path) -> None:
    with programs() as (address, asked):
        for _ in range(2):
            assert load(address, tmp_path).returncode == 0
    rules = len(saved_objects.ALERTS)
    paths = [path for _, path, _ in asked]
    assert paths.count("/api/saved_objects/_import?overwrite=true") == 2
    assert sum("/_ilm/policy/" in path for path in paths) == sum("/_component_template/" in path for path in paths) == 6
    assert sum(method == "POST" and "/rule/" in path for method, path, _ in asked) == rules
    (sent, _) = [body for _, path, body in asked if "_import" in path]
    assert saved_objects.FILE.read_bytes() in sent


@pytest.mark.parametrize(
    ("refuses", "faults", "answer", "says"),
    [
        ("_ilm", 0, (403, '{"error":\n "security_exception"}'), "was refused (403)"),
        ("", 1, (), "did not take all saved objects: lens x: conflict"),
        ("/rule/", 0, (403, "{}"), "was refused (403)"),
        ("/rule/", 0, (404, "{}"), "POST"),
        ("_component_template", 0, (404, "{}"), "there is no such address"),
        ("_import", 0, (200, "<html>Sign in</html>"), "not in JSON"),
    ],
)
def test_what_is_refused_is_said_in_one_line(tmp_path: Path, refuses: str, faults: int, answer: Any, says: str) -> None:
    with programs(refuses, faults, answer) as (address, _):
        ran = load(address, tmp_path)
    assert ran.returncode == 1
    assert says in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert "secret of this test" not in ran.stderr


def test_without_an_address_or_a_program_it_says_so(tmp_path: Path) -> None:
    assert "KIBANA_URL is not set" in load("http://127.0.0.1:9", tmp_path, KIBANA_URL="").stderr
    assert "does not answer" in load("http://127.0.0.1:9", tmp_path).stderr
