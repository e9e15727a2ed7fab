"""Rolling out and back, against a stand-in for the cluster's client that writes down what it is asked."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.deploy.conftest import IMAGE, OPENSHIFT

Ran = subprocess.CompletedProcess[str]

OBJECTS = "kind: Pod\n  image: affluence:unreleased"
REVISIONS = {"get deployment affluence-mlflow": "3", "get deployment affluence-web": "7", "affluence-worker --ig": "5"}


@pytest.fixture
def roll(recorder: Callable[..., tuple[Path, Path]], tmp_path: Path) -> Callable[..., Ran]:
    """Calls rollout.sh with a client that fails where it is told to."""

    def call(
        *arguments: str, fails: str = "never this", revisions: dict[str, str] = REVISIONS, dry: bool = False
    ) -> Ran:
        program, _ = recorder("oc", answers={"^kustomize": OBJECTS} | revisions, fails=fails)
        more = {"OC": str(program), "ROLLOUT_FOLDER": str(tmp_path / "build")} | ({"DRY": "1"} if dry else {})
        asked = [str(OPENSHIFT / "rollout.sh"), *arguments]
        return subprocess.run(asked, env=os.environ | more, capture_output=True, text=True, check=False)

    return call


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[], list[str]]:
    """What the client was asked that changes something or waits, in order."""

    def read() -> list[str]:
        lines = (tmp_path / "oc.journal").read_text().splitlines()
        return [line for line in lines if not line.startswith("kustomize") and " get " not in line]

    return read


def test_a_version_is_migrated_to_before_it_is_waited_for(
    roll: Callable[..., Ran], asked: Callable[[], list[str]]
) -> None:
    assert roll("deploy", "prod", IMAGE).returncode == 0
    assert asked()[:3] == [
        "-n affluence-prod delete job affluence-migration --ignore-not-found",
        "apply -f -",
        "-n affluence-prod wait --for=condition=complete --timeout=1800s job/affluence-migration",
    ]
    assert asked()[3:] == [
        f"-n affluence-prod rollout status deployment/affluence-{name} --timeout=600s"
        for name in ("mlflow", "web", "worker")
    ]


def test_what_is_rendered_holds_the_image_that_was_named(roll: Callable[..., Ran]) -> None:
    assert roll("render", "dev", IMAGE).stdout == f"kind: Pod\n  image: {IMAGE}\n"


@pytest.mark.parametrize("image", ["", "affluence:1.0", "affluence@sha256:abc", IMAGE.upper()])
def test_an_image_without_a_digest_is_refused_before_anything_is_done(
    roll: Callable[..., Ran], asked: Callable[[], list[str]], image: str
) -> None:
    ran = roll("deploy", "dev", image)
    assert (ran.returncode, asked()) == (64, [])
    assert "a tag may point elsewhere" in ran.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("deploy",), ("deploy", "uat", IMAGE), ("deploy", "../base", IMAGE), ("up", "dev")]
)
def test_what_is_not_understood_is_refused_with_what_would_be(
    roll: Callable[..., Ran], asked: Callable[[], list[str]], arguments: tuple[str, ...]
) -> None:
    ran = roll(*arguments)
    assert (ran.returncode, asked()) == (64, [])
    assert "dev prod" in ran.stderr or "render, deploy, back" in ran.stderr


@pytest.mark.parametrize(
    "fails", ["^kustomize", "delete job", "apply", "wait --for", "rollout status deployment/affluence-worker"]
)
def test_it_fails_when_any_step_does_and_goes_no_further(
    roll: Callable[..., Ran], asked: Callable[[], list[str]], fails: str
) -> None:
    assert roll("deploy", "dev", IMAGE, fails=fails).returncode == 1
    done = asked()
    assert fails == "^kustomize" or fails.lstrip("^") in done[-1]


def test_the_way_back_is_to_what_stood_before(roll: Callable[..., Ran], asked: Callable[[], list[str]]) -> None:
    roll("deploy", "prod", IMAGE, fails="rollout status deployment/affluence-web")
    before = len(asked())
    assert roll("back", "prod").returncode == 0
    assert asked()[before : before + 3] == [
        "-n affluence-prod rollout undo deployment/affluence-mlflow --to-revision=3",
        "-n affluence-prod rollout undo deployment/affluence-web --to-revision=7",
        "-n affluence-prod rollout undo deployment/affluence-worker --to-revision=5",
    ]
    assert sum("rollout status" in line for line in asked()[before:]) == 3


def test_there_is_no_way_back_where_nothing_was_rolled_out(
    roll: Callable[..., Ran], asked: Callable[[], list[str]]
) -> None:
    assert roll("back", "dev").returncode == 64
    roll("deploy", "dev", IMAGE)
    roll("deploy", "dev", "no-digest")
    ran = roll("back", "dev")
    assert ran.returncode == 64, "what an older rollout wrote down is not this one's"
    assert not any("undo" in line for line in asked())


def test_a_first_version_has_nothing_to_go_back_to_and_says_so(roll: Callable[..., Ran]) -> None:
    roll("deploy", "dev", IMAGE, revisions={})
    ran = roll("back", "dev")
    assert ran.returncode == 1
    assert "nothing to go back to" in ran.stderr


@pytest.mark.parametrize("arguments", [("deploy", "prod", IMAGE), ("back", "prod")])
def test_a_dry_run_says_everything_and_does_nothing(
    roll: Callable[..., Ran], asked: Callable[[], list[str]], arguments: tuple[str, ...]
) -> None:
    ran = roll(*arguments, dry=True)
    assert ran.returncode == 0
    assert ran.stdout.count("would run: ") == 6
    assert asked() == []
