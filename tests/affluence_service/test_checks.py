"""Settings with which the service is not to be started, each refused in one sentence with its remedy."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from affluence_service.checks import deployment, faults
from affluence_service.environment import Environment, read_environment
from affluence_service.verbs import main

KEY = "k" * 40


@pytest.fixture
def sound(tmp_path: Path) -> Environment:
    return read_environment(
        {
            "AFFLUENCE_FOLDER": str(tmp_path),
            "AFFLUENCE_SECRET_KEY": KEY,
            "AFFLUENCE_HOSTS": "affluence.bank.example",
            "AFFLUENCE_BEHIND_PROXY": "1",
        }
    )


def test_a_service_behind_a_proxy_with_a_key_and_named_hosts_may_start(sound: Environment) -> None:
    assert list(faults(sound)) == []


def test_debugging_on_ones_own_machine_needs_neither_key_nor_https(tmp_path: Path) -> None:
    assert list(faults(read_environment({"AFFLUENCE_DEBUG": "1", "AFFLUENCE_FOLDER": str(tmp_path)}))) == []


def test_one_machine_without_https_may_start_once_that_is_said(sound: Environment) -> None:
    assert list(faults(replace(sound, https=False, behind_proxy=False))) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"secret_key": ""}, "AFFLUENCE_SECRET_KEY is not set"),
        ({"secret_key": "short"}, "AFFLUENCE_SECRET_KEY has 5 characters"),
        ({"hosts": ("*",)}, r"AFFLUENCE_HOSTS holds \*"),
        ({"hosts": ("affluence.bank.example", ".bank.example")}, r"AFFLUENCE_HOSTS holds \.bank\.example"),
        ({"debug": True}, "AFFLUENCE_DEBUG is on and AFFLUENCE_HOSTS names affluence.bank.example"),
        ({"behind_proxy": False}, "Nothing here speaks https"),
        ({"folder": Path("/proc/nowhere")}, "AFFLUENCE_FOLDER is /proc/nowhere"),
    ],
)
def test_what_is_not_for_use_is_refused_in_one_sentence(sound: Environment, wrong: dict[str, Any], told: str) -> None:
    found = list(faults(replace(sound, **wrong)))
    assert len(found) == 1
    assert found[0].endswith(".")
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(found[0])


def test_every_fault_is_told_at_once(sound: Environment) -> None:
    assert len(list(faults(replace(sound, secret_key="", hosts=("*",), behind_proxy=False)))) == 3


@pytest.mark.parametrize("verb", ["web", "worker"])
def test_neither_web_nor_worker_starts_with_a_fault(verb: str, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, secret_key="")
    done = CliRunner().invoke(main, [verb])
    assert done.exit_code == 1
    assert "AFFLUENCE_SECRET_KEY is not set" in done.output
    assert "Traceback" not in done.output


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence_before_anything_else() -> None:
    command = [sys.executable, "-m", "affluence_service", "worker"]
    variables = os.environ | {"AFFLUENCE_FOLDER": "/proc/nowhere"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: AFFLUENCE_FOLDER is /proc/nowhere, where this process may not write")
    assert "Traceback" not in done.stderr


def test_the_check_for_deployment_lists_the_faults(settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, hosts=("*",))
    assert [fault.id for fault in deployment(None)] == ["affluence.E001"]
