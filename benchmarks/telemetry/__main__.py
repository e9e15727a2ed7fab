"""What telemetry costs in processor time: the same work with it on and off, in pairs that take turns.

    python -m benchmarks.telemetry [--pairs 30] [--customers 5000] [--out benchmarks/telemetry]

Two processes of the service stand side by side, each with its own folder, and do the same: 40 requests to the API, one
that starts a run, and the scoring of a made table, SIMULATED, by the code that a worker runs. One sends traces, metrics
and logs over OTLP/HTTP to a receiver on loopback, which is not counted; the other has telemetry off. In a pair each
works twice, in the order one, other, other, one, so that load from elsewhere falls on both; which is the one changes
from pair to pair. Counted is the processor time of all threads of a process, with what it sends. Ends with 1 where the
upper end of the 90 % interval of the ratio is over 4 %. Writes `cost.json` and `cost.md`.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from benchmarks.load.receiver import listening
from benchmarks.service.served import bank, environment_of, prepare, served
from scipy.stats import t as student

MOST = 0.04
COVERAGE = 0.90
WARMING_UP = 2
# Threads that wait in circles would be counted as work.
# What is set for another service, and would switch this one's telemetry on.
STRANGE = ("OTEL_", "MLFLOW_")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class Cost:
    """How much more processor time the same work took with telemetry on, as a share, with the ends of its interval."""

    share: float
    low: float
    high: float


@click.command(help=__doc__)
@click.option("--pairs", type=click.IntRange(min=3), default=30, show_default=True)
@click.option("--customers", type=click.IntRange(min=2_000), default=5_000, show_default=True, help="In the table.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(__file__).parent)
def main(*, pairs: int, customers: int, out: Path) -> None:
    """Prepare, measure, write."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="affluence-telemetry-") as folder, listening() as (address, received):
        project = Path(folder) / "project"
        prepare(project, customers=5_000)
        telling = {"OTEL_EXPORTER_OTLP_ENDPOINT": address}
        with desk(project, "on", telling, customers) as on, desk(project, "off", {}, customers) as off:
            seconds = [pair(on, off, place) for place in range(-WARMING_UP, pairs)][WARMING_UP:]
        messages = {"traces": len(received.traces), "metrics": len(received.metrics), "logs": len(received.logs)}
    if not all(messages.values()):
        raise SystemExit(f"Not every signal was sent: {messages}.")
    cost = cost_of(seconds)
    figures = {
        "pairs": pairs,
        "customers": customers,
        "processors": os.cpu_count(),
        "load_before": round(before, 1),
        "cost": asdict(cost),
        "messages": messages,
        "seconds_on_and_off": seconds,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "cost.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (out / "cost.md").write_text(page(cost, seconds, figures), encoding="utf-8")
    click.echo((out / "cost.md").read_text(encoding="utf-8"))
    sys.exit(1 if cost.high > MOST else 0)


@contextmanager
def desk(project: Path, name: str, variables: Mapping[str, str], customers: int) -> "Iterator[subprocess.Popen[str]]":
    """A process that works when it is asked to, with a service's folder of its own in which a table is ranked."""
    folder = project / f"service_{name}"
    with served(project, folder) as service:
        run, _ = service.rank(bank(project, customers))
    environment = {
        **{key: told for key, told in environment_of(project, folder).items() if not key.startswith(STRANGE)},
        **ONE_THREAD,
        **variables,
    }
    command = [sys.executable, "-m", "benchmarks.telemetry.office_hour", service.token, run]
    with subprocess.Popen(  # noqa: S603  (our own program)
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def pair(on: "subprocess.Popen[str]", off: "subprocess.Popen[str]", place: int) -> tuple[float, float]:
    """Seconds with telemetry and without, of twice the work each, in the order one, other, other, one."""
    found = {on: 0.0, off: 0.0}
    outer, inner = (off, on) if place % 2 else (on, off)
    for process in (outer, inner, inner, outer):
        found[process] += _worked(process)
    return found[on], found[off]


def _worked(process: "subprocess.Popen[str]") -> float:
    if process.stdin is None or process.stdout is None:
        raise SystemExit("The process cannot be spoken to.")
    process.stdin.write("work\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit("A process ended instead of working; run benchmarks.telemetry.office_hour to see why.")
    return float(answer)


def cost_of(seconds: Sequence[tuple[float, float]]) -> Cost:
    """The mean of the logarithms of the pairs' ratios, with its interval by Student's t, as shares."""
    logs = [math.log(on / off) for on, off in seconds]
    half = student.ppf((1 + COVERAGE) / 2, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    mean = statistics.fmean(logs)
    return Cost(*(math.expm1(value) for value in (mean, mean - half, mean + half)))


def page(cost: Cost, seconds: Sequence[tuple[float, float]], given: Mapping[str, object]) -> str:
    """The figures as a page."""
    on, off = (statistics.median(column) for column in zip(*seconds, strict=True))
    kept = "Held" if cost.high <= MOST else "NOT held"
    interval = f"90 % interval {100 * cost.low:.1f} to {100 * cost.high:.1f} %; at most {100 * MOST:.0f} % wanted"
    return f"""# What telemetry costs in processor time

`python -m benchmarks.telemetry`: {given["pairs"]} pairs of the same work, on and off in turns, each 82 requests and
twice the scoring of {given["customers"]:,} made customers, SIMULATED; {given["processors"]} processors with a load of
{given["load_before"]} beforehand.

| | median seconds of processor time |
|---|---|
| telemetry on | {on:.3f} |
| telemetry off | {off:.3f} |

It costs {100 * cost.share:.1f} % ({interval}). {kept}.
"""


if __name__ == "__main__":
    main()
