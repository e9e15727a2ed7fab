"""One customer scored: our service against MLflow's own scoring server, with the same model on the same machine.

    python -m benchmarks.service.score [--mode fast] [--customers 20000] [--requests 500] [--out benchmarks/service]

A finder is trained on a made bank, SIMULATED, registered, and taken in by the service. Then both serve it: the service
behind gunicorn with threads, one process; MLflow by `mlflow models serve`, one process. Each answers the same customers
over connections that stay open, ours with all that it does for each: the token, the rate, the contract, the record.
Rounds of the two take turns, so that other load falls on both; each figure is the median of the rounds. All of the
server's libraries have one thread, for both. Writes `score_<mode>.json` and `score_<mode>.md`.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import polars as pl
from benchmarks.service.served import environment_of

from affluence import steps
from affluence.adapters.mlflow_registry import Registry
from affluence.data.contract import Contract, load_contract
from affluence.data.reading import read_table
from affluence.data.writing import write_text
from affluence.pu.fold_models import TrainedModel, score_customers
from affluence.pu.learners.effort import Mode
from affluence.pu.storage import load_model

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "conf" / "base" / "contract_reference_bank.yml"
NAME = "affluence-reference_bank"
ROUNDS = 5
CONNECTIONS = (1, 4)
WARMING_UP = 100
READY_WITHIN_SECONDS = 180.0
TAKE_IN = """
from affluence_service.jobs import doing, services
from affluence_service.registry.services import take_in
take_in()
job = services.claim("benchmark")
doing.do(job)
job.refresh_from_db()
assert job.state == "done", job.problem
"""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}


@dataclass(frozen=True)
class Round:
    """What one round over some connections gave: answers a second, and milliseconds of an answer."""

    a_second: float
    median_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Server:
    """A server under test: where it listens, and the requests that it is sent."""

    title: str
    port: int
    path: str
    headers: dict[str, str]
    bodies: Sequence[bytes]

    def round(self, connections: int, requests: int) -> Round:
        """`requests` answers over that many connections at once, each asking again when it was answered."""
        taken: list[float] = []
        each = requests // connections
        threads = [threading.Thread(target=self._ask, args=(each, place, taken)) for place in range(connections)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begun
        if len(taken) < each * connections:
            raise SystemExit(f"{self.title} did not answer every request; see its log above.")
        cuts = statistics.quantiles(taken, n=100)
        return Round(len(taken) / seconds, 1_000 * statistics.median(taken), 1_000 * cuts[98])

    def _ask(self, requests: int, place: int, taken: list[float]) -> None:
        connection = HTTPConnection("127.0.0.1", self.port)
        for number in range(requests):
            body = self.bodies[(place * requests + number) % len(self.bodies)]
            begun = time.perf_counter()
            connection.request("POST", self.path, body, self.headers)
            answer = connection.getresponse()
            content = answer.read()
            taken.append(time.perf_counter() - begun)
            if answer.status != 200:
                raise SystemExit(f"{self.title} answered {answer.status}: {content[:300]!r}")


def main() -> None:
    """Train, serve, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("fast", "accurate"), default="fast")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--project", type=Path, help="Where the trained project stands, or is to be kept.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        project = given.project or work / "project"
        if not (project / "model").is_dir():
            _train(project, mode=given.mode, customers=given.customers)
        model, asked = load_model(project / "model"), pl.read_parquet(project / "asked.parquet")
        bodies = _customers(asked, model.contract)
        ours = stack.enter_context(_service(project, work / "service", bodies))
        theirs = stack.enter_context(_mlflow(project, work, bodies))
        found = _measure(ours, theirs, requests=given.requests)
        found |= {
            "mode": given.mode,
            "customers": given.customers,
            "requests": given.requests,
            "single_row_ms": _single_row_ms(model, asked),
            "processors": os.cpu_count(),
            "load_1_minute": round(os.getloadavg()[0], 1),
        }
    write_text(json.dumps(found, indent=1), given.out / f"score_{given.mode}.json")
    write_text(_page(found), given.out / f"score_{given.mode}.md")
    sys.stdout.write(_page(found))


