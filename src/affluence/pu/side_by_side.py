"""Work done side by side on threads, each piece on one processor."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits

from affluence import progress

Part = TypeVar("Part")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Part], Result], parts: Sequence[Part], *, stage: str | None) -> Iterator[Result]:
    """`work` done on each of `parts`, in their order, as many at a time as the process may use processors.

    Progress is told as `stage`, if there is one.
    """
    # Linear algebra that starts threads of its own inside of these leaves all of them waiting for one another: five to
    # six times slower on two processors (decision record 0007).
    with threadpool_limits(limits=1, user_api="blas"):
        pool = Parallel(n_jobs=max(1, min(len(parts), cpu_count())), prefer="threads", return_as="generator")
        for done, result in enumerate(pool(delayed(work)(part) for part in parts), start=1):
            if stage is not None:
                progress.report(stage, done=done, total=len(parts))
            yield result
