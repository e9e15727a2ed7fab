"""Scoring while workers are killed, on either database: the short form of `make chaos`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_every_run_ends_with_the_same_bytes_though_three_workers_are_killed(database: str) -> None:
    if database == "postgres":
        pytest.importorskip("pgserver")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", "--runs", "4", "--kills", "3", "--database", database],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = done.stdout.splitlines()[-1:] or [done.stderr]
    assert done.returncode == 0, done.stderr
    assert f"{database}: 4 runs, 3 workers killed in mid-job" in told[0]