def _train(project: Path, *, mode: Mode, customers: int) -> None:
    """A project with a champion of a made bank; customers whom no model saw stand in `asked.parquet`."""
    contract = load_contract(CONTRACT)
    (project / "conf" / "base").mkdir(parents=True)
    (project / "conf" / "base" / CONTRACT.name).write_bytes(CONTRACT.read_bytes())
    steps.make_bank(contract, project, customers=customers)
    reading = read_table(project / str(contract.file), contract=contract)
    accepted, report = steps.intake(reading)
    treated, used, examination = steps.examine(accepted, contract)
    features = steps.build_features(treated, used)
    training = steps.train(treated, features, used, examination, learners=("finder",), folds=5, seed=0, mode=mode)
    evaluation = steps.evaluate(
        training, treated, steps.score_in_sample(training, features), capacity_share=0.1, champion="finder"
    )
    model, _ = steps.choose(training, evaluation)
    store = Registry(folder=project / "data" / "06_models", server=None)
    store.register(steps.release(model, evaluation, report), promote=True)
    store.take_out(NAME, 1, project)
    strangers = accepted.head(500).with_columns(customer_id="new " + pl.col("customer_id"))
    strangers.write_parquet(project / "asked.parquet")


def _customers(asked: pl.DataFrame, contract: Contract) -> list[dict[str, object]]:
    """The customers as both servers are asked about them, by our names."""
    return asked.select("customer_id", *(column.name for column in contract.columns)).to_dicts()


@contextmanager
def _service(project: Path, folder: Path, customers: Sequence[dict[str, object]]) -> Iterator[Server]:
    """Our service behind gunicorn, with the project's champion taken in."""
    environment = {
        **environment_of(project, folder),
        **ONE_THREAD,
    }
    folder.mkdir(parents=True)
    ours = [sys.executable, "-m", "affluence_service"]
    token = ""
    for verb in (
        ["manage", "migrate", "-v", "0"],
        ["teams", "add", "Branch"],
        ["people", "add", "analyst", "--team", "Branch", "--role", "analyst", "--signs-in-elsewhere"],
        ["tokens", "issue", "analyst", "--name", "benchmark"],
        ["manage", "shell", "-v", "0", "-c", TAKE_IN],
    ):
        command = [*ours, *verb]
        done = subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE)  # noqa: S603
        token = done.stdout.split()[-1] if verb[0] == "tokens" else token
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "affluence_service.wsgi", "-k", "gthread", "-w", "1", "--threads", "4"]
    headers = {"Content-Type": "application/json", "Authorization": f"Token {token}"}
    names = {"contract": "reference_bank"}
    bodies = [json.dumps({**names, "customers": [customer]}).encode() for customer in customers]
    server = Server("The service", port, "/api/v1/score", headers, bodies)
    with _running([*command, "-b", f"127.0.0.1:{port}", "--keep-alive", "60"], environment, server):
        yield server


@contextmanager
def _mlflow(project: Path, folder: Path, customers: Sequence[dict[str, object]]) -> Iterator[Server]:
    """MLflow's own scoring server on the registered model."""
    port = _free_port()
    store = Registry(folder=project / "data" / "06_models", server=None).uri
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        **ONE_THREAD,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
        # Ours writes no line a request either.
        "UVICORN_ACCESS_LOG": "false",
    }
    # It takes no column that the model does not know.
    known = {column.name for column in load_model(project / "model").contract.feature_columns} | {"customer_id"}
    records = [{name: value for name, value in customer.items() if name in known} for customer in customers]
    bodies = [json.dumps({"dataframe_records": [record]}).encode() for record in records]
    server = Server("MLflow", port, "/invocations", {"Content-Type": "application/json"}, bodies)
    command = [str(programs / "mlflow"), "models", "serve", "-m", f"models:/{NAME}/1"]
    with _running([*command, "--env-manager", "local", "-w", "1", "-p", str(port)], environment, server, folder):
        yield server


