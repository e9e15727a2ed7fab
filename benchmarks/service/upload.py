"""A table from its drop to its ranking through the service, against the core's steps alone on the same file.

    python -m benchmarks.service.upload [--rows 1000000] [--project FOLDER] [--out benchmarks/service]

A finder is trained on a small made bank, SIMULATED, and serves. A larger made bank is written as CSV. Then, in turn:

* alone: one process reads the file, has the doctor examine it, scores, ranks, cuts, describes and writes;
* service: the file is sent to a web process over HTTP, a worker checks it, a run scores it, the first page is read.

Both have all processors. The service is warmed up with a small table before, and its web process's memory is read from
then on. Writes `upload.json` and `upload.md`; the load of the machine stands in both, for it falls on both unequally.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from affluence import deciding, steps
from affluence.adapters.mlflow_registry import Registry
from affluence.data.contract import load_contract
from affluence.data.doctor import examine
from affluence.data.offer_table import find_offers, load_offers
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.data.writing import write_parquet, write_text
from affluence.pu.storage import load_model

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf" / "base"
CONTRACT = "reference_bank"
NAME = f"affluence-{CONTRACT}"
LEARNED_FROM, WARMING_UP = 20_000, 3_000
READY_WITHIN_SECONDS = 180.0
LOOK_EVERY_SECONDS = 0.1
MOST_TIMES, MOST_GROWTH_MIB = 1.3, 60
MIB = 1024
ANSWERS = 21
ASKED = (
    "candidates",
    "candidates?sort=-rank",
    "candidates?sort=-casa_balance_sgd",
    "candidates?at_least=casa_balance_sgd:50000",
    "candidates/1",
    "capacity?contacts=5000",
    "capacity?recall=0.5",
    "curve",
    "segments",
)
TAKE_IN = "from affluence_service.registry.services import take_in; take_in()"


def main() -> None:
    """Prepare, measure both, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, help="Where the prepared project stands, or is to be kept.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        sys.stdout.write(json.dumps(_alone(given.project, given.alone)))
        return
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        project = given.project or work / "project"
        if not (project / "model").is_dir():
            _prepare(project)
        file, small = (_bank(project, rows) for rows in (given.rows, WARMING_UP))
        before = os.getloadavg()[0]
        command = [sys.executable, "-m", "benchmarks.service.upload", "--project", str(project), "--alone", str(file)]
        alone = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout)  # noqa: S603
        service = stack.enter_context(_service(project, work / "service"))
        warmed_up, _ = service.rank(small)
        service.ask_all(warmed_up)
        found = {
            "rows": given.rows,
            "megabytes": round(file.stat().st_size / 1e6),
            "processors": os.cpu_count(),
            "load_before": round(before, 1),
            "alone": alone,
            "service": service.measure(file),
            "load_after": round(os.getloadavg()[0], 1),
        }
    found["times"] = found["service"]["seconds"]["all"] / alone["all"]
    write_text(json.dumps(found, indent=1), given.out / "upload.json")
    write_text(_page(found), given.out / "upload.md")
    sys.stdout.write(_page(found))


def _prepare(project: Path) -> None:
    """A project with a champion that learned from a small made bank, its files in `model`."""
    (project / "conf" / "base").mkdir(parents=True)
    for file in (*CONF.glob(f"*_{CONTRACT}.yml"), CONF / "offers.yml"):
        (project / "conf" / "base" / file.name).write_bytes(file.read_bytes())
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    accepted, report = steps.intake(read_table(_bank(project, LEARNED_FROM, seed=0), contract=contract))
    customers, used, examination = steps.examine(accepted, contract)
    features = steps.build_features(customers, used)
    training = steps.train(customers, features, used, examination, learners=("finder",), folds=5, seed=0, mode="fast")
    in_sample = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(training, customers, in_sample, capacity_share=0.1, champion="finder")
    model, _ = steps.choose(training, evaluation)
    store = Registry(folder=project / "data" / "06_models", server=None)
    store.register(steps.release(model, evaluation, report), promote=True)
    store.take_out(NAME, 1, project)


