"""A release: tagged in a scratch repository, and refused, with every reason at once, where something disagrees."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from deploy.supply_chain import release

CHANGELOG = """# Changelog

## Unreleased

- Later.

## 1.2.0 (2026-11-30)

- It finds.
- # It keeps signs.

## 1.1.0

- Old.
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "affluence"\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "config", "user.name", "Somebody")
    git(tmp_path, "config", "user.email", "somebody@bank.example")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A change")


def test_the_tag_stands_on_the_commit_and_says_what_is_new(scratch: Path) -> None:
    assert release.main(["1.2.0"], root=scratch) == 0
    assert git(scratch, "rev-parse", "v1.2.0^{commit}") == git(scratch, "rev-parse", "HEAD")
    said = git(scratch, "tag", "--list", "--format=%(contents)", "v1.2.0")
    assert said.strip() == "Affluence 1.2.0\n\n- It finds.\n- # It keeps signs."
    assert git(scratch, "status", "--porcelain") == ""


def test_a_dry_run_makes_no_tag(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["1.2.0", "--dry-run"], root=scratch) == 0
    assert git(scratch, "tag") == ""
    assert "could be tagged" in capsys.readouterr().out


def forget_the_changelog(folder: Path) -> None:
    (folder / "CHANGELOG.md").write_text(CHANGELOG.replace("- It finds.\n- # It keeps signs.\n", ""))
    commit(folder)


def say_another_version(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.1.9"\n')
    commit(folder)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "new.txt").write_text("left"), "1 files differ from the last commit"),
        (forget_the_changelog, "nothing under '## 1.2.0'"),
        (say_another_version, "pyproject.toml says version 1.1.9"),
        (lambda folder: git(folder, "tag", "v1.2.0"), "v1.2.0 is tagged already"),
        (lambda folder: git(folder, "tag", "v1.10.0"), "v1.10.0 is there, and 1.2.0 is before it"),
    ],
)
def test_what_disagrees_stands_in_the_way(
    scratch: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], told: str
) -> None:
    spoil(scratch)
    before = git(scratch, "tag")
    assert release.main(["1.2.0"], root=scratch) == 1
    assert told in capsys.readouterr().err
    assert git(scratch, "tag") == before


def test_every_obstacle_is_told_at_once(scratch: Path) -> None:
    (scratch / "new.txt").write_text("left")
    assert len(list(release.obstacles("2.0.0", root=scratch))) == 3


@pytest.mark.parametrize("version", ["", "v1.2.0", "1.2", "1.2.0-rc1", "01.2.0", "1.2.0; rm -rf .", "1.2.0\n"])
def test_what_is_no_version_is_refused(scratch: Path, version: str) -> None:
    (told,) = release.obstacles(version, root=scratch)
    assert "is no version" in told
    assert git(scratch, "tag") == ""


def test_outside_a_repository_git_says_why_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    assert release.main(["1.2.0"], root=tmp_path) == 1
    assert "git refuses" in capsys.readouterr().err
