"""Work done side by side on threads, each piece on one processor."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import TypeVar

import xgboost as xgb
from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits

from affluence import progress

Part = TypeVar("Part")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Part], Result], parts: Sequence[Part], *, stage: str | None) -> Iterator[Result]:
    """`work` done on each of `parts`, in their order, as many at a time as the process may use processors.

    Progress is told as `stage`, if there is one.
    """
    for done, result in enumerate(as_they_come(work, parts, at_most=len(parts)), start=1):
        if stage is not None:
            progress.report(stage, done=done, total=len(parts))
        yield result


def as_they_come(work: Callable[[Part], Result], parts: Iterable[Part], *, at_most: int) -> Iterator[Result]:
    """The same for parts that are made one after another, `at_most` so many: few are made ahead of the work."""
    jobs = max(1, min(at_most, cpu_count()))

    def alone(part: Part) -> Result:
        # Trees asked on several threads by several threads leave these waiting for one another too.
        with xgb.config_context(nthread=1) if jobs > 1 else nullcontext():
            return work(part)

    # Linear algebra that starts threads of its own inside of these leaves all of them waiting for one another: five to
    # six times slower on two processors (decision record 0007).
    with threadpool_limits(limits=1, user_api="blas"):
        pool = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")
        yield from pool(delayed(alone)(part) for part in parts)
