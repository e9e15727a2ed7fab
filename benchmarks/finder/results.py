"""The file of runs: what was measured under which settings, so that a run that was stopped goes on."""

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, field
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.finder.data import ROOT

PACKAGES = ("affluence", "numpy", "polars", "scikit-learn", "scipy", "xgboost-cpu")
MEASURED_CODE = (ROOT / "src" / "affluence" / "pu", ROOT / "src" / "affluence" / "features")
DIGITS = 4
COMPACT = (",", ":")


@dataclass(frozen=True)
class Settings:
    """What a run is known by; `hidden_share` is None for a mechanism that is not asked how many to hide."""

    data: str
    rows: int
    mechanism: str
    hidden_share: float | None
    seed: int
    method: str


@dataclass(frozen=True)
class Run:
    """One method's figures under its settings, and a digest of the code that gave them."""

    settings: Settings
    code: str
    measured: dict[str, Any]


@dataclass(frozen=True)
class Taken:
    """What the memory of a method was measured on."""

    data: str
    rows: int
    method: str


@dataclass
class Results:
    """All runs of one file, kept on disk after each; `code` is the digest that new ones get.

    `memory` holds the megabytes of each method's process when it began and at its peak, in a file of its own.
    """

    path: Path
    code: str
    runs: dict[Settings, Run] = field(default_factory=dict)
    memory: dict[Taken, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Results":
        """The runs that the file holds; none where there is no file."""
        results = cls(path, code_digest())
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}
        for entry in stored["runs"]:
            settings = Settings(**entry["settings"])
            results.runs[settings] = Run(settings, entry["code"], entry["measured"])
        memory = results._memory_path
        kept = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else []
        results.memory = {Taken(**entry["of"]): entry["megabytes"] for entry in kept}
        return results

    @property
    def _memory_path(self) -> Path:
        return self.path.with_name("memory.json")

    def holds(self, settings: Settings, *, of_this_code: bool = False) -> bool:
        """Whether there is such a run, and, if asked, whether this very code gave it."""
        run = self.runs.get(settings)
        return run is not None and (run.code == self.code or not of_this_code)

    @property
    def outdated(self) -> int:
        """How many runs are of other code than this."""
        return sum(run.code != self.code for run in self.runs.values())

    def add(self, settings: Settings, measured: dict[str, Any]) -> None:
        """Keep a run, in the place of one under the same settings, and write the file."""
        self.runs[settings] = Run(settings, self.code, _rounded(measured))
        self._write()

    def add_memory(self, taken: Taken, megabytes: dict[str, int]) -> None:
        """Keep what a method's process held, and write the file."""
        self.memory[taken] = megabytes
        self._write_memory()

    def take(self, others: "Results") -> None:
        """Join what another file holds, in the place of what is the same here, and write the file."""
        self.runs |= others.runs
        self.memory |= others.memory
        self._write()
        self._write_memory()

    def _write(self) -> None:
        _write_whole(self.path, "".join(self._lines()))

    def _write_memory(self) -> None:
        kept = sorted(self.memory.items(), key=lambda entry: astuple(entry[0]))
        lines = (json.dumps({"of": asdict(taken), "megabytes": megabytes}) for taken, megabytes in kept)
        _write_whole(self._memory_path, "[\n" + ",\n".join(lines) + "\n]\n")

    def _lines(self) -> Iterator[str]:
        """JSON with a run on each line."""
        yield f'{{"versions": {json.dumps(versions())},\n"runs": [\n'
        ordered = sorted(self.runs.values(), key=lambda run: [str(part) for part in astuple(run.settings)])
        yield ",\n".join(json.dumps(asdict(run), separators=COMPACT) for run in ordered)
        yield "\n]}\n"


def _write_whole(path: Path, text: str) -> None:
    """The file with that text; whoever reads it meanwhile finds the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def versions() -> dict[str, str]:
    """What the figures were measured with."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def code_digest() -> str:
    """A digest of the source that is measured, so that figures of different code can be told apart."""
    digest = blake2b(digest_size=6)
    for path in sorted(path for folder in MEASURED_CODE for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value
