"""The image: built without a Docker engine, run as OpenShift runs it, and a table ranked through it.

Where the official base image cannot be pulled, Debian's own Python stands in for it, bootstrapped on the spot: that
proves the Dockerfile, and not that image.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from benchmarks.service.served import ANALYST, PASSWORD, TAKE_IN, Served, bank, free_port, prepare
from tests.deploy.conftest import ROOT

BASE = "docker.io/library/python:3.11-slim-bookworm"
NAME = "localhost/affluence:tested"
# A user id as OpenShift gives them out, unknown to the image, in the group 0.
USER = "1000770000:0"
MOST_BYTES = 1_500_000_000
PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
READY_WITHIN_SECONDS = 120

# What pip says where it reaches no index.
OUT_OF_REACH = ("No matching distribution found", "Max retries exceeded", "NewConnectionError", "ReadTimeoutError")

Ran = subprocess.CompletedProcess[str]


def test_the_dockerfile_keeps_the_rules_of_its_lint() -> None:
    lint = Path(sys.executable).with_name("hadolint")
    ran = subprocess.run([lint, ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def image(*arguments: str, **variables: str) -> Ran:
    program = [str(ROOT / "deploy" / "image.sh"), *arguments]
    return subprocess.run(program, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("affluence",), ("affluence", "")])
def test_what_is_left_out_is_asked_for(arguments: tuple[str, ...]) -> None:
    ran = image(*arguments)
    assert (ran.returncode, "Give a name" in ran.stderr) == (64, True)


@pytest.mark.parametrize(("builder", "keeps"), [("buildah", True), ("podman", True), ("docker", False)])
def test_a_dry_run_says_what_it_would_build_and_keeps_the_health_check(builder: str, *, keeps: bool) -> None:
    ran = image("affluence:1", "1.0", DRY="1", BUILDER=builder, BASE="registry.example.com/python:3.11")
    assert ran.stdout.startswith(f"would run: {builder} build")
    assert ("--format docker" in ran.stdout) is keeps
    assert "--build-arg BASE=registry.example.com/python:3.11" in ran.stdout
    assert ran.stdout.split()[-3:] == ["--tag", "affluence:1", "."]


def test_nothing_goes_to_the_builder_but_what_the_dockerfile_copies() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    copied = {one for line in copies for one in line.split()}
    assert copied == {one for one in let_through if Path(one).name not in {".gitkeep", "README.md", "adult.csv.gz"}} | {
        "README.md"
    }


@dataclass(frozen=True)
class Store:
    """Images and containers apart from those of this machine."""

    folder: Path

    @property
    def options(self) -> list[str]:
        return [f"--root={self.folder}/store", f"--runroot={self.folder}/run", "--storage-driver=overlay"]

    def buildah(self, *arguments: str) -> str:
        environment = os.environ | {"BUILDAH_ISOLATION": "chroot"}
        program = ["buildah", *self.options, *arguments]
        return subprocess.run(program, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    def podman(self, *arguments: str) -> list[str]:
        """The command, to be run."""
        own = ["--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc"]
        return ["podman", *self.options, *own, *arguments]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if absent := [program for program in PROGRAMS if shutil.which(program) is None]:
        pytest.skip(f"{' and '.join(absent)} are not on this machine, and an image is built and run by them")
    if os.geteuid() != 0:
        pytest.skip("a base is bootstrapped by root alone")
    made = Store(tmp_path_factory.mktemp("containers"))
    yield made
    subprocess.run(made.podman("rm", "--all", "--force", "--time=2"), capture_output=True, check=False)
    subprocess.run(made.podman("rmi", "--all", "--force"), capture_output=True, check=False)


@pytest.fixture(scope="module")
def base(store: Store) -> str:
    pulled = subprocess.run(
        ["timeout", "60", "buildah", *store.options, "pull", "--quiet", "--retry=0", BASE],
        capture_output=True,
        check=False,
    )
    return BASE if pulled.returncode == 0 else stand_in(store)


def stand_in(store: Store) -> str:
    """Debian with its own Python under the name of the official image."""
    mirror = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Release: bookworm"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    if not mirror:
        pytest.skip("neither the official base image can be pulled here nor a Debian bookworm be bootstrapped")
    root = store.folder / "base"
    include = "--include=python3,python3-pip,python3-venv,ca-certificates"
    bootstrap = ["debootstrap", "--variant=minbase", include, "bookworm", str(root), mirror[0]]
    subprocess.run(bootstrap, capture_output=True, check=True)
    for left in ("var/cache/apt/archives", "var/lib/apt/lists", "dev"):
        shutil.rmtree(root / left, ignore_errors=True)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    # The official image has no such mark: whoever builds on it installs with pip.
    (root / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink()
    for name in ("python", "python3"):
        (root / "usr/local/bin" / name).symlink_to("/usr/bin/python3.11")
    container = store.buildah("from", "scratch")
    store.buildah("add", "--quiet", container, str(root), "/")
    path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    store.buildah("config", "--env", path, "--env", "LANG=C.UTF-8", "--cmd", "python3", container)
    store.buildah("commit", "--quiet", "--rm", "--format", "docker", container, BASE)
    shutil.rmtree(root)
    return BASE


@pytest.fixture(scope="module")
def built(store: Store, base: str) -> Store:
    options = ["--pull-never", "--isolation chroot"]
    if CERTIFICATES.exists():
        options += [f"-v {CERTIFICATES}:{CERTIFICATES}:ro", f"--env PIP_CERT={CERTIFICATES} --unsetenv PIP_CERT"]
    ran = image(
        NAME,
        "1.2.3",
        BASE=base,
        BUILDER="buildah",
        BUILDER_OPTIONS=" ".join(store.options),
        BUILD_OPTIONS=" ".join(options),
    )
    if ran.returncode and any(sign in ran.stdout + ran.stderr for sign in OUT_OF_REACH):
        pytest.skip("Python's packages cannot be fetched from within a build here: the package index does not answer")
    assert ran.returncode == 0, ran.stderr[-2000:]
    return store


@pytest.fixture
def hardened(built: Store, tmp_path: Path) -> Callable[..., list[str]]:
    """Makes the command that runs one in a container: a user unknown to it, a root that is only read, no rights."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(0o770)  # a mode at its making would be less by the umask

    def command(
        *arguments: str, name: str = "", mounts: Mapping[Path, str] | None = None, **settings: str
    ) -> list[str]:
        volumes = {tmp_path / "folder": "/var/lib/affluence", **(mounts or {})}
        return built.podman(
            "run", "--rm", "--interactive", f"--user={USER}", "--network=host", "--read-only", "--tmpfs=/tmp",
            "--cap-drop=all", "--security-opt=no-new-privileges", "--health-interval=disable",
            # Without them a container asks for more than a confined machine may give.
            "--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096",
            *([f"--name={name}"] if name else []),
            *(f"--volume={ours}:{theirs}" for ours, theirs in volumes.items()),
            *(f"--env={key}={value}" for key, value in settings.items()),
            NAME, *arguments,
        )  # fmt: skip

    return command