def _bank(project: Path, rows: int, *, seed: int = 1) -> Path:
    """A made bank as CSV, made once."""
    file = project / f"bank_{rows}_{seed}.csv"
    if not file.is_file():
        simulate(customers=rows, seed=seed).table.write_csv(file)
    return file


def _alone(project: Path, file: Path) -> Mapping[str, float]:
    """Seconds by stage, and of all, of the core's steps in this process, which has imported them."""
    clock = _Clock()
    folders = [project / "conf" / "base"]
    contract = load_contract(folders[0] / f"contract_{CONTRACT}.yml")
    customers, _ = steps.intake(read_table(file, contract=contract))
    clock.told("reading")
    examine(customers, contract=contract)
    clock.told("doctor")
    model = deciding.as_worded_now(load_model(project / "model"), contract)
    scores = steps.score(model, customers)
    candidates = steps.candidates(model, scores)
    clock.told("scoring and ranking")
    gains = deciding.prepare_cuts(model, scores, candidates)
    listed = deciding.list_candidates(candidates, deciding.cut(gains, model.contract, {}, {}))
    learned = deciding.as_learned(model, customers)
    offers = load_offers(find_offers(contract.table, folders=folders))
    described = deciding.describe(model, learned, scores, candidates, gains, listed, offers, seed=0)
    clock.told("cutting and describing")
    with tempfile.TemporaryDirectory() as out:
        parts = {"customers": customers, "scores": scores, "candidates": candidates}
        for name, frame in {**parts, "list": deciding.write_list(listed, described)}.items():
            write_parquet(frame, Path(out) / f"{name}.parquet")
    clock.told("writing")
    return clock.seconds


@dataclass
class _Clock:
    """Seconds by stage, each told at its end."""

    begun: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def told(self, stage: str) -> None:
        before, now = self.seconds.pop("all", 0.0), time.perf_counter() - self.begun
        self.seconds |= {stage: now - before, "all": now}


@dataclass(frozen=True)
class _Service:
    """A service that listens, and the process that does."""

    port: int
    token: str
    process: int

    def measure(self, file: Path) -> Mapping[str, Any]:
        """Seconds from the drop to the first page, by stage, and the mebibytes by which the web process grew."""
        before = max(self._resident_mib().values())
        watched, stop = [before], threading.Event()

        def watch() -> None:
            while not stop.wait(LOOK_EVERY_SECONDS):
                watched.append(max(self._resident_mib().values(), default=0.0))

        watcher = threading.Thread(target=watch)
        watcher.start()
        run, seconds = self.rank(file)
        stop.set()
        watcher.join()
        answers = {asked: self._answer_ms(f"runs/{run}/{asked}") for asked in ASKED}
        grew = max(watched) - before
        return {"seconds": seconds, "web_before_mib": before, "web_grew_mib": grew, "answers_ms": answers}

    def rank(self, file: Path) -> tuple[str, Mapping[str, float]]:
        """The run, and seconds by stage and of all, until the first page of the ranking of that file is there."""
        clock = _Clock()
        sent = self._send(file)
        clock.told("sending")
        self._until(f"datasets/{sent}", lambda told: told["state"] != "checking", "accepted", "state")
        clock.told("checking")
        asked = json.dumps({"kind": "score", "dataset": sent}).encode()
        run = self._ask("POST", "runs", asked, "application/json")["id"]
        self._until(f"runs/{run}", lambda told: told["job"]["ended_at"] is not None, "done", "job.state")
        clock.told("scoring, ranking and describing")
        self._ask("GET", f"runs/{run}/candidates")
        clock.told("first page")
        return run, clock.seconds

    def ask_all(self, run: str) -> None:
        """Ask all that is asked later, so that what it imports is there."""
        for asked in ASKED:
            self._ask("GET", f"runs/{run}/{asked}")

    def _answer_ms(self, path: str) -> Mapping[str, float]:
        """Milliseconds until an answer is there, once what it needs is in memory."""
        self._ask("GET", path)
        taken = []
        for _ in range(ANSWERS):
            begun = time.perf_counter()
            self._ask("GET", path)
            taken.append(1_000 * (time.perf_counter() - begun))
        return {"median": statistics.median(taken), "best": min(taken)}

    def _send(self, file: Path) -> str:
        with file.open("rb") as body:
            told = self._ask("POST", f"datasets?name={file.name}&contract={CONTRACT}", body, "text/csv")
        return str(told["id"])

    def _until(self, path: str, ended: Callable[[Any], bool], wanted: str, where: str) -> None:
        while not ended(told := self._ask("GET", path)):
            time.sleep(LOOK_EVERY_SECONDS)
        found: Any = told
        for name in where.split("."):
            found = found[name]
        if found != wanted:
            raise SystemExit(f"{path} is {found}: {told.get('problem') or told.get('job')}")

    def _ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
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

    def _resident_mib(self) -> dict[int, float]:
        """The resident memory of the processes that answer, by their number."""
        tasks = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        found = {}
        for process in (int(number) for number in tasks):
            status = Path(f"/proc/{process}/status")
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            found[process] = int(lines["VmRSS"].split()[0]) / MIB
        return found


