"""Whether anything that we install is known to be vulnerable: every locked version, asked of an advisory source.

    python deploy/supply_chain/audit.py requirements/main.txt ... [--advisories SOURCE]

SOURCE is `osv` (osv.dev, the default), `pypi`, the https address of an OSV service of your own, or a file that was
fetched from OSV: its `all.zip` of an ecosystem, or JSON. The exit status is 0 where nothing is known of any version, 1
where something is, 2 where the command was not understood, and 3 where the source did not answer for all of them:
nobody knows then, and it is not said to be clean.

What is accepted for a time stands in pyproject.toml, each with its reason and the day until which it is accepted.
"""

import argparse
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pip_audit._service import (
    Dependency,
    OsvService,
    PyPIService,
    ResolvedDependency,
    ServiceError,
    VulnerabilityResult,
    VulnerabilityService,
)

ROOT = Path(__file__).resolve().parents[2]
NOTHING_KNOWN, VULNERABLE, NOT_ANSWERED = 0, 1, 3
WAIT_SECONDS = 15
TELL_EVERY = 50


@dataclass(frozen=True)
class Finding:
    """What is known of a version that we install."""

    name: str
    version: str
    advisory: str
    also: tuple[str, ...]
    mended_in: tuple[str, ...]


class Recorded(VulnerabilityService):
    """Advisories that were fetched from OSV as files: nothing is asked of anybody."""

    def __init__(self, file: Path) -> None:
        self._of: dict[str, list[Mapping[str, Any]]] = {}
        for record in _records(file):
            for affected in record.get("affected", ()):
                if affected["package"]["ecosystem"] == "PyPI" and "withdrawn" not in record:
                    self._of.setdefault(canonicalize_name(affected["package"]["name"]), []).append(record)
        if not self._of:
            raise ValueError("it holds no advisory about a package of PyPI")

    def query(self, spec: Dependency) -> tuple[Dependency, list[VulnerabilityResult]]:
        """The advisories that a version is named by."""
        version = Version(str(spec.version))  # type: ignore[attr-defined]
        found = []
        for record in self._of.get(spec.canonical_name, ()):
            places = _places(record, spec.canonical_name)
            if any(_is_affected(version, place) for place in places):
                events = [event for place in places for event in _events(place)]
                mended = sorted(Version(event["fixed"]) for event in events if "fixed" in event)
                found.append(
                    VulnerabilityResult.create(
                        ids=[record["id"], *record.get("aliases", ())],
                        description="",
                        fix_versions=mended,
                        published=None,
                    )
                )
        return spec, found


def _records(file: Path) -> Iterator[Mapping[str, Any]]:
    """Every advisory of a file. Errors: ValueError where it is none that OSV writes."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            yield from (json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json"))
        return
    held = json.loads(file.read_text(encoding="utf-8"))
    yield from held if isinstance(held, list) else [held]


def _places(record: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return [place for place in record["affected"] if canonicalize_name(place["package"]["name"]) == name]


def _events(place: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    for span in place.get("ranges", ()):
        if span["type"] == "ECOSYSTEM":
            yield from span["events"]


def _is_affected(version: Version, place: Mapping[str, Any]) -> bool:
    """As OSV's format defines it: named, or behind an event that brings it in and before one that mends it."""
    if str(version) in map(_plain, place.get("versions", ())):
        return True
    affected = False
    for event in sorted(_events(place), key=lambda event: Version(next(iter(event.values())))):
        ((what, when),) = event.items()
        if what == "introduced" and version >= Version(when):
            affected = True
        elif (what == "fixed" and version >= Version(when)) or (what == "last_affected" and version > Version(when)):
            affected = False
    return affected


