"""What is read from the environment, and that the documentation lists exactly that."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from opentelemetry.sdk import environment_variables

from affluence.adapters.telemetry.process import SIGNALS
from affluence.errors import UserError
from affluence_service.environment import read_environment

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
OPENTELEMETRYS = "OTEL_"
FILE = "_FILE"


class Watched(Mapping[str, str]):
    """Variables that know which of them were asked for."""

    def __init__(self, **given: str) -> None:
        self.given, self.asked = given, set[str]()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def asked() -> set[str]:
    endpoints = ("AUTHORIZATION", "TOKEN", "USER", "KEYS")
    given = {f"AFFLUENCE_OIDC_{each}_ENDPOINT": "https://bank.example" for each in endpoints}
    variables = Watched(AFFLUENCE_OIDC_CLIENT_ID="affluence", **given)
    read_environment(variables)
    return variables.asked


def test_what_the_page_says_of_telemetry_is_what_opentelemetry_reads() -> None:
    told = set(re.findall(r"^\| `(OTEL_[A-Z_]+)`", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert told
    exporters = {f"OTEL_{signal}_EXPORTER" for signal in SIGNALS}
    shown = {"OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"}
    assert told <= {*vars(environment_variables)} | exporters | shown


def test_the_page_of_settings_lists_exactly_the_variables_that_are_read() -> None:
    told = re.findall(r"^\| `([A-Z_]+)`(.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    rows = [(name, rest) for name, rest in told if not name.startswith(OPENTELEMETRYS)]
    names = asked()
    in_files = {name for name in names if name + FILE in names}
    assert {name for name, _ in rows} == {
        name for name in names if name.removesuffix(FILE) not in in_files or name in in_files
    }
    assert {name for name, rest in rows if f"`{FILE}`" in rest} == in_files


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a key in a file\n")
    assert read_environment({"AFFLUENCE_SECRET_KEY_FILE": str(file)}).secret_key == file.read_text().strip()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AFFLUENCE_DEBUG": "maybe"}, "AFFLUENCE_DEBUG is 'maybe'; give 1 or 0."),
        ({"AFFLUENCE_KEEP_DAYS": "0"}, "AFFLUENCE_KEEP_DAYS is '0'; give a whole number of at least 1."),
        ({"AFFLUENCE_SECRET_KEY_FILE": "/nowhere"}, "AFFLUENCE_SECRET_KEY_FILE names /nowhere"),
        ({"AFFLUENCE_OIDC_CLIENT_ID": "x"}, "AFFLUENCE_OIDC_AUTHORIZATION_ENDPOINT is not set"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named_with_what_it_should_hold(variables: dict[str, str], told: str) -> None:
    with pytest.raises(UserError) as refused:
        read_environment(variables)
    assert told in str(refused.value)
