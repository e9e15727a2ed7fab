"""What holds for the project as a whole: its lock and its export, what it ships, what it must never say."""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
GROUPS = {"main": {"main", "build"}, "dev": {"main", "build", "test", "lint", "docs"}}
GROUPS["viz"] = GROUPS["dev"] | {"viz"}
GROUPS |= {name: GROUPS["main"] | {name} for name in ("spark", "notebooks", "audit")}


def lock() -> list[dict]:
    return tomllib.loads((ROOT / "poetry.lock").read_text())["package"]


def exported(name: str) -> dict[tuple[str, str], set[str]]:
    """The hashes of each (package, version) of an export."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    found = {}
    for line in filter(None, text.splitlines()):
        requirement = Requirement(line.split(" --hash")[0].strip())
        (version,) = (specifier.version for specifier in requirement.specifier)
        found[requirement.name.lower(), version] = set(re.findall(r"--hash=(\S+)", line))
    return found


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [ROOT / name for name in listed.split("\0") if name]


@pytest.mark.parametrize("name", GROUPS)
def test_the_export_and_the_lock_are_equal(name):
    """Every locked package of these groups, in its version, with all of its hashes, and nothing else."""
    locked = {
        (package["name"].lower(), package["version"]): {file["hash"] for file in package["files"]}
        for package in lock()
        if GROUPS[name] & set(package["groups"]) and "markers" not in package
    }
    sometimes = {
        (package["name"].lower(), package["version"]): {file["hash"] for file in package["files"]}
        for package in lock()
        if GROUPS[name] & set(package["groups"]) and "markers" in package
    }
    found = exported(name)
    assert locked.items() <= found.items()
    assert {package: hashes for package, hashes in found.items() if package not in locked}.items() <= sometimes.items()


def test_everything_that_is_installed_has_its_hash():
    for name in GROUPS:
        assert all(exported(name).values())


def test_the_export_covers_every_python_that_is_promised():
    promised = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert promised == ">=3.11,<3.15"
    line = next(
        line for line in (ROOT / "requirements/main.txt").read_text().splitlines() if line.startswith("kedro==")
    )
    marker = Marker(line.split(";", 1)[1].rstrip("\\ "))
    assert all(marker.evaluate({"python_version": version}) for version in ("3.11", "3.12", "3.13", "3.14"))


def test_no_file_names_a_package_index_or_a_place_of_one_machine():
    telling = re.compile(r"--(extra-)?index-url|--find-links|://pypi\.|(?<![\w.])/(root|home)/\w|(?<![\w./])/tmp/\w")
    allowed = {ROOT / "tests" / "test_project.py"}
    for path in tracked_files():
        if path.suffix in {".gz", ".png", ".parquet"} or path in allowed or not path.exists():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            assert not telling.search(line), f"{path.relative_to(ROOT)}:{number}"


def test_the_people_who_are_shipped_are_the_ones_that_are_named():
    shipped = (ROOT / "data/01_raw/adult.csv.gz").read_bytes()
    assert hashlib.sha256(shipped).hexdigest() == "f7a97ef60a6fc033d3c21293e263d1f74b2e402187e83291841d85de23348e5d"
    attribution = (ROOT / "data/01_raw/README.md").read_text()
    for word in ("Becker", "Kohavi", "UCI", "CC BY 4.0"):
        assert word in attribution


def test_nothing_is_reported_to_the_makers_of_our_tools():
    assert "consent: false" in (ROOT / ".telemetry").read_text()
    assert "kedro-telemetry" in (ROOT / "src/affluence_pipelines/settings.py").read_text()
    ask = "import affluence.adapters.mlflow_registry, mlflow.telemetry.utils as t; print(t.is_telemetry_disabled())"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "True"


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\S+)$", makefile, flags=re.MULTILINE))
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets == set(re.findall(r"make (\S+)", listed))
    wanted = {"run", "test", "lint", "check", "check-all", "docs", "clean", "help"}
    assert wanted <= targets


FILES_MAY_BE_OPENED_IN = {
    "data/contract.py", "data/reading.py", "data/writing.py", "data/raw_table.py", "data/csv_text.py",
    "data/csv_reading.py", "data/excel_guard.py", "data/offer_table.py", "pu/storage.py",
    "evaluation/stability_limits.py", "streaming.py",
}  # fmt: skip
OPENS = re.compile(
    r"\bopen\(|\.read_text\(|\.read_bytes\(|\.write_text\(|\.write_bytes\(|(?<!def )\b(scan|read)_(csv|parquet|excel)\("
)


def test_an_engine_that_make_does_not_know_is_refused_with_the_one_there_is():
    refused = subprocess.run(["make", "-n", "run", "ENGINE=flink"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "There is no engine flink. Give ENGINE=spark" in refused.stderr


def test_the_core_opens_files_only_where_it_may():
    core = ROOT / "src" / "affluence"
    for path in core.rglob("*.py"):
        place = path.relative_to(core)
        if str(place) in FILES_MAY_BE_OPENED_IN or place.parts[0] in {
            "reporting",
            "adapters",
            "terminal.py",
            "cli.py",
            "workspace.py",
            "workspace_deciding.py",
        }:
            continue
        code = path.read_text()
        opened = OPENS.search(code)
        assert not opened or "importlib.resources" in code, f"{place}: {opened.group()}"


CLOCK_OR_ENVIRONMENT = re.compile(r"os\.environ|getenv|time\.time\(|datetime\.now|date\.today|perf_counter")


def test_the_core_reads_no_clock_and_no_environment():
    core = ROOT / "src" / "affluence"
    for path in core.rglob("*.py"):
        place = path.relative_to(core)
        if place.parts[0] in {"adapters", "cli.py", "workspace.py"}:
            continue
        assert not CLOCK_OR_ENVIRONMENT.search(path.read_text()), str(place)
