"""The licences of what ships: listed on a page, and held to those that pyproject.toml allows.

    python deploy/supply_chain/licences.py            write docs/reference/licences.md
    python deploy/supply_chain/licences.py --check    only hold them; 1 where one is not allowed or the page is old

pip-licenses reads what each package says of itself. What a package leaves unsaid was read in its licence file by a
person and stands under `read_by_hand`.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "requirements" / "main.txt"
PAGE = ROOT / "docs" / "reference" / "licences.md"
UNSAID = "UNKNOWN"

HEAD = """# Licences of what ships

Affluence is under the Apache License 2.0. It installs these packages and changes none of them. `make licences` writes
this page, on Linux with Python 3.11, and fails where a licence is not among those that `pyproject.toml` allows under
`tool.affluence.licences`.

| package | version | licence, as the package says |
|---|---|---|"""


@dataclass(frozen=True)
class Package:
    """A package that ships, and the licence that it says it has."""

    name: str
    version: str
    licence: str


def shipped(exported: str) -> tuple[set[str], set[str]]:
    """The names of what is locked to ship: on this system and Python, and on others alone."""
    lines = filter(str.strip, exported.replace("\\\n", " ").splitlines())
    found = [Requirement(line.split(" --hash")[0].strip()) for line in lines]
    here = {canonicalize_name(each.name) for each in found if not each.marker or each.marker.evaluate()}
    return here, {canonicalize_name(each.name) for each in found} - here


def installed(names: Sequence[str]) -> Sequence[Package]:
    """What this environment holds of them, as pip-licenses reads it."""
    program = [sys.executable, "-m", "piplicenses", "--from", "mixed", "--format", "json", "--with-system"]
    told = subprocess.run([*program, "--packages", *names], capture_output=True, text=True, check=True)  # noqa: S603
    found = [
        Package(canonicalize_name(each["Name"]), each["Version"], " ".join(each["License"].split()))
        for each in json.loads(told.stdout)
    ]
    return sorted(found, key=lambda package: package.name)


def is_allowed(licence: str, allowed: Sequence[str]) -> bool:
    """Whether a licence may ship: of several to choose from one, of several that hold together all."""
    choices = [choice.split(" AND ") for choice in re.split(r"; | OR ", licence)]
    return licence in allowed or any(all(part in allowed for part in choice) for choice in choices)


def faults(packages: Sequence[Package], allowed: Sequence[str]) -> Sequence[str]:
    """A sentence for each package whose licence is not allowed."""
    return [
        f"{package.name} {package.version} is under '{package.licence}', which pyproject.toml does not allow. Read the "
        "licence, then allow it or take another package."
        for package in packages
        if not is_allowed(package.licence, allowed)
    ]


def page(packages: Sequence[Package], elsewhere: Iterable[str], *, by_hand: Mapping[str, str]) -> str:
    """The page of licences."""
    rows = [
        f"| {each.name} | {each.version} | {each.licence}{' (read by hand)' if each.name in by_hand else ''} |"
        for each in packages
    ]
    others = f"On other systems alone, and not looked at here: {', '.join(sorted(elsewhere))}."
    return "\n".join([HEAD, *rows, "", others, ""])


def main(arguments: Sequence[str]) -> int:
    """The exit status, everything being told."""
    reading = argparse.ArgumentParser(description="The licences of what ships.")
    reading.add_argument("--check", action="store_true", help="write nothing")
    asked = reading.parse_args(arguments)
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["affluence"]["licences"]
    by_hand = rules["read_by_hand"]
    here, elsewhere = shipped(SHIPPED.read_text(encoding="utf-8"))
    packages = [said_or_read(each, by_hand) for each in installed(sorted(here))]
    missing = sorted(here - {each.name for each in packages})
    wrong = [
        *faults(packages, rules["allowed"]),
        *(f"{name} is locked and not installed here: make .venv/audit installs it." for name in missing),
    ]
    text = page(packages, elsewhere, by_hand=by_hand)
    if not asked.check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        wrong.append("docs/reference/licences.md is older than the lock: make licences writes it anew.")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{len(packages)} packages ship; {len(wrong)} faults.")
    return 1 if wrong else 0


def said_or_read(package: Package, by_hand: Mapping[str, str]) -> Package:
    """The package with the licence that it says, or that was read where it says none."""
    return replace(package, licence=by_hand.get(package.name, UNSAID)) if package.licence == UNSAID else package


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
