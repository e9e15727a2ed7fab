"""The compose file: every service is defined from what is there, hardened, and says to our programs what they know."""

import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.conftest import ROOT
from tests.deploy.test_openshift import known_settings, takes

from affluence_service.checks import faults
from affluence_service.environment import read_environment

FILE = ROOT / "deploy" / "compose.yaml"
COLLECTOR = ROOT / "deploy" / "collector.yaml"
OBSERVABILITY = ROOT / "deploy" / "observability" / "compose.yaml"
OURS = {"web", "worker", "migration", "static", "mlflow"}


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def named(entry: str | Mapping[str, Any]) -> str:
    return entry.split(":")[0] if isinstance(entry, str) else entry["source"]


@pytest.mark.parametrize("part", ["secrets", "configs", "volumes"])
def test_every_part_that_a_service_names_is_defined_and_every_defined_one_used(
    compose: Mapping[str, Any], part: str
) -> None:
    used = {named(entry) for service in compose["services"].values() for entry in service.get(part, ())}
    assert used == set(compose[part])


def test_every_service_that_is_waited_for_can_be_what_is_waited_for(compose: Mapping[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]
            else:
                assert services[name]["restart"] in {"no", "on-failure"}, "one that is started again is never done"


def command_of(service: Mapping[str, Any]) -> tuple[str, ...]:
    """What is run: a shell's line from the program on."""
    command = tuple(service["command"])
    if command[:2] == ("sh", "-c"):
        return tuple(command[2].split("exec ")[1].split())
    return command


def test_every_command_is_one_that_the_programs_take(compose: Mapping[str, Any]) -> None:
    assert {name for name, one in compose["services"].items() if "AFFLUENCE_IMAGE" in one["image"]} == OURS
    for name in OURS:
        assert takes(command_of(compose["services"][name])), name


def test_every_setting_is_one_that_is_read_and_the_service_would_start_with_them(
    compose: Mapping[str, Any], tmp_path: Path
) -> None:
    settings = compose["services"]["web"]["environment"]
    assert set(settings) <= known_settings()
    plain = {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(value)) for name, value in settings.items()}
    secrets = {"/run/secrets/secret-key": "x" * 60, "/run/secrets/database-url": "postgresql://a:b@postgres/affluence"}
    for path, value in secrets.items():
        (tmp_path / Path(path).name).write_text(value)
    replaced = {name: re.sub(r"^/run/secrets", str(tmp_path), value) for name, value in plain.items()}
    environment = read_environment(replaced | {"AFFLUENCE_FOLDER": str(tmp_path), "AFFLUENCE_PROJECT": str(ROOT)})
    assert environment.database_url == secrets["/run/secrets/database-url"]
    assert list(faults(environment)) == []


@pytest.mark.parametrize("name", sorted(OURS | {"collector"}))
def test_a_service_can_write_its_volumes_alone_and_gains_no_rights(compose: Mapping[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_nothing_listens_beyond_this_machine(compose: Mapping[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_of_others_name_their_version(compose: Mapping[str, Any]) -> None:
    others = [one["image"] for one in compose["services"].values() if "AFFLUENCE_IMAGE" not in one["image"]]
    assert len(others) == 2
    assert all(re.search(r":\d+[\w.-]*$", image) for image in others)


def test_pipelines_of_the_collector_name_parts_that_are_defined() -> None:
    collector = yaml.safe_load(COLLECTOR.read_text())
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in collector["service"]["pipelines"].values():
        for part, found in used.items():
            found |= set(pipeline[part])
    assert {part: set(collector[part]) for part in used} == used
    assert set(collector["service"]["extensions"]) == set(collector["extensions"])


def test_secrets_are_made_once_for_this_user_alone_and_never_the_same(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        script = tmp_path / name / "secrets.sh"
        script.parent.mkdir()
        script.write_bytes((ROOT / "deploy" / "secrets.sh").read_bytes())
        for _ in range(2):
            subprocess.run(["sh", str(script)], check=True, capture_output=True)
        folder = script.with_name("secrets")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        made.append({file.name: file.read_text() for file in folder.iterdir()})
        before = made[-1]
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        assert {file.name: file.read_text() for file in folder.iterdir()} == before
    with_kibana = yaml.load(OBSERVABILITY.read_text().replace("!override", ""), yaml.SafeLoader)
    named = (yaml.safe_load(FILE.read_text())["secrets"] | with_kibana["secrets"]).values()
    assert set(made[0]) == {Path(one["file"]).name for one in named}
    assert not set(made[0].values()) & set(made[1].values())
