"""Poetry's own word on the lock and the export, where Poetry can be had."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def poetry(tmp_path_factory) -> list[str]:
    """Poetry in an environment of its own, told to use the index that pip uses."""
    folder = tmp_path_factory.mktemp("poetry")
    venv.create(folder, with_pip=True)
    wanted = ["poetry>=2.2,<3", "poetry-plugin-export", "poetry-plugin-pypi-mirror"]
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *wanted]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip("Poetry cannot be installed here: the package index does not answer")
    return [str(folder / "bin/poetry"), "--directory", str(ROOT), "--no-interaction"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    ask = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    index = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    return {
        **os.environ,
        "POETRY_PYPI_MIRROR_URL": index,
        "POETRY_VIRTUALENVS_CREATE": "true",
        "POETRY_VIRTUALENVS_IN_PROJECT": "false",
        "POETRY_VIRTUALENVS_PATH": str(tmp_path_factory.mktemp("environments")),
    }


def test_the_lock_fits_the_project(poetry, environment):
    checked = subprocess.run([*poetry, "check", "--lock"], env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("main", "build"),
        ("dev", "build,test,lint,docs"),
        ("viz", "build,test,lint,docs,viz"),
        ("spark", "build,spark"),
        ("notebooks", "build,notebooks"),
        ("audit", "build,audit"),
    ],
)
def test_the_export_is_what_poetry_writes(poetry, environment, tmp_path, name, groups):
    written = tmp_path / "requirements.txt"
    subprocess.run([*poetry, "export", "-q", "--with", groups, "-o", str(written)], env=environment, check=True)
    assert written.read_text() == (ROOT / "requirements" / f"{name}.txt").read_text()


def test_poetry_installs_the_project(poetry, environment):
    """The main packages and the project itself, from the lock, into an environment of Poetry's own."""
    outside = {name: value for name, value in environment.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    installed = subprocess.run(
        [*poetry, "install", "--only", "main"], env=outside, capture_output=True, text=True, timeout=340, check=False
    )
    assert installed.returncode == 0, installed.stdout[-2_000:] + installed.stderr[-2_000:]
    ran = subprocess.run(
        [*poetry, "run", "affluence", "--version"], env=outside, capture_output=True, text=True, check=True
    )
    assert "affluence" in ran.stdout
