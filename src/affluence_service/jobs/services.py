"""The life of a job: asked for, taken, renewed, told of, ended, cancelled. Each step is one short transaction."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from affluence.adapters import telemetry
from affluence_service.api_errors import Conflict
from affluence_service.audit.services import SYSTEM, Actor, record
from affluence_service.jobs.models import Job, State
from affluence_service.jobs.work import work_of

# A job that brings down the process that does it is given up soon; one whose whole worker was lost, which is seldom the
# job's doing, later.
MOST_CRASHES, MOST_ATTEMPTS = 3, 10
STOPPED = (
    "The work was stopped by the machine {times} times, most likely for want of memory. Ask the operator to give the "
    "workers more, or use a smaller table."
)
CANCELLED = "Cancelled."


class LeaseLost(Exception):  # noqa: N818  (what happened)
    """The job is no longer this worker's: another took it, or it was cancelled."""


class Standing(Enum):
    """How a worker stands to a job that it took."""

    HELD = "it is the worker's"
    CANCELLED = "it is the worker's, who is to stop it"
    OVER = "it ended, or is another's"


def enqueue(
    kind: str,
    subject: uuid.UUID,
    *,
    asked_by: Any = None,
    team_id: uuid.UUID | None = None,
    parameters: Mapping[str, Any] | None = None,
    trace_context: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> Job:
    """A job that waits for a worker, in the caller's transaction; `rows`, where known, tell how long it may run."""
    return Job.objects.create(
        kind=kind,
        subject=subject,
        asked_by=asked_by,
        team_id=team_id or getattr(asked_by, "team_id", None),
        parameters=dict(parameters or {}),
        trace_context=dict(trace_context or telemetry.carried()),
        rows=rows,
    )


def claim(worker: str) -> Job | None:
    """The oldest job that waits or whose lease ran out, now leased to `worker`; None when there is none.

    Jobs of a kind that this version of the service does not know are left to one that does.
    """
    while (job := _take(worker)) is not None:
        if job.cancel_asked:
            stopped(job)
        elif job.attempts > MOST_ATTEMPTS:
            fail(job, STOPPED.format(times=job.attempts - 1))
        else:
            return job
    return None


def renew(job: Job) -> None:
    """Let the lease run on, if it still holds."""
    _held(job).update(lease_until=_lease_end())


def standing(job: Job) -> Standing:
    """Whether the job is still to be worked on under the lease that it was taken with."""
    cancelled = _held(job).values_list("cancel_asked", flat=True).first()
    if cancelled is None:
        return Standing.OVER
    return Standing.CANCELLED if cancelled else Standing.HELD


def tell(job: Job, *, stage: str, done: int, total: int, note: str = "") -> None:
    """Write down how far the job is."""
    _held(job).update(stage=_storable(stage)[:120], done=done, total=total, note=_storable(note)[:200])


def finish(job: Job, result: Mapping[str, Any], folder: Path) -> None:
    """End the job with its result, made visible in the same transaction. Errors: LeaseLost, and nothing is changed."""
    kept = str(folder.relative_to(settings.ENVIRONMENT.folder))
    with transaction.atomic():
        written = (
            _held(job)
            .filter(cancel_asked=False)
            .update(state=State.DONE, lease=None, ended_at=Now(), result=dict(result), folder=kept, problem="")
        )
        if not written:
            raise LeaseLost
        # Read anew: `job` keeps its lease, by which it is given up if its result cannot be published.
        work_of(job.kind).publish(Job.objects.get(id=job.id), result)
        record(_actor_of(job), "finished", job.kind, job.subject, details={"attempts": job.attempts})


def fail(job: Job, sentence: str, *, traceback: str = "") -> bool:
    """Whether the job was still held, and is now ended as failed, with a sentence for the user."""
    return _give_up(job, State.FAILED, sentence, traceback)


def crashed(job: Job) -> None:
    """Give the job back to be taken again, for the process that did it died; give it up at the third time."""
    with transaction.atomic():
        if not _held(job).update(crashes=F("crashes") + 1):
            return
        job.refresh_from_db(fields=["crashes"])
        if job.crashes >= MOST_CRASHES:
            fail(job, STOPPED.format(times=job.crashes))
        else:
            _held(job).update(state=State.QUEUED, lease=None)


def hand_back(job: Job) -> None:
    """Give the job back as if it had not been taken: the worker is told to stop."""
    _held(job).update(state=State.QUEUED, lease=None, attempts=F("attempts") - 1)


def cancel(job: Job, *, by: Any) -> None:
    """Cancel a job: at once where it waits, within a second or two where it runs. Errors: Conflict when it ended."""
    with transaction.atomic():
        held = Job.objects.select_for_update().get(id=job.id)
        if held.ended:
            raise Conflict(f"It has ended already ({held.get_state_display()}).")
        if not held.cancel_asked:
            Job.objects.filter(id=job.id).update(cancel_asked=True)
            record(by, "cancelled", held.kind, held.subject)
        if held.state == State.QUEUED:
            Job.objects.filter(id=job.id).update(state=State.CANCELLED, ended_at=Now(), problem=CANCELLED)
            work_of(held.kind).give_up(held, CANCELLED)


def stopped(job: Job) -> None:
    """End a running job that was cancelled, once nobody works on it."""
    _give_up(job, State.CANCELLED, CANCELLED, "")


def _take(worker: str) -> Job | None:
    ripe = Q(state=State.QUEUED, blocked="") | Q(state=State.RUNNING, lease_until__lt=Now())
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=skip, of=("self",) if skip else ())
            .filter(ripe, kind__in=list(settings.JOBS))
            .first()
        )
        if job is None:
            return None
        Job.objects.filter(id=job.id).update(
            state=State.RUNNING,
            lease=uuid.uuid4(),
            lease_until=_lease_end(),
            worker=worker,
            attempts=F("attempts") + 1,
            started_at=Now(),
            stage="",
            note="",
            done=0,
            total=0,
        )
        job.refresh_from_db()
    return job


def _give_up(job: Job, state: State, sentence: str, traceback: str) -> bool:
    told, trace = _storable(sentence), _storable(traceback)
    with transaction.atomic():
        ended = _held(job).update(state=state, lease=None, ended_at=Now(), problem=told, traceback=trace)
        if ended:
            work_of(job.kind).give_up(job, told)
        if ended and state == State.FAILED:  # who cancelled is on record already
            record(_actor_of(job), "failed", job.kind, job.subject)
    return bool(ended)


def _storable(text: str) -> str:
    """The text without the one character that PostgreSQL does not keep; a hostile table may bring it in."""
    return text.replace("\0", "")


def _held(job: Job) -> Any:
    return Job.objects.filter(id=job.id, lease=job.lease, state=State.RUNNING)


def _lease_end() -> Any:
    # The database's clock: those of the workers' machines may differ.
    seconds = settings.ENVIRONMENT.lease_seconds
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def _actor_of(job: Job) -> Actor:
    return Actor(f"worker for {job.asked_by}" if job.asked_by else SYSTEM.name, None, job.team_id)
