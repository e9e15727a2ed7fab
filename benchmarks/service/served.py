"""A service of a benchmark: a champion that learned from a made bank, SIMULATED, served on loopback, and asked."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from typing import Any

from affluence import steps
from affluence.adapters.mlflow_registry import Registry
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf" / "base"
CONTRACT = "reference_bank"
NAME = f"affluence-{CONTRACT}"
LEARNED_FROM = 20_000
READY_WITHIN_SECONDS = 180.0
LOOK_EVERY_SECONDS = 0.1
MIB = 1024
ANALYST, PASSWORD = "analyst", "a password of a benchmark, long enough"
# MLflow leaves the store of a training in its process's environment; the service is to find the project's by itself.
LEFT_BY_MLFLOW = {"MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"}
TAKE_IN = "from affluence_service.registry.services import take_in; take_in()"


def prepare(project: Path, *, customers: int = LEARNED_FROM, server: str | None = None) -> None:
    """Make a project with a champion that learned from a small made bank, its files in `model`; once.

    It is registered with MLflow's `server`, or without one in the project.
    """
    if (project / "model").is_dir():
        return
    (project / "conf" / "base").mkdir(parents=True)
    for file in (*CONF.glob(f"*_{CONTRACT}.yml"), CONF / "offers.yml"):
        (project / "conf" / "base" / file.name).write_bytes(file.read_bytes())
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    accepted, report = steps.intake(read_table(bank(project, customers, seed=0), contract=contract))
    kept, used, examination = steps.examine(accepted, contract)
    features = steps.build_features(kept, used)
    training = steps.train(kept, features, used, examination, learners=("finder",), folds=5, seed=0, mode="fast")
    in_sample = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(training, kept, in_sample, capacity_share=0.1, champion="finder")
    model, _ = steps.choose(training, evaluation)
    store = Registry(folder=project / "data" / "06_models", server=server)
    store.register(steps.release(model, evaluation, report), promote=True)
    store.take_out(NAME, 1, project)


def bank(project: Path, rows: int, *, seed: int = 1) -> Path:
    """A made bank as CSV, made once."""
    file = project / f"bank_{rows}_{seed}.csv"
    if not file.is_file():
        simulate(customers=rows, seed=seed).table.write_csv(file)
    return file


@dataclass
class Clock:
    """Seconds by stage, each told at its end."""

    begun: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def told(self, stage: str) -> None:
        """The stage has ended."""
        before, now = self.seconds.pop("all", 0.0), time.perf_counter() - self.begun
        self.seconds |= {stage: now - before, "all": now}


@dataclass(frozen=True)
class Served:
    """A service that listens, and the process that does."""

    port: int
    token: str
    process: int

    def rank(self, file: Path) -> tuple[str, Mapping[str, float]]:
        """The run, and seconds by stage and of all, until the first page of the ranking of that file is there."""
        clock = Clock()
        sent = self._send(file)
        clock.told("sending")
        self._accepted(sent)
        clock.told("checking")
        asked = json.dumps({"kind": "score", "dataset": sent}).encode()
        run = self.ask("POST", "runs", asked, "application/json")["id"]
        self._until(f"runs/{run}", lambda told: told["job"]["ended_at"] is not None, "done", "job.state")
        clock.told("scoring, ranking and describing")
        self.ask("GET", f"runs/{run}/candidates")
        clock.told("first page")
        return run, clock.seconds

    def upload(self, file: Path) -> str:
        """The number of a table that was sent and accepted."""
        sent = self._send(file)
        self._accepted(sent)
        return sent

    def _accepted(self, sent: str) -> None:
        self._until(f"datasets/{sent}", lambda told: told["state"] != "checking", "accepted", "state")

    def _send(self, file: Path) -> str:
        with file.open("rb") as body:
            told = self.ask("POST", f"datasets?name={file.name}&contract={CONTRACT}", body, "text/csv")
        return str(told["id"])

    def _until(self, path: str, ended: Callable[[Any], bool], wanted: str, where: str) -> None:
        while not ended(told := self.ask("GET", path)):
            time.sleep(LOOK_EVERY_SECONDS)
        found: Any = told
        for name in where.split("."):
            found = found[name]
        if found != wanted:
            raise SystemExit(f"{path} is {found}: {told.get('problem') or told.get('job')}")

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """What the API answers; the benchmark ends where it refuses."""
        connection = HTTPConnection("127.0.0.1", self.port)
        headers = {"Authorization": f"Token {self.token}", "Content-Type": kind}
        if hasattr(body, "fileno"):
            headers["Content-Length"] = str(os.fstat(body.fileno()).st_size)
        connection.request(method, f"/api/v1/{path}", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{path} was answered {answer.status}: {content[:500]!r}")
        return json.loads(content)

    def resident_mib(self) -> dict[int, float]:
        """The resident memory of the processes that answer, by their number."""
        tasks = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        found = {}
        for process in (int(number) for number in tasks):
            status = Path(f"/proc/{process}/status")
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            found[process] = int(lines["VmRSS"].split()[0]) / MIB
        return found


def environment_of(project: Path, folder: Path) -> dict[str, str]:
    """The variables of a benchmark's service: its own project, folder and key, and no bound on requests."""
    return {
        **{name: value for name, value in os.environ.items() if name not in LEFT_BY_MLFLOW},
        "DJANGO_SETTINGS_MODULE": "affluence_service.settings",
        "AFFLUENCE_FOLDER": str(folder),
        "AFFLUENCE_PROJECT": str(project),
        "AFFLUENCE_SECRET_KEY": "a key of a benchmark, which nobody else uses, long enough to be one",
        "AFFLUENCE_HTTPS": "0",
        "AFFLUENCE_RATE_OF_PERSON": "10000000/minute",
    }


@contextmanager
def served(project: Path, folder: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Iterator[Served]:
    """The service with one web process and one worker, the project's champion taken in; `variables` come on top."""
    environment = {
        **environment_of(project, folder),
        **variables,
        "AFFLUENCE_DEBUG": "1",
        "GUNICORN_CMD_ARGS": "--workers 1",
    }
    folder.mkdir(parents=True)
    ours = [sys.executable, "-m", "affluence_service"]
    token = ""
    for verb in (
        ["manage", "migrate", "-v", "0"],
        ["teams", "add", "Branch"],
        ["people", "add", ANALYST, "--team", "Branch", "--role", "analyst", "--password-from-stdin"],
        ["tokens", "issue", ANALYST, "--name", "benchmark"],
        ["manage", "shell", "-v", "0", "-c", TAKE_IN],
        ["worker", "--until-idle"],
    ):
        told = subprocess.check_output([*ours, *verb], env=environment, text=True, input=PASSWORD)  # noqa: S603
        token = told.split()[-1] if verb[0] == "tokens" else token
    port = free_port()
    with (
        running([*ours, "web", "--port", str(port)], environment) as web,
        running([*ours, "worker"], environment),
    ):
        wait_for(port, web)
        yield Served(port, token, web.pid)


@contextmanager
def running(command: list[str], environment: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that runs while the block does."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the process listens; the benchmark ends where it does not."""
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("The service did not begin to listen.")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
