"""Pushing an image: to a real registry on this machine, by digest, and refused where it could not be told apart."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.deploy.conftest import IMAGE, ROOT

Ran = subprocess.CompletedProcess[str]


def push(*arguments: str, cwd: Path, **variables: str) -> Ran:
    program = [str(ROOT / "deploy" / "push.sh"), *arguments]
    return subprocess.run(program, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments", [(), ("affluence",), ("affluence", "", "1.0"), ("affluence", "registry/affluence")]
)
def test_what_is_left_out_is_asked_for(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = push(*arguments, cwd=tmp_path)
    assert (ran.returncode, "where to push it" in ran.stderr) == (64, True)


def test_an_image_of_files_that_are_in_no_commit_is_not_pushed(
    tmp_path: Path, recorder: Callable[..., tuple[Path, Path]]
) -> None:
    program, journal = recorder("podman")
    ran = push("affluence", "registry/affluence", "v1-3-gabc-dirty", cwd=tmp_path, CONTAINERS=str(program))
    assert (ran.returncode, journal.read_text()) == (64, "")


def test_a_push_that_fails_leaves_no_digest_of_an_older_one(
    tmp_path: Path, recorder: Callable[..., tuple[Path, Path]]
) -> None:
    program, _ = recorder("podman", fails="push")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "image.reference").write_text(IMAGE)
    assert push("affluence", "registry/affluence", "1.0", cwd=tmp_path, CONTAINERS=str(program)).returncode == 1
    assert list((tmp_path / "build").iterdir()) == []


def test_a_dry_run_says_what_it_would_push_and_where(
    tmp_path: Path, recorder: Callable[..., tuple[Path, Path]]
) -> None:
    program, journal = recorder("podman")
    ran = push("affluence", "registry/affluence", "1.0", cwd=tmp_path, CONTAINERS=str(program), DRY="1")
    assert ran.stdout.rstrip().endswith("affluence docker://registry/affluence:1.0")
    assert journal.read_text() == ""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A registry of this machine alone, until the test ends."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not on this machine")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": address},
    }
    (tmp_path / "registry.yml").write_text(json.dumps(settings))
    program = ["docker-registry", "serve", str(tmp_path / "registry.yml")]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://{address}/v2/", timeout=2).close()
            break
        except OSError:
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(timeout=20)


@pytest.mark.slow
def test_a_registry_holds_what_was_pushed_under_the_digest_that_is_deployed(registry: str, tmp_path: Path) -> None:
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not on this machine")
    store = ["--root", str(tmp_path / "store"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]
    (tmp_path / "buildah").write_text(f'#!/bin/sh\nexec buildah {" ".join(store)} "$@"\n')
    (tmp_path / "buildah").chmod(0o755)

    def buildah(*arguments: str) -> str:
        program = [str(tmp_path / "buildah"), *arguments]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()

    container = buildah("from", "scratch")
    buildah("config", "--cmd", "affluence-service web", container)
    buildah("commit", "--quiet", container, "localhost/affluence:1.0")
    ran = push(
        *("localhost/affluence:1.0", f"{registry}/affluence", "1.0"),
        cwd=tmp_path,
        CONTAINERS=str(tmp_path / "buildah"),
        PUSH_OPTIONS="--tls-verify=false",
    )
    assert ran.returncode == 0, ran.stderr
    reference = (tmp_path / "build" / "image.reference").read_text().strip()
    name, digest = reference.split("@")
    assert name == f"{registry}/affluence"
    for asked in (digest, "1.0"):
        request = urllib.request.Request(
            f"http://{registry}/v2/affluence/manifests/{asked}",
            headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  (an address of ours)
            assert answer.headers["Docker-Content-Digest"] == digest
