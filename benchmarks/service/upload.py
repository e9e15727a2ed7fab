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
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.service.served import CONTRACT, LOOK_EVERY_SECONDS, ROOT, Clock, Served, bank, prepare, served

from affluence import deciding, steps
from affluence.data.contract import load_contract
from affluence.data.doctor import examine
from affluence.data.offer_table import find_offers, load_offers
from affluence.data.reading import read_table
from affluence.data.writing import write_parquet, write_text
from affluence.pu.storage import load_model

WARMING_UP = 3_000
MOST_TIMES, MOST_GROWTH_MIB = 1.3, 60
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
        prepare(project)
        file, small = (bank(project, rows) for rows in (given.rows, WARMING_UP))
        before = os.getloadavg()[0]
        command = [sys.executable, "-m", "benchmarks.service.upload", "--project", str(project), "--alone", str(file)]
        alone = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout)  # noqa: S603
        service = stack.enter_context(served(project, work / "service"))
        warmed_up, _ = service.rank(small)
        # What is asked later is asked once before, so that what it imports is there.
        for asked in ASKED:
            service.ask("GET", f"runs/{warmed_up}/{asked}")
        found = {
            "rows": given.rows,
            "megabytes": round(file.stat().st_size / 1e6),
            "processors": os.cpu_count(),
            "load_before": round(before, 1),
            "alone": alone,
            "service": _measure(service, file),
            "load_after": round(os.getloadavg()[0], 1),
        }
    found["times"] = found["service"]["seconds"]["all"] / alone["all"]
    write_text(json.dumps(found, indent=1), given.out / "upload.json")
    write_text(_page(found), given.out / "upload.md")
    sys.stdout.write(_page(found))


def _alone(project: Path, file: Path) -> Mapping[str, float]:
    """Seconds by stage, and of all, of the core's steps in this process, which has imported them."""
    clock = Clock()
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
    population = steps.population(model, customers, scores, candidates)
    gains = deciding.prepare_cuts(model, population)
    listed = deciding.list_candidates(population, deciding.cut(gains, model.contract, {}, {}))
    offers = load_offers(find_offers(contract.table, folders=folders))
    described = deciding.describe(model, population, gains, listed, offers, seed=0)
    clock.told("cutting and describing")
    with tempfile.TemporaryDirectory() as out:
        parts = {"customers": customers, "scores": scores, "candidates": candidates}
        for name, frame in {**parts, "list": deciding.write_list(listed, described)}.items():
            write_parquet(frame, Path(out) / f"{name}.parquet")
    clock.told("writing")
    return clock.seconds


def _measure(service: Served, file: Path) -> Mapping[str, Any]:
    """Seconds from the drop to the first page, by stage, and the mebibytes by which the web process grew."""
    before = max(service.resident_mib().values())
    watched, stop = [before], threading.Event()

    def watch() -> None:
        while not stop.wait(LOOK_EVERY_SECONDS):
            watched.append(max(service.resident_mib().values(), default=0.0))

    watcher = threading.Thread(target=watch)
    watcher.start()
    run, seconds = service.rank(file)
    stop.set()
    watcher.join()
    answers = {asked: _answer_ms(service, f"runs/{run}/{asked}") for asked in ASKED}
    grew = max(watched) - before
    return {"seconds": seconds, "web_before_mib": before, "web_grew_mib": grew, "answers_ms": answers}


def _answer_ms(service: Served, path: str) -> Mapping[str, float]:
    """Milliseconds until an answer is there, once what it needs is in memory."""
    service.ask("GET", path)
    taken = []
    for _ in range(ANSWERS):
        begun = time.perf_counter()
        service.ask("GET", path)
        taken.append(1_000 * (time.perf_counter() - begun))
    return {"median": statistics.median(taken), "best": min(taken)}


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
