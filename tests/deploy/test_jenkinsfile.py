"""The Jenkinsfile: linted, and its stages run in order by a shim, with pushes and rollouts dry.

No Jenkins is run. The shim knows the sections and steps that the file uses and refuses any other; it is not Jenkins'
own reading of the declarative form. Targets that are tested elsewhere and take long are asked of make without being
built.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.deploy.conftest import IMAGE, ROOT

pytestmark = pytest.mark.slow

JENKINSFILE = ROOT / "Jenkinsfile"
SHIM = Path(__file__).with_name("pipeline.groovy")
# What is not built here: CI runs these by themselves, or they act on other machines and have a dry form of their own.
LONG = ("lint", "test", "test-slow", "image", "sbom", "audit", "licences")
ORDER = [
    "lint",
    "test",
    "test-slow",
    "image",
    "sbom",
    "audit",
    "licences",
    "scan",
    "push",
    "deploy",
    "smoke",
    "deploy",
    "smoke",
]
Ran = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def jars(groovy: Path) -> str:
    return os.pathsep.join(map(str, sorted(groovy.glob("lib/java/groovy/lib/*.jar"))))


@pytest.fixture
def run(jars: str, tmp_path: Path) -> Callable[..., Ran]:
    """Runs a pipeline as Jenkins would, with a make that journals its targets and builds none that take long."""

    def call(branch: str = "main", *, file: Path = JENKINSFILE, fails: str = "", approve: str = "yes") -> Ran:
        make = tmp_path / "bin" / "make"
        make.parent.mkdir(exist_ok=True)
        make.write_text(
            "#!/bin/sh\n"
            'asked="$1 ${ENVIRONMENT:-} ${SERVICE_URL:-} ${KUBECONFIG:-}"\n'
            f'echo "$asked" | sed "s/ *$//" >> {tmp_path / "journal"}\n'
            f'[ "$1 ${{ENVIRONMENT:-}}" = "{fails or "nothing at all"}" ] && exit 1\n'
            f'case " {" ".join(LONG)} " in *" $1 "*) exec {shutil.which("make")} --dry-run "$@" >/dev/null ;; esac\n'
            f'exec {shutil.which("make")} --no-print-directory "$@"\n'
        )
        make.chmod(0o755)
        (tmp_path / "journal").write_text("")
        environment = os.environ | {"PATH": f"{make.parent}{os.pathsep}{os.environ['PATH']}", "IMAGE_REFERENCE": IMAGE}
        # Nothing is rendered where no client of a cluster is: the manifests have tests of their own.
        environment |= {"KUSTOMIZE": "echo", "VERSION": "1.2.0", "IMAGE": "localhost/affluence:1.2.0"}
        program = ["java", "-cp", jars, "groovy.ui.GroovyMain", str(SHIM), str(file), branch, "DRY=true"]
        return subprocess.run(
            [*program, f"approve={approve}"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return call


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[], list[str]]:
    """What make was asked for, in order: target, environment, address, and whose key."""
    return lambda: (tmp_path / "journal").read_text().splitlines()


def test_the_lint_of_groovy_has_nothing_to_say(groovy: Path, tmp_path: Path) -> None:
    program = [str(groovy.parent / ".bin" / "npm-groovy-lint"), "--noserver", "--failon", "info"]
    shutil.copy(ROOT / ".groovylintrc.json", tmp_path)
    program += ["--config", str(tmp_path / ".groovylintrc.json"), str(JENKINSFILE)]
    linted = subprocess.run(program, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_main_goes_from_lint_to_production_in_this_order(
    run: Callable[..., Ran], asked: Callable[[], list[str]]
) -> None:
    ran = run()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line.split()[0] for line in asked()] == ORDER
    assert asked()[-4:] == [
        "deploy dev  /secret/affluence-dev",
        "smoke  https://affluence-dev.apps.example.com",
        "deploy prod https://affluence.apps.example.com /secret/affluence-prod",
        "smoke prod https://affluence.apps.example.com",
    ]
    assert "would run: podman push" in ran.stdout
    assert "would run: oc -n affluence-prod rollout status" in ran.stdout


def test_another_branch_is_proved_and_nothing_of_it_leaves(
    run: Callable[..., Ran], asked: Callable[[], list[str]]
) -> None:
    assert run("feature").returncode == 0
    assert [line.split()[0] for line in asked()] == ORDER[: ORDER.index("push")]


@pytest.mark.parametrize("fails", ["deploy prod", "smoke prod"])
def test_production_is_rolled_back_when_it_fails(
    run: Callable[..., Ran], asked: Callable[[], list[str]], fails: str
) -> None:
    ran = run(fails=fails)
    assert ran.returncode == 1
    assert asked()[-1] == "rollback prod https://affluence.apps.example.com /secret/affluence-prod"
    assert "would run: oc -n affluence-prod rollout undo deployment/affluence-web" in ran.stdout


def test_what_fails_before_production_stops_everything_and_rolls_nothing_back(
    run: Callable[..., Ran], asked: Callable[[], list[str]]
) -> None:
    assert run(fails="audit ").returncode == 1
    assert [line.split()[0] for line in asked()] == ORDER[: ORDER.index("audit") + 1]


def test_without_approval_production_is_not_touched(run: Callable[..., Ran], asked: Callable[[], list[str]]) -> None:
    ran = run(approve="no")
    assert (ran.returncode, asked()[-1].split()[0]) == (1, "smoke")
    assert "nobody approved" in ran.stdout


@pytest.mark.parametrize(
    ("from_", "to", "told"),
    [
        ("make licences", "make licenses", "No rule to make target"),
        ("make smoke", "make smoked", "No rule to make target"),
        ("timestamps()", "timestamp()", "MissingMethodException"),
        ("post {", "afterwards {", "MissingMethodException"),
    ],
)
def test_a_target_that_is_not_there_and_a_step_that_is_not_known_fail(
    run: Callable[..., Ran], tmp_path: Path, from_: str, to: str, told: str
) -> None:
    wrong = tmp_path / "Jenkinsfile"
    wrong.write_text(JENKINSFILE.read_text().replace(from_, to))
    ran = run(file=wrong)
    assert ran.returncode != 0
    assert told in ran.stdout + ran.stderr


def test_every_stage_but_checkout_and_approval_is_make_alone() -> None:
    stages = re.split(r"stage\('([^']+)'\)", JENKINSFILE.read_text())[1:]
    commands = {
        name: re.findall(r"\bsh\s*\(?\s*'([^']*)'", body) for name, body in zip(stages[::2], stages[1::2], strict=True)
    }
    assert list(commands) == [
        *(
            "Checkout",
            "Lint",
            "Test",
            "Build image",
            "Scan",
            "Push",
            "Deploy dev",
            "Smoke test",
            "Approval",
            "Deploy prod",
        )
    ]
    assert commands.pop("Checkout") == commands.pop("Approval") == []
    assert all(commands.values())
    assert all(re.fullmatch(r"make [a-z-]+", command) for asked in commands.values() for command in asked)
    assert JENKINSFILE.read_text().count("sh '") == sum(map(len, commands.values()))
