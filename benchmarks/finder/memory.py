"""How much memory a method takes: each fits once in a process of its own, which looks at its own peak.

The figure is the largest resident set of that process, less what it held when the method began: the libraries and the
table. Linux tells both (VmHWM and VmRSS of /proc/self/status); elsewhere nothing is measured.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.finder.data import Table
from benchmarks.finder.harness import answer_of
from benchmarks.finder.reviewers import Reviewer
from benchmarks.finder.ways import Method

from affluence.pu.learners.protocol import Tags

STATUS = Path("/proc/self/status")
KILOBYTES = 1_000


def peak_memory(method: Method, table: Table, tags: Tags, *, seed: int) -> dict[str, int] | None:
    """Megabytes of the process when the method began and at its peak; None where the machine does not tell."""
    if not STATUS.exists():
        return None
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as processes:
        return processes.submit(_peak, method, table, tags, seed).result()


def _peak(method: Method, table: Table, tags: Tags, seed: int) -> dict[str, int]:
    began = _megabytes("VmRSS")
    review = Reviewer(table.truth, method.care, seed) if method.care else None
    answer_of(method, table, tags, review=review, seed=seed)
    return {"began_mb": began, "peak_mb": _megabytes("VmHWM")}


def _megabytes(name: str) -> int:
    """A line of the process's status. Not `getrusage`, whose peak a new process inherits from the one before."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) // KILOBYTES