def _plain(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:  # old packages were numbered freely; none of those is locked
        return version


def locked(files: Iterable[Path]) -> Sequence[ResolvedDependency]:
    """Every version in the files, for every platform, each once, by name."""
    found = set()
    for file in files:
        for line in file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if line.strip():
                requirement = Requirement(line.split(" --hash")[0].strip())
                (pinned,) = requirement.specifier
                found.add((canonicalize_name(requirement.name), pinned.version))
    return [ResolvedDependency(name, Version(version)) for name, version in sorted(found)]


def ask(service: VulnerabilityService, versions: Sequence[ResolvedDependency]) -> Iterator[Finding]:
    """What is known of the versions. Errors: whatever the service raises where it does not answer for one of them."""
    for number, each in enumerate(versions, start=1):
        asked, known = service.query(each)
        if asked.is_skipped():
            raise ServiceError(f"it does not know {each.name} {each.version}")
        for one in known:
            mended = tuple(str(version) for version in one.fix_versions)
            yield Finding(each.name, str(each.version), one.id, tuple(sorted(one.aliases)), mended)
        if number % TELL_EVERY == 0:
            print(f"{number} of {len(versions)} asked", file=sys.stderr)


def accepted(settings: Mapping[str, Any], *, today: date) -> Mapping[str, str]:
    """The advisories that are accepted today, with the reason."""
    entries = settings["tool"]["affluence"]["audit"]["accepted"]
    return {entry["advisory"]: entry["reason"] for entry in entries if entry["until"] >= today}


def source(named: str) -> VulnerabilityService:
    """The source of that name. Errors: ValueError where it is none."""
    if named == "osv":
        return OsvService(timeout=WAIT_SECONDS)
    if named == "pypi":
        return PyPIService(timeout=WAIT_SECONDS)
    if re.match(r"https?://", named):
        return OsvService(timeout=WAIT_SECONDS, osv_url=named)
    if not Path(named).is_file():
        raise ValueError("there is no such file, and it is neither osv, pypi nor an address")
    return Recorded(Path(named))


def main(arguments: Sequence[str]) -> int:
    """The exit status, everything being told."""
    reading = argparse.ArgumentParser(description="Whether anything that is locked is known to be vulnerable.")
    reading.add_argument("files", nargs="+", type=Path, help="exported requirements, such as requirements/main.txt")
    reading.add_argument("--advisories", default="osv", help="osv, pypi, an OSV service's address, or a file of OSV's")
    asked = reading.parse_args(arguments)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    let_through = accepted(settings, today=datetime.now(UTC).date())
    versions = locked(asked.files)
    found: list[Finding] = []
    unanswered = ""
    try:
        found.extend(ask(source(asked.advisories), versions))
    except Exception as error:  # noqa: BLE001  (whatever a source, its network or its file may raise)
        words = str(error).splitlines() if isinstance(error, ServiceError | ValueError) else []
        unanswered = f"{type(error).__name__}{': ' + words[0] if words else ''}"
    counted = _tell(found, let_through)
    if unanswered:
        print(
            f"NOT AUDITED: the advisory source '{asked.advisories}' did not answer for all {len(versions)} versions "
            f"({unanswered}). Whether they are vulnerable is not known. Name another source with --advisories (make: "
            "ADVISORIES=).",
            file=sys.stderr,
        )
        return NOT_ANSWERED
    print(f"{len(versions)} versions asked about, {counted} advisories to act on, {len(found) - counted} accepted.")
    return VULNERABLE if counted else NOTHING_KNOWN


def _tell(found: Sequence[Finding], let_through: Mapping[str, str]) -> int:
    """How many of the findings are not accepted, each having been told."""
    counted = 0
    for each in found:
        reason = next((let_through[name] for name in (each.advisory, *each.also) if name in let_through), None)
        counted += reason is None
        mended = f"mended in {', '.join(each.mended_in)}" if each.mended_in else "not mended in any version"
        names = ", ".join((each.advisory, *each.also))
        print(f"{each.name} {each.version}: {names}; {mended}{f' (accepted: {reason})' if reason else ''}")
    return counted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
