"""What the callers counted and timed, what the service says it did, and whether the two are one story."""

import json
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.receiver import Received, counts, histogram

DURATION = "http.server.request.duration"
METHOD, ROUTE = "http.request.method", "http.route"
LONGEST_P99_SECONDS = 1.0
# Asked by whoever starts the service, to see whether it is there.
ASKED_BY_THE_OPERATOR = frozenset({"api/v1/health", "api/v1/ready"})


@dataclass(frozen=True)
class Told:
    """The requests as their callers saw them: how many by method and route, seconds of each, and what was wrong.

    `seconds_all_there` are those of the requests that came after the last of the people had.
    """

    counts: Mapping[tuple[str, ...], int]
    seconds: tuple[float, ...]
    seconds_all_there: tuple[float, ...]
    wrong: tuple[str, ...]


def quantiles(seconds: Sequence[float]) -> Mapping[str, float]:
    """Seconds within which 50, 95 and 99 of 100 were answered."""
    found = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"p{share}": found[share - 1] for share in (50, 95, 99)}


@dataclass(frozen=True)
class Judgement:
    """What a load showed; `faults` are empty where everything held."""

    requests: int
    counted_by_service: int
    seconds: Mapping[str, float]
    seconds_all_there: Mapping[str, float]
    buckets: Mapping[str, tuple[int, int]]
    bounds: tuple[float, ...]
    faults: tuple[str, ...]


def read_told(file: Path) -> Told:
    """What the callers wrote down."""
    lines = json.loads(file.read_text(encoding="utf-8"))
    wrong = Counter(f"{method} {route}: {status} {fault}" for method, route, _, status, fault, _ in lines if fault)
    return Told(
        counts=Counter((method, route) for method, route, *_ in lines),
        seconds=tuple(milliseconds / 1_000 for _, _, milliseconds, *_ in lines),
        seconds_all_there=tuple(milliseconds / 1_000 for _, _, milliseconds, *_, all_there in lines if all_there),
        wrong=tuple(f"{fault} ({times} times)" for fault, times in wrong.most_common()),
    )


def judge(told: Told, received: Received) -> Judgement:
    """Both sides, side by side. Errors: ValueError where the service told of no request."""
    served = {
        key: count
        for key, count in counts(received, DURATION, (METHOD, ROUTE)).items()
        if key[1] not in ASKED_BY_THE_OPERATOR
    }
    timed = histogram(received, DURATION, leaving_out={ROUTE: ASKED_BY_THE_OPERATOR})
    seconds, all_there = quantiles(told.seconds), quantiles(told.seconds_all_there)
    buckets = {
        name: (timed.bucket_of_quantile(int(name[1:]) / 100), timed.bucket_of(seconds[name])) for name in ("p50", "p95")
    }
    faults = (
        *told.wrong,
        *_miscounted(told.counts, served),
        *(f"{name}: the service says bucket {ours}, its callers {theirs}." for name, (ours, theirs) in buckets.items()
          if abs(ours - theirs) > 1),
        *_slow(all_there["p99"]),
    )  # fmt: skip
    return Judgement(
        requests=len(told.seconds),
        counted_by_service=sum(served.values()),
        seconds=seconds,
        seconds_all_there=all_there,
        buckets=buckets,
        bounds=timed.bounds,
        faults=faults,
    )


def _slow(p99: float) -> Iterator[str]:
    if p99 > LONGEST_P99_SECONDS:
        yield f"p99 is {p99:.2f} s; {LONGEST_P99_SECONDS:g} s was wanted."


def _miscounted(told: Mapping[tuple[str, ...], int], served: Mapping[tuple[str, ...], int]) -> Iterator[str]:
    for key in sorted(set(told) | set(served)):
        asked, answered = told.get(key, 0), served.get(key, 0)
        if asked != answered:
            yield f"{' '.join(key)}: asked {asked} times, counted {answered} times by the service."
