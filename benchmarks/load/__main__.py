"""Fifty people at the service for a minute, and what the service tells of it held against what they counted.

    python -m benchmarks.load [--users 50] [--seconds 60] [--out benchmarks/load]

A made bank, SIMULATED, is ranked and put on a list by the service's own acts. Then the service is started as its
operator starts it, `affluence-service serve`, with traces, metrics and logs sent to a receiver on loopback; four kinds
of people, who sign in, look at pages and call the API. No request may fail, 99 of 100 are answered within a second
once all are there, the service's own counts by method and route are those of the callers, to the request, and its
median and 95th percentile lie within one bucket of theirs. Ends with 1 where that does not hold. Writes `load.json` and
`load.md`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from benchmarks.load.judging import Judgement, Told, judge, read_told
from benchmarks.load.office import FILLED, READY, ROOT, Office, founded, furnish
from benchmarks.load.receiver import VARIABLES, Received, listening

# Who signs in costs the service half a second of a processor, for a password is slow to check on purpose.
ARRIVE_A_SECOND = 1
WORKERS = ("--workers", "1")


@click.command(help=__doc__)
@click.option("--users", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--seconds", type=click.IntRange(min=5), default=60, show_default=True, help="With all of them there.")
@click.option("--customers", type=click.IntRange(min=5_000), default=20_000, show_default=True, help="Of the bank.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(__file__).parent)
def main(*, users: int, seconds: int, customers: int, out: Path) -> None:
    """Prepare, load, judge, write."""
    with tempfile.TemporaryDirectory(prefix="affluence-load-") as folder:
        office, before = founded(Path(folder)), os.getloadavg()[0]
        prepare(office, customers=customers)
        told, received = load(office, users=users, seconds=seconds)
    found = judge(told, received)
    circumstances = {"users": users, "seconds": seconds, "customers": customers, "processors": os.cpu_count()}
    circumstances |= {"load_before": round(before, 1)}
    write(found, circumstances, out)
    click.echo((out / "load.md").read_text(encoding="utf-8"))
    sys.exit(1 if found.faults else 0)


def prepare(office: Office, *, customers: int, variables: Sequence[tuple[str, str]] = ()) -> None:
    """Have the bank ranked, put on a list and dealt out."""
    click.echo("A made bank is uploaded, learned from and ranked (a minute or two).", err=True)
    with office.open("demo", dict(variables), *WORKERS, "--customers", str(customers), until=FILLED):
        furnish(office)


def load(office: Office, *, users: int, seconds: int) -> tuple[Told, Received]:
    """What the callers saw and what the service told, of that many people for so long after the last came."""
    with listening() as (address, received):
        with office.open("serve", {**VARIABLES, "OTEL_EXPORTER_OTLP_ENDPOINT": address}, *WORKERS, until=READY):
            click.echo(f"{users} people come, and stay for {seconds} s.", err=True)
            file = office.folder / "told.json"
            _send_people(office, users=users, seconds=seconds + users // ARRIVE_A_SECOND, told=file)
        # The service has ended, and has told the last of it on its way out.
        return read_told(file), received


def _send_people(office: Office, *, users: int, seconds: int, told: Path) -> None:
    """Run locust; who is at something when the time is over ends it."""
    command = (sys.executable, "-m", "locust", "--headless", "--only-summary", "--exit-code-on-error", "0")
    how_many = ("--users", str(users), "--spawn-rate", str(ARRIVE_A_SECOND), "--run-time", f"{seconds}s")
    subprocess.run(  # noqa: S603  (our own program)
        (*command, *how_many, "--stop-timeout", "30", "--host", office.address, "-f", "benchmarks/load/people.py"),
        cwd=ROOT,
        env={**os.environ, "AFFLUENCE_LOAD_TOLD": str(told), "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def write(found: Judgement, circumstances: dict[str, Any], out: Path) -> None:
    """The figures as JSON and as a page."""
    figures = {
        **circumstances,
        "requests": found.requests,
        "counted_by_service": found.counted_by_service,
        "seconds": found.seconds,
        "seconds_all_there": found.seconds_all_there,
        "buckets": {name: {"service": ours, "callers": theirs} for name, (ours, theirs) in found.buckets.items()},
        "bounds_seconds": found.bounds,
        "faults": found.faults,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "load.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (out / "load.md").write_text(_page(found, circumstances), encoding="utf-8")


def _page(found: Judgement, given: dict[str, Any]) -> str:
    times = "\n".join(
        f"| {name} | {1_000 * there:.0f} ms | {1_000 * found.seconds[name]:.0f} ms | {_buckets(found, name)} |"
        for name, there in found.seconds_all_there.items()
    )
    faults = "\n".join(f"- {fault}" for fault in found.faults) or "Everything held."
    return f"""# {given["users"]} people at the service for {given["seconds"]} s

On {given["processors"]} processors that the people's own program shares, with a load of {given["load_before"]} from
others beforehand; a made bank of {given["customers"]:,} customers, SIMULATED; traces, metrics and logs on.
One arrives a second, and the time begins when the last has come. `make load` measures it.

{found.requests:,} requests by their callers, {found.counted_by_service:,} by the service's own count.

| | with all there | arrival and signing in included | bucket of those: service, callers |
|---|---|---|---|
{times}

{faults}
"""


def _buckets(found: Judgement, name: str) -> str:
    if name not in found.buckets:
        return ""
    return ", ".join(_span(found.bounds, place) for place in found.buckets[name])


def _span(bounds: tuple[float, ...], place: int) -> str:
    low = f"{1_000 * bounds[place - 1]:g}" if place else "0"
    return f"{low} to {1_000 * bounds[place]:g} ms" if place < len(bounds) else f"over {low} ms"


if __name__ == "__main__":
    main()
