"""How soon the workbench's screens are painted, by a real browser, on the reference bank and on a million rows.

    python -m benchmarks.service.pages [--rows 66083] [--many 1000000] [--project FOLDER] [--out benchmarks/service]

A finder is trained on a small made bank, SIMULATED, and serves. A made bank is dropped and ranked, a table without the
tag too, whose seconds from drop to ranked list are told. Then Chromium, signed in as an analyst, opens each screen five
times: told is the median of the milliseconds from asking for a page until something of it is painted, and the longest.
On the larger table the candidates are paged, sorted and filtered in the page, as htmx does it: told is the median of
the milliseconds from the click until the answer is swapped in. `--many 0` leaves that out. Needs /usr/bin/chromium.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
from benchmarks.service.served import ANALYST, CONF, CONTRACT, PASSWORD, Served, bank, prepare, served
from playwright.sync_api import Page, sync_playwright

from affluence.data.contract import load_contract
from affluence.data.writing import write_text

CHROMIUM = "/usr/bin/chromium"
TIMES = 5
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(painted => painted.startTime)"
MOST_PAINTED_MS, MOST_ANSWER_MS, MOST_UNTAGGED_SECONDS = 1_000, 300, 30
# Of a run: the screen, and what stands after the run's address.
OF_RUN = {
    "run": "",
    "candidates": "/candidates",
    "person": "/candidates/1",
    "cut": "/cut",
    "segments": "/segments",
}
SCREENS = {"home": "/", "tables": "/tables", "runs": "/runs", "reviews": "/reviews", "campaigns": "/campaigns"}
SCREENS |= {"models": "/models", "tokens": "/tokens"}
# What is asked of the candidates' table.
ASKED = {
    "page 2": "page=2",
    "page 10,000": "page=10000",
    "from the last": "sort=-rank",
    "by balance": "sort=-casa_balance_sgd",
    "by name": "sort=customer_id",
    "one type": "type=look-alike",
    "balance above": "column=casa_balance_sgd&at_least=50000",
    "one customer": "customer=12345",
}


def main() -> None:
    """Prepare, look, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=66_083)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, help="Where the prepared project stands, or is to be kept.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        project = given.project or work / "project"
        prepare(project)
        files = {rows: bank(project, rows) for rows in (given.rows, given.many) if rows}
        untagged = _without_tag(files[given.rows], work)
        service = stack.enter_context(served(project, work / "service"))
        before = os.getloadavg()[0]
        runs = {rows: service.rank(file)[0] for rows, file in files.items()}
        found: dict[str, Any] = {
            "rows": given.rows,
            "many": given.many,
            "processors": os.cpu_count(),
            "untagged_seconds": [service.rank(untagged)[1]["all"] for _ in range(TIMES)],
            "load_before": round(before, 1),
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = _signed_in(browser.new_page(), service)
            found["painted_ms"] = _painted(page, service, runs[given.rows])
            found["answers_ms"] = _answered(page, service, runs[given.many]) if given.many else {}
            browser.close()
        found["load_after"] = round(os.getloadavg()[0], 1)
    write_text(json.dumps(found, indent=1), given.out / "pages.json")
    write_text(_page(found), given.out / "pages.md")
    sys.stdout.write(_page(found))


def _without_tag(file: Path, work: Path) -> Path:
    """The same table without its tag."""
    tag = load_contract(CONF / f"contract_{CONTRACT}.yml").tag.source
    untagged = work / "untagged.csv"
    pl.read_csv(file, infer_schema=False).drop(tag).write_csv(untagged)
    return untagged


def _address(service: Served) -> str:
    return f"http://127.0.0.1:{service.port}"


def _signed_in(page: Page, service: Served) -> Page:
    page.goto(f"{_address(service)}/")
    page.fill("#name", ANALYST)
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    return page


def _painted(page: Page, service: Served, run: str) -> Mapping[str, Sequence[float]]:
    """Milliseconds until the first paint of each screen, `TIMES` times, once each was opened before."""
    screens = {**SCREENS, **{name: f"/runs/{run}{tail}" for name, tail in OF_RUN.items()}}
    painted: dict[str, list[float]] = {}
    for name, path in screens.items():
        for time_ in range(TIMES + 1):
            answer = page.goto(f"{_address(service)}{path}")
            if answer is None or not answer.ok:
                raise SystemExit(f"The screen {name} was answered {answer and answer.status}.")
            while not (told := page.evaluate(PAINTED)):
                page.wait_for_timeout(20)
            if time_:
                painted.setdefault(name, []).append(float(told[0]))
    return painted


def _answered(page: Page, service: Served, run: str) -> Mapping[str, Sequence[float]]:
    """Milliseconds until a part of the candidates' table is asked for and swapped in, once the run was looked at."""
    taken: dict[str, list[float]] = {}
    path = f"/runs/{run}/candidates"
    page.goto(f"{_address(service)}{path}")
    for name, asked in ASKED.items():
        for time_ in range(TIMES + 1):
            begun = time.perf_counter()
            page.evaluate("path => htmx.ajax('GET', path, {target: '#results', swap: 'outerHTML'})", f"{path}?{asked}")
            if time_:
                taken.setdefault(name, []).append(1_000 * (time.perf_counter() - begun))
    return taken


def _page(found: Mapping[str, Any]) -> str:
    untagged = statistics.median(found["untagged_seconds"])
    command = f"python -m benchmarks.service.pages --rows {found['rows']} --many {found['many']}"
    how = (
        f"`{command}`; medians of {TIMES} on {found['processors']} processors, with a load of {found['load_before']} "
        f"before and {found['load_after']} after, the benchmark's own included; fast finder."
    )
    drop = (
        f"A table of {found['rows']:,} customers without the tag, from drop to ranked list: {untagged:.1f} s (at most "
        f"{MOST_UNTAGGED_SECONDS} wanted)."
    )
    paint = f"First paint of each screen on the table of {found['rows']:,} (at most {MOST_PAINTED_MS:,} ms wanted):"
    heading = "# How soon the screens are there (SIMULATED)"
    lines = [heading, "", how, "", drop, "", paint, "", *_table("screen", found["painted_ms"])]
    if found["answers_ms"]:
        lines += [
            "",
            f"The candidates' table of {found['many']:,}, from asking to shown (at most {MOST_ANSWER_MS} ms wanted):",
            "",
            *_table("asked", found["answers_ms"]),
        ]
    return "\n".join([*lines, ""])


def _table(title: str, taken: Mapping[str, Sequence[float]]) -> list[str]:
    rows = [f"| {name} | {statistics.median(one):.0f} | {max(one):.0f} |" for name, one in taken.items()]
    return [f"| {title} | median ms | longest ms |", "|---|---|---|", *rows]


if __name__ == "__main__":
    main()
