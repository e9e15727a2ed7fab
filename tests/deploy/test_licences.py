"""Licences: every package that ships is listed with its own, and one that is not allowed is refused by name."""

import subprocess
import sys
import tomllib

import pytest
from deploy.supply_chain import licences
from tests.deploy.conftest import ROOT

pytest.importorskip("piplicenses", reason="the packages that read licences are not installed: make .venv/audit")

RULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["affluence"]["licences"]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the page is written with Python 3.11")
def test_what_ships_is_allowed_and_the_page_is_of_the_lock() -> None:
    program = [sys.executable, str(ROOT / "deploy/supply_chain/licences.py"), "--check"]
    ran = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    page = licences.PAGE.read_text()
    here, elsewhere = licences.shipped(licences.SHIPPED.read_text())
    assert all(f"| {name} |" in page for name in here)
    assert all(name in page for name in elsewhere)


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("UNKNOWN", False),
        ("", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("Artistic License; GNU General Public License (GPL)", True),
        ("MIT AND BSD-3-Clause", True),
        ("MITx", False),
    ],
)
def test_a_licence_is_allowed_by_choice_but_only_whole(licence: str, allowed: bool) -> None:
    assert licences.is_allowed(licence, RULES["allowed"]) is allowed


def test_one_that_is_not_allowed_is_named_with_its_version() -> None:
    packages = [licences.Package("fine", "1.0", "MIT"), licences.Package("sticky", "2.1", "AGPL-3.0-only")]
    (sentence,) = licences.faults(packages, ["MIT"])
    assert "sticky 2.1" in sentence
    assert "AGPL-3.0-only" in sentence


def test_what_a_package_leaves_unsaid_is_refused_until_somebody_has_read_it() -> None:
    package = licences.Package("quiet", "1.0", "UNKNOWN")
    assert licences.faults([licences.said_or_read(package, {})], RULES["allowed"])
    assert not licences.faults([licences.said_or_read(package, {"quiet": "MIT"})], RULES["allowed"])


def test_what_was_read_by_hand_is_still_unsaid() -> None:
    unsaid = {each.name for each in licences.installed(sorted(RULES["read_by_hand"])) if each.licence == "UNKNOWN"}
    assert unsaid == set(RULES["read_by_hand"])
