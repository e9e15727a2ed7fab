"""What git runs before a commit: the lint's own programs, nothing from elsewhere, and it stops what the lint would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.deploy.conftest import ROOT

CONFIGURED = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
HOOKS = [hook for source in CONFIGURED["repos"] for hook in source["hooks"]]


def test_nothing_is_fetched_from_anywhere() -> None:
    assert [source["repo"] for source in CONFIGURED["repos"]] == ["local"]
    assert all(hook["language"] == "system" for hook in HOOKS)


def test_every_hook_is_a_line_of_the_lint_or_all_of_it() -> None:
    lint = (ROOT / "lint.sh").read_text()
    for hook in HOOKS:
        program = hook["entry"].removeprefix(".venv/bin/")
        assert program == "make lint" or program in lint, hook["id"]


@pytest.mark.slow
def test_a_commit_is_stopped_by_what_the_lint_would_say(tmp_path: Path) -> None:
    """In a scratch repository with our settings, where `.venv` is the environment of this test."""
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / ".gitignore").write_text(".venv\n")
    git("init", "--quiet", cwd=tmp_path)
    program = [str(Path(sys.executable).with_name("pre-commit")), "install"]
    subprocess.run(program, cwd=tmp_path, env=apart(tmp_path), capture_output=True, check=True)
    (tmp_path / "fine.py").write_text('"""A module."""\n\nTEN = 10\n')
    assert commit(tmp_path).returncode == 0
    for wrong, named in (("TEN=10\n", "ruff format"), ('"""A module."""\n\nimport os\n', "ruff check")):
        (tmp_path / "wrong.py").write_text(wrong)
        stopped = commit(tmp_path)
        assert stopped.returncode == 1
        assert f"{named}" in stopped.stdout + stopped.stderr


def git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@bank.example"]
    program = ["git", *who, *arguments]
    return subprocess.run(program, cwd=cwd, env=apart(cwd), capture_output=True, text=True, check=False)


def commit(folder: Path) -> subprocess.CompletedProcess[str]:
    git("add", "--all", cwd=folder)
    return git("commit", "--message", "A change", cwd=folder)


def apart(folder: Path) -> dict[str, str]:
    """This process's environment, with pre-commit's own store in the scratch folder."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
        "PRE_COMMIT_HOME": str(folder / ".git" / "hooks-store")
    }
