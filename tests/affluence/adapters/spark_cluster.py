"""A standalone cluster of Spark on loopback: one master and workers that can be killed, ended with the block."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pyspark

WITHIN_SECONDS = 90
HOST = "127.0.0.1"
SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"


@dataclass(frozen=True)
class Cluster:
    """Where the master listens, where it tells what it knows, and the workers' processes by their page's port."""

    master: str
    page: str
    workers: dict[int, subprocess.Popen[bytes]]

    def executors(self, port: int) -> list[str]:
        """The executors that run on the worker with its page at that port."""
        return [str(executor["id"]) for executor in asked(f"http://{HOST}:{port}/json/")["executors"]]

    def kill(self, port: int) -> None:
        """SIGKILL for a worker and the executors that it started."""
        os.killpg(self.workers[port].pid, signal.SIGKILL)
        self.workers[port].wait(timeout=WITHIN_SECONDS)

    def alive(self) -> int:
        """How many workers the master takes to be alive."""
        return sum(worker["state"] == "ALIVE" for worker in asked(f"{self.page}/json/")["workers"])


@contextmanager
def cluster(folder: Path, *, workers: int) -> Iterator[Cluster]:
    """A master and `workers` of one processor each, once all are known to it; what they write is under `folder`."""
    port, page = free_port(), free_port()
    processes = [_start(folder, "master", "Master", "--host", HOST, "--port", str(port), "--webui-port", str(page))]
    started = Cluster(f"spark://{HOST}:{port}", f"http://{HOST}:{page}", {})
    try:
        until(lambda: started.alive() == 0, "the master answers")
        for number in range(workers):
            own = free_port()
            options = ["--host", HOST, "--cores", "1", "--memory", "1g", "--webui-port", str(own)]
            options += ["--work-dir", str(folder / f"work_{number}"), started.master]
            started.workers[own] = _start(folder, f"worker_{number}", "Worker", *options)
            processes.append(started.workers[own])
        until(lambda: started.alive() == workers, f"{workers} workers are alive")
        yield started
    finally:
        for process in reversed(processes):
            _end(process)


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds()`; an answer that does not come counts as no."""
    end = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < end:
        try:
            if holds():
                return
        except (URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"It did not come that {what}.")


def asked(url: str) -> Any:
    """The JSON that stands at `url`."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310  (of loopback alone)
        return json.load(answer)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])


def _start(folder: Path, name: str, kind: str, *options: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "SPARK_LOCAL_IP": HOST, "SPARK_HOME": str(SPARK_CLASS.parents[1])}
    command = [str(SPARK_CLASS), f"org.apache.spark.deploy.{kind.lower()}.{kind}", *options]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, whether it runs or was killed."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(timeout=WITHIN_SECONDS)