@contextmanager
def _service(project: Path, folder: Path) -> Iterator[_Service]:
    """The service with one web process and one worker, the project's champion taken in."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "affluence_service.settings",
        "AFFLUENCE_FOLDER": str(folder),
        "AFFLUENCE_PROJECT": str(project),
        "AFFLUENCE_SECRET_KEY": "a key of a benchmark, which nobody else uses, long enough to be one",
        "AFFLUENCE_HTTPS": "0",
        "AFFLUENCE_DEBUG": "1",
        "AFFLUENCE_RATE_OF_PERSON": "10000000/minute",
        "GUNICORN_CMD_ARGS": "--workers 1",
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
        ["worker", "--until-idle"],
    ):
        told = subprocess.check_output([*ours, *verb], env=environment, text=True)  # noqa: S603
        token = told.split()[-1] if verb[0] == "tokens" else token
    port = _free_port()
    with (
        _running([*ours, "web", "--port", str(port)], environment) as web,
        _running([*ours, "worker"], environment),
    ):
        _wait_for(port, web)
        yield _Service(port, token, web.pid)


@contextmanager
def _running(command: list[str], environment: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that runs while the block does."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("The service did not begin to listen.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _page(found: Mapping[str, Any]) -> str:
    seconds, service = found["service"]["seconds"], found["service"]
    told = (
        f"`python -m benchmarks.service.upload --rows {found['rows']}`; a CSV of {found['megabytes']} MB, one run of "
        f"each on {found['processors']} processors, with a load of {found['load_before']} before and "
        f"{found['load_after']} after, the benchmark's own included."
    )
    result = (
        f"The service takes {found['times']:.2f} times as long as the steps alone (at most {MOST_TIMES} wanted). Its "
        f"web process grows by {service['web_grew_mib']:.0f} MiB from {service['web_before_mib']:.0f} (at most "
        f"{MOST_GROWTH_MIB} wanted)."
    )
    lines = [
        f"# {found['rows']:,} rows from drop to ranking: the service and the steps alone (SIMULATED)",
        "",
        told,
        "",
        "| | stage | seconds |",
        "|---|---|---|",
        *(f"| alone | {stage} | {one:.1f} |" for stage, one in found["alone"].items()),
        *(f"| service | {stage} | {one:.1f} |" for stage, one in seconds.items()),
        "",
        result,
        "",
        "What is asked of the ranking afterwards, over HTTP:",
        "",
        "| asked | median ms | best ms |",
        "|---|---|---|",
        *(f"| `{asked}` | {one['median']:.0f} | {one['best']:.0f} |" for asked, one in service["answers_ms"].items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
