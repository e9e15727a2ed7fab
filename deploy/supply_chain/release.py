"""A release: an annotated tag on a commit that says the same version everywhere, with what the changelog says of it.

    python deploy/supply_chain/release.py 1.2.0              make the tag v1.2.0
    python deploy/supply_chain/release.py 1.2.0 --dry-run    only say whether it could be made

Nothing is changed and nothing is pushed. All that stands in the way is told at once, with what to do about it.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def git(*arguments: str, root: Path, given: str | None = None) -> str:
    """What git answers. Errors: subprocess.CalledProcessError where it refuses."""
    program = ["git", *arguments]
    ran = subprocess.run(program, cwd=root, input=given, capture_output=True, text=True, check=True)  # noqa: S603
    return ran.stdout.strip()


def section(changelog: str, version: str) -> str:
    """What the changelog says under the version's own heading; empty where it says nothing."""
    found = re.search(
        rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, flags=re.MULTILINE | re.DOTALL
    )
    return found.group(1).strip() if found else ""


def obstacles(version: str, *, root: Path) -> Iterator[str]:
    """What stands in the way of the release, each in a sentence with its remedy."""
    if not VERSION.fullmatch(version):
        yield f"'{version}' is no version. Give three numbers, such as 1.2.0."
        return
    said = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if said != version:
        yield f"pyproject.toml says version {said}. Set it to {version} and commit."
    if not section((root / "CHANGELOG.md").read_text(encoding="utf-8"), version):
        yield f"CHANGELOG.md has nothing under '## {version}'. Give what is unreleased that heading and commit."
    if changed := git("status", "--porcelain", root=root):
        yield f"{len(changed.splitlines())} files differ from the last commit. Commit them, or take them away."
    released = {
        tuple(map(int, tag[1:].split("."))) for tag in git("tag", root=root).split() if VERSION.fullmatch(tag[1:])
    }
    wanted = tuple(map(int, version.split(".")))
    if wanted in released:
        yield f"v{version} is tagged already. A release is never made anew: take the next number."
    elif released and wanted < max(released):
        yield f"v{'.'.join(map(str, max(released)))} is there, and {version} is before it. Take a later number."


def main(arguments: Sequence[str], *, root: Path) -> int:
    """The exit status, everything being told."""
    reading = argparse.ArgumentParser(description="Tag a release.")
    reading.add_argument("version")
    reading.add_argument("--dry-run", action="store_true", help="make no tag")
    asked = reading.parse_args(arguments)
    try:
        found = list(obstacles(asked.version, root=root))
        if not found and not asked.dry_run:
            words = section((root / "CHANGELOG.md").read_text(encoding="utf-8"), asked.version)
            message = f"Affluence {asked.version}\n\n{words}\n"
            git("tag", "--annotate", "--cleanup=verbatim", "--file=-", f"v{asked.version}", root=root, given=message)
    except subprocess.CalledProcessError as error:
        found = [f"git refuses: {error.stderr.strip()}"]
    for sentence in found:
        print(sentence, file=sys.stderr)
    if not found:
        tagged = f"is tagged. Publish it: git push origin v{asked.version}"
        print(f"v{asked.version} {'could be tagged.' if asked.dry_run else tagged}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], root=Path.cwd()))
