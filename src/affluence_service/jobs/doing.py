"""One job done in this process: progress written as it goes, and an end for each way in which it can end."""

import logging
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from affluence import progress
from affluence.adapters import telemetry
from affluence.adapters.telemetry import Key, SpanName
from affluence.errors import UserError
from affluence_service.jobs.models import Job, State
from affluence_service.jobs.services import LeaseLost, fail, finish, tell
from affluence_service.jobs.work import Task, work_of

_logger = logging.getLogger(__name__)

TELL_EVERY_SECONDS = 0.5
APOLOGY = "This went wrong through a fault of ours ({kind}). The operator finds the rest under job {job}."


class Teller(logging.Handler):
    """Writes the core's progress down with the job, at most twice a second and once more for each stage."""

    def __init__(self, job: Job) -> None:
        super().__init__(logging.INFO)
        self.job = job
        self.told_at = 0.0
        self.stages: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one step of progress, unless one was just written; the beginning of a stage always."""
        stage = str(getattr(record, "stage", ""))
        now = time.monotonic()
        if not stage or (stage in self.stages and now - self.told_at < TELL_EVERY_SECONDS):
            return
        self.told_at = now
        self.stages.add(stage)
        told = record.__dict__
        try:
            tell(self.job, stage=stage, done=told["done"], total=told["total"], note=told["note"])
        except DatabaseError as error:
            # Work does not fail because nobody could be told of it; whether its result can be kept shows at its end.
            _logger.warning("job %s: its progress could not be written (%s)", self.job.id, type(error).__name__)


def folder_of(job: Job) -> Path:
    """Where this taking of the job writes."""
    folder: Path = settings.ENVIRONMENT.folder / "work" / str(job.id) / str(job.lease)
    return folder


def do(job: Job) -> None:
    """Do a job that is leased to this process, and end it; a lease that was lost on the way changes nothing."""
    told = {Key.JOB: str(job.id), Key.JOB_KIND: job.kind, Key.ATTEMPT: job.attempts, Key.WAITED: _waited(job)}
    with telemetry.span(f"{SpanName.JOB} {job.kind}", told, kind="worker", parent=job.trace_context) as span:
        _do(job)
        if telemetry.recording() and (state := _state_of(job)):
            telemetry.note({Key.JOB_STATE: state})
            if state == State.FAILED:
                telemetry.failed(span, State.FAILED)


def _waited(job: Job) -> float:
    return (job.started_at - job.queued_at).total_seconds() if job.started_at else 0.0


def _state_of(job: Job) -> str | None:
    """How the job stands now; None where the database cannot be asked, for what was done is not to fail by that."""
    try:
        return Job.objects.values_list("state", flat=True).filter(id=job.id).first()
    except DatabaseError:
        return None


def _do(job: Job) -> None:
    folder = folder_of(job)
    listener, channel = Teller(job), logging.getLogger(progress.LOGGER_NAME)
    level = channel.level
    channel.addHandler(listener)
    channel.setLevel(logging.INFO)
    try:
        folder.mkdir(parents=True)
        with telemetry.Stages().heard(progress.LOGGER_NAME):
            result = work_of(job.kind).do(Task(job.subject, job.parameters, folder))
        finish(job, result, folder)
    except LeaseLost:
        shutil.rmtree(folder, ignore_errors=True)
    except UserError as error:
        _fail(job, folder, str(error), "")
    except Exception as error:  # noqa: BLE001  (whatever it is, the user is told)
        told = APOLOGY.format(kind=type(error).__name__, job=job.id)
        trace = telemetry.where(error)
        # The error's own words may name customers.
        _logger.error("job %s failed:\n%s", job.id, trace)  # noqa: TRY400
        _fail(job, folder, told, trace)
    else:
        _remove_others(folder)
    finally:
        channel.removeHandler(listener)
        channel.setLevel(level)


def _fail(job: Job, folder: Path, sentence: str, trace: str) -> None:
    """End the job as failed. The folder goes only then: a connection lost at the end leaves it open who won."""
    if fail(job, sentence, traceback=trace):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_others(folder: Path) -> None:
    """Remove what takings before this one left."""
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
