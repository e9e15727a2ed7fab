"""The demo: one command, and a made bank is uploaded, trained on and scored, for people of every role."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
WITHIN_SECONDS = 300.0


def free_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


def test_the_demo_fills_itself_and_ends_when_told_to(tmp_path):
    # MLflow writes its store's address into the variables of the process that uses it.
    strange = ("AFFLUENCE_", "DATABASE_", "MLFLOW_", "OTEL_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    variables |= {"AFFLUENCE_FOLDER": str(tmp_path / "service"), "AFFLUENCE_PROJECT": str(tmp_path)}
    shutil.copytree(ROOT / "conf" / "base", tmp_path / "conf" / "base")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = [sys.executable, "-m", "affluence_service", "demo", "--customers", "5000", "--workers", "1"]
    command += ["--port", free_port(), "--mlflow-port", free_port()]
    log = tmp_path / "log"
    with log.open("w") as out:
        demo = subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=out, stderr=out)
    try:
        last = time.monotonic() + WITHIN_SECONDS
        while "The made bank is scored" not in log.read_text():
            assert demo.poll() is None, log.read_text()[-2_000:]
            assert time.monotonic() < last, log.read_text()[-2_000:]
            time.sleep(0.5)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=60)
    told = log.read_text()
    for name in ("analyst", "approver", "manager", "reviewer", "administrator"):
        assert f"  {name} " in told
    assert "SIMULATED" in told