@contextmanager
def _running(
    command: Sequence[str], environment: dict[str, str], server: Server, folder: Path | None = None
) -> Iterator[None]:
    """The server, ready while the block runs."""
    process = subprocess.Popen(command, env=environment, cwd=folder, start_new_session=True)  # noqa: S603
    try:
        _wait_for(server, process)
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _wait_for(server: Server, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"{server.title} did not begin to listen.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _measure(ours: Server, theirs: Server, *, requests: int) -> dict[str, Any]:
    """By number of connections: the medians of each server's rounds, and what one is of the other."""
    for server in (ours, theirs):
        server.round(1, WARMING_UP)
    found: dict[str, Any] = {}
    for connections in CONNECTIONS:
        pairs = [(ours.round(connections, requests), theirs.round(connections, requests)) for _ in range(ROUNDS)]
        mine, other = (_medians([pair[side] for pair in pairs]) for side in (0, 1))
        found[f"{connections} connections" if connections > 1 else "1 connection"] = {
            "service": asdict(mine),
            "mlflow": asdict(other),
            "times_throughput": mine.a_second / other.a_second,
            "share_of_p99": mine.p99_ms / other.p99_ms,
            "rounds": [[asdict(one) for one in pair] for pair in pairs],
        }
    return found


def _medians(rounds: Sequence[Round]) -> Round:
    def middle(of: Callable[[Round], float]) -> float:
        return statistics.median(map(of, rounds))

    return Round(middle(lambda one: one.a_second), middle(lambda one: one.median_ms), middle(lambda one: one.p99_ms))


def _single_row_ms(model: TrainedModel, asked: pl.DataFrame) -> dict[str, float]:
    """Milliseconds of the champion's prediction of one customer whom no model saw: waited, and of the processor."""
    rows = [asked[place] for place in range(asked.height)]
    waited, worked = [], []
    for row in rows:
        begun, begun_working = time.perf_counter(), time.thread_time()
        score_customers(model, row)
        waited.append(1_000 * (time.perf_counter() - begun))
        worked.append(1_000 * (time.thread_time() - begun_working))
    return {
        "median": statistics.median(waited),
        "p99": statistics.quantiles(waited, n=100)[98],
        "processor_median": statistics.median(worked),
    }


def _page(found: Mapping[str, Any]) -> str:
    asked = " ".join(f"--{name} {found[name]}" for name in ("mode", "customers", "requests"))
    command = f"python -m benchmarks.service.score {asked}"
    how = f"medians of {ROUNDS} rounds taken in turns, on {found['processors']} processors"
    lines = [
        f"# One customer scored: the service and MLflow's scoring server ({found['mode']} finder, SIMULATED)",
        "",
        f"`{command}`; {how} with a load of {found['load_1_minute']}, the benchmark's own included.",
        "",
        "| connections | | answers a second | median ms | p99 ms |",
        "|---|---|---|---|---|",
    ]
    ratios = []
    for name, told in found.items():
        if not isinstance(told, dict) or "service" not in told:
            continue
        for title, key in (("service", "service"), ("MLflow", "mlflow")):
            one = told[key]
            cells = f"{one['a_second']:.0f} | {one['median_ms']:.1f} | {one['p99_ms']:.1f}"
            lines.append(f"| {name} | {title} | {cells} |")
        ratios.append(
            f"With {name} the service has {told['times_throughput']:.1f} times MLflow's throughput at "
            f"{told['share_of_p99']:.2f} of its p99."
        )
    single = found["single_row_ms"]
    ratios.append(
        f"The champion's own prediction of one customer takes {single['median']:.1f} ms (median; p99 "
        f"{single['p99']:.1f} ms; {single['processor_median']:.1f} ms of the processor)."
    )
    ratios.append(_bound(found["1 connection"], single["median"]))
    return "\n".join([*lines, "", *ratios, ""])


def _bound(alone: Mapping[str, Any], predicting_ms: float) -> str:
    """What five times MLflow's throughput would take: both servers wait for the same prediction."""
    ours, theirs = alone["service"]["median_ms"], alone["mlflow"]["median_ms"]
    return (
        f"Both wait for it, so what is the servers' own is {ours - predicting_ms:.1f} ms of ours and "
        f"{theirs - predicting_ms:.1f} ms of MLflow's. An answer in a fifth of MLflow's time would have to be there in "
        f"{theirs / 5:.1f} ms, prediction and all; with a prediction that took no time, in "
        f"{(theirs - predicting_ms) / 5:.1f} ms."
    )


if __name__ == "__main__":
    main()
