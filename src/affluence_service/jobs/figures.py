"""What a worker counts: jobs that ended and how, customers scored, and how many jobs wait."""

from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from affluence.adapters import telemetry
from affluence.adapters.telemetry import Key, Metric
from affluence_service.jobs.models import Job, State

LIGHTS = {"green": 0, "amber": 1, "red": 2}


def begin() -> None:
    """Have the queue looked at whenever metrics are sent."""
    telemetry.gauge(Metric.JOBS_WAITING, _waiting)
    telemetry.gauge(Metric.JOBS_RUNNING, _running)
    telemetry.gauge(Metric.OLDEST_WAITING, _oldest)


def ended(job: Job) -> None:
    """Count a job that this worker saw to; one that is not at its end is another's to count."""
    job.refresh_from_db()
    if not job.ended:
        return
    told: dict[Key, Any] = {Key.JOB_KIND: job.kind, Key.JOB_STATE: job.state}
    telemetry.count(Metric.JOBS_ENDED, 1, told)
    if job.started_at and job.ended_at:
        telemetry.measure(Metric.JOB_SECONDS, (job.ended_at - job.started_at).total_seconds(), told)
    summary = job.result.get("summary", {})
    if job.kind == "score" and job.state == State.DONE:
        of = {Key.CONTRACT: summary["table"]}
        telemetry.count(Metric.ROWS_SCORED, summary["rows"], of)
        if summary.get("stability"):
            telemetry.level(Metric.STABILITY, LIGHTS[summary["stability"]["light"]], of)


def _waiting() -> Iterable[tuple[float, dict[Key, Any]]]:
    return _counted(State.QUEUED)


def _running() -> Iterable[tuple[float, dict[Key, Any]]]:
    return _counted(State.RUNNING)


def _counted(state: State) -> Iterable[tuple[float, dict[Key, Any]]]:
    try:
        return [(Job.objects.filter(state=state).count(), {})]
    except DatabaseError:
        return []


def _oldest() -> Iterable[tuple[float, dict[Key, Any]]]:
    try:
        first = Job.objects.filter(state=State.QUEUED).order_by("queued_at").first()
    except DatabaseError:
        return []
    return [((timezone.now() - first.queued_at).total_seconds() if first else 0.0, {})]