@pytest.mark.slow
def test_there_is_a_base_with_the_python_that_is_promised(store: Store, base: str) -> None:
    """Fetching or making it takes its time apart from the build, for each test has a limit."""
    container = store.buildah("from", "--pull-never", base)
    told = store.buildah("run", container, "--", "python3", "-c", "import sys, venv; print(*sys.version_info[:2])")
    store.buildah("rm", container)
    assert told == "3 11"


@pytest.mark.slow
def test_the_image_is_small_enough_and_says_what_it_is(built: Store) -> None:
    (told,) = json.loads(subprocess.check_output(built.podman("image", "inspect", NAME), text=True))
    assert told["Size"] < MOST_BYTES
    config = told["Config"]
    assert config["User"] == "1001"
    assert told["Healthcheck"]["Test"][0] == "CMD"
    assert config["Labels"]["org.opencontainers.image.version"] == "1.2.3"
    assert not [line for line in config["Env"] if "CERT" in line or "INDEX" in line]


@pytest.mark.slow
def test_nobody_can_change_the_image_from_within_or_install_into_it(hardened: Callable[..., list[str]]) -> None:
    tries = "python -m pip --version; touch /app/conf/base/x /opt/affluence/x; id -u; id -g; touch ~/x && echo tmp"
    ran = subprocess.run(hardened("sh", "-c", tries), capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [*USER.split(":"), "tmp"]
    assert ran.stderr.count("cannot touch") == 2
    assert "No module named pip" in ran.stderr


@pytest.mark.slow
def test_a_table_is_ranked_through_containers_of_web_and_worker(
    built: Store, hardened: Callable[..., list[str]], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    prepare(project, customers=2_000)
    for path in (project, *project.rglob("*")):
        path.chmod(0o770 if path.is_dir() else 0o660)
    settings = {
        "AFFLUENCE_PROJECT": str(project),
        "AFFLUENCE_SECRET_KEY": "a key of this test, which nobody else uses, long enough to be one",
        "AFFLUENCE_HTTPS": "0",
    }

    def run(*arguments: str, name: str = "") -> list[str]:
        return hardened(*arguments, name=name, mounts={project: str(project)}, **settings)

    def done(*arguments: str) -> str:
        ran = subprocess.run(
            run("affluence-service", *arguments), capture_output=True, text=True, input=PASSWORD, check=False
        )
        assert ran.returncode == 0, f"{arguments}: {ran.stdout[-500:]} {ran.stderr[-1500:]}"
        return ran.stdout

    done("manage", "migrate", "--no-input")
    done("manage", "collectstatic", "--no-input")
    done("teams", "add", "Branch")
    done("people", "add", ANALYST, "--team", "Branch", "--role", "analyst", "--password-from-stdin")
    token = done("tokens", "issue", ANALYST, "--name", "test").split()[-1]
    done("manage", "shell", "-v", "0", "-c", TAKE_IN)
    port = free_port()
    with (
        container(
            built, run("affluence-service", "web", "--host", "127.0.0.1", "--port", str(port), name="web"), "web"
        ),
        container(built, run("affluence-service", "worker", name="worker"), "worker"),
    ):
        well = [*built.podman("exec", "web", "python", "/opt/affluence/share/healthy.py")]
        until = time.monotonic() + READY_WITHIN_SECONDS
        while (answer := subprocess.run(
            [*well, f"http://127.0.0.1:{port}/api/v1/health"], capture_output=True, check=False
        )).returncode and time.monotonic() < until:  # fmt: skip
            time.sleep(1)
        assert answer.returncode == 0, answer.stderr
        served = Served(port, token, process=0)
        run_id, _ = served.rank(bank(project, 1_000))
        page = served.ask("GET", f"runs/{run_id}/candidates")
    assert page["results"][0]["rank"] == 1
    assert page["results"][0]["reasons"]


@contextmanager
def container(store: Store, command: list[str], name: str) -> Iterator[None]:
    """One that runs while the block does; what it said is told if the block fails."""
    said = store.folder / f"{name}.log"
    with said.open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        except Exception as error:
            error.add_note(said.read_text()[-3000:])
            raise
        finally:
            subprocess.run(store.podman("stop", "--time=10", name), capture_output=True, check=False)
            process.wait(timeout=30)
