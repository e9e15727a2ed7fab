"""What can be read of jobs: how long one runs, how long it will, and how many stand before it."""

from datetime import datetime
from statistics import median

from django.db.models import Q
from django.utils import timezone

from affluence_service.jobs.models import Job, State

# An estimate stands on so many jobs like this one, among the last few; it is told only if they took about as long.
FEWEST_ALIKE, MOST_ALIKE = 3, 20
ALIKE_IN_ROWS, ALIKE_IN_SECONDS = 2.0, 2.0


def seconds_of(job: Job, *, now: datetime | None = None) -> int | None:
    """For how many seconds the job runs, or ran when it was last taken; None before it was."""
    if job.started_at is None:
        return None
    if job.ended_at is None and job.state != State.RUNNING:
        return None
    return max(0, round(((job.ended_at or now or timezone.now()) - job.started_at).total_seconds()))


def seconds_left(job: Job, *, now: datetime | None = None) -> int | None:
    """For how many seconds more the job will run, going by others like it; None where they do not tell.

    Like it are jobs of its kind over at most twice, and at least half, as many rows. They tell if there are three, the
    slowest took at most twice as long as the fastest, and this one has not run for longer than they did. What the
    job itself reports does not enter: its parts take unequally long.
    """
    spent = seconds_of(job, now=now)
    if job.state != State.RUNNING or spent is None:
        return None
    took = [alike for other in _alike(job) if (alike := seconds_of(other)) is not None]
    if len(took) < FEWEST_ALIKE or max(took) > ALIKE_IN_SECONDS * max(1, min(took)):
        return None
    left = round(median(took)) - spent
    return left if left > 0 else None


def position(job: Job) -> int | None:
    """The place in the queue of a job that waits, from 1; None for one that does not, or that may not be taken yet."""
    if job.state != State.QUEUED or job.blocked:
        return None
    before = Q(queued_at__lt=job.queued_at) | Q(queued_at=job.queued_at, id__lt=job.id)
    return Job.objects.filter(before, state=State.QUEUED, blocked="").count() + 1


def _alike(job: Job) -> list[Job]:
    done = Job.objects.filter(kind=job.kind, state=State.DONE).exclude(id=job.id)
    if job.rows is None:
        done = done.filter(rows=None)
    else:
        done = done.filter(rows__gte=job.rows / ALIKE_IN_ROWS, rows__lte=job.rows * ALIKE_IN_ROWS)
    return list(done.order_by("-ended_at")[:MOST_ALIKE])
