"""The life of a job: asked for, taken, renewed, told of, ended, cancelled. Each step is one short transaction."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from affluence_service.api_errors import Conflict
from affluence_service.audit.services import SYSTEM, Actor, record
from affluence_service.jobs.models import Job, State
from affluence_service.jobs.work import work_of

# A worker that is killed loses its job to another; a job that kills its workers is given up.
MOST_ATTEMPTS = 20
MOST_CRASHES = 3
STOPPED = (
    "The work was stopped by the machine {times} times, most likely for want of memory. Ask the operator to give the "
    "workers more, or use a smaller table."
)
CANCELLED = "Cancelled."


class LeaseLost(Exception):  # noqa: N818  (what happened)
    """The job is no longer this worker's: another took it, or it was cancelled."""


def enqueue(
    kind: str,
    subject: uuid.UUID,
    *,
    asked_by: Any = None,
    team_id: uuid.UUID | None = None,
    parameters: Mapping[str, Any] | None = None,
    trace_context: Mapping[str, str] | None = None,
) -> Job:
    """A job that waits for a worker, in the caller's transaction."""
    return Job.objects.create(
        kind=kind,
        subject=subject,
        asked_by=asked_by,
        team_id=team_id or getattr(asked_by, "team_id", None),
        parameters=dict(parameters or {}),
        trace_context=dict(trace_context or {}),
    )


def claim(worker: str) -> Job | None:
    """The oldest job that waits or whose lease ran out, now leased to `worker`; None when there is none."""
    ripe = Q(state=State.QUEUED, blocked="") | Q(state=State.RUNNING, lease_until__lt=Now())
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=skip, of=("self",) if skip else ()).filter(ripe).first()
        if job is None:
            return None
        job.lease, job.worker = uuid.uuid4(), worker
        Job.objects.filter(id=job.id).update(
            state=State.RUNNING,
            lease=job.lease,
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
    if job.attempts > MOST_ATTEMPTS or job.crashes >= MOST_CRASHES:
        fail(job, STOPPED.format(times=job.attempts - 1))
        return claim(worker)
    return job


def renew(job: Job) -> bool:
    """Whether the lease still holds, and was renewed; not once the job is to be cancelled."""
    held: int = _held(job).filter(cancel_asked=False).update(lease_until=_lease_end())
    return held == 1


def tell(job: Job, *, stage: str, done: int, total: int, note: str = "") -> None:
    """Write down how far the job is."""
    _held(job).update(stage=stage[:120], done=done, total=total, note=note[:200])


def finish(job: Job, result: Mapping[str, Any], folder: Path) -> None:
    """End the job with its result, made visible in the same transaction. Errors: LeaseLost, and nothing is changed."""
    kept = str(folder.relative_to(settings.ENVIRONMENT.folder))
    with transaction.atomic():
        ended = (
            _held(job)
            .filter(cancel_asked=False)
            .update(state=State.DONE, lease=None, ended_at=Now(), result=dict(result), folder=kept, problem="")
        )
        if not ended:
            raise LeaseLost
        job.refresh_from_db()
        work_of(job.kind).publish(job, result)
        record(_actor_of(job), "finished", job.kind, job.subject, details={"attempts": job.attempts})


def fail(job: Job, sentence: str, *, traceback: str = "") -> None:
    """End the job as failed, with a sentence for the user and the rest for the operator."""
    _give_up(job, State.FAILED, sentence, traceback)


def crashed(job: Job) -> None:
    """Give the job back to be taken again: the process that did it died."""
    _held(job).update(state=State.QUEUED, lease=None, crashes=F("crashes") + 1)


def hand_back(job: Job) -> None:
    """Give the job back untouched: the worker is told to stop."""
    _held(job).update(state=State.QUEUED, lease=None)


def cancel(job: Job, *, by: Any) -> None:
    """Cancel a job: at once where it waits, within a second or two where it runs. Errors: Conflict when it ended."""
    with transaction.atomic():
        held = Job.objects.select_for_update().get(id=job.id)
        if held.ended:
            raise Conflict(f"It has ended already ({held.get_state_display()}).")
        Job.objects.filter(id=job.id).update(cancel_asked=True)
        record(by, "cancelled", held.kind, held.subject)
        if held.state == State.QUEUED:
            Job.objects.filter(id=job.id).update(state=State.CANCELLED, ended_at=Now(), problem=CANCELLED)
            work_of(held.kind).give_up(held, CANCELLED)


def stopped(job: Job) -> None:
    """End a running job that was cancelled, once nobody works on it."""
    _give_up(job, State.CANCELLED, CANCELLED, "")


def _give_up(job: Job, state: State, sentence: str, traceback: str) -> None:
    with transaction.atomic():
        ended = _held(job).update(state=state, lease=None, ended_at=Now(), problem=sentence, traceback=traceback)
        if ended:
            work_of(job.kind).give_up(job, sentence)
            record(_actor_of(job), str(state), job.kind, job.subject)


def _held(job: Job) -> Any:
    return Job.objects.filter(id=job.id, lease=job.lease, state=State.RUNNING)


def _lease_end() -> Any:
    # The database's clock: those of the workers' machines may differ.
    seconds = settings.ENVIRONMENT.lease_seconds
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def _actor_of(job: Job) -> Actor:
    return Actor(f"worker for {job.asked_by}" if job.asked_by else SYSTEM.name, None, job.team_id)
