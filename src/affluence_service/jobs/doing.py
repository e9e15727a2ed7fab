"""One job done in this process: progress written as it goes, and an end for each way in which it can end."""

import logging
import shutil
import time
import traceback
from pathlib import Path

from django.conf import settings

from affluence import progress
from affluence.errors import UserError
from affluence_service.jobs.models import Job
from affluence_service.jobs.services import LeaseLost, fail, finish, tell
from affluence_service.jobs.work import Task, work_of

_logger = logging.getLogger(__name__)

TELL_EVERY_SECONDS = 0.5
APOLOGY = "This went wrong through a fault of ours ({kind}). The operator finds the rest under job {job}."


class Teller(logging.Handler):
    """Writes the core's progress down with the job, at most twice a second."""

    def __init__(self, job: Job) -> None:
        super().__init__(logging.INFO)
        self.job = job
        self.told_at = 0.0
        self.stage = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one step of progress, unless one of the same stage was just written."""
        stage = str(getattr(record, "stage", ""))
        now = time.monotonic()
        if not stage or (stage == self.stage and now - self.told_at < TELL_EVERY_SECONDS):
            return
        self.told_at, self.stage = now, stage
        told = record.__dict__
        tell(self.job, stage=stage, done=told["done"], total=told["total"], note=told["note"])


def folder_of(job: Job) -> Path:
    """Where this taking of the job writes."""
    folder: Path = settings.ENVIRONMENT.folder / "work" / str(job.id) / str(job.lease)
    return folder


def do(job: Job) -> None:
    """Do a job that is leased to this process, and end it; a lease that was lost on the way changes nothing."""
    folder, work = folder_of(job), work_of(job.kind)
    folder.mkdir(parents=True)
    listener, channel = Teller(job), logging.getLogger(progress.LOGGER_NAME)
    level = channel.level
    channel.addHandler(listener)
    channel.setLevel(logging.INFO)
    try:
        finish(job, work.do(Task(job.subject, job.parameters, folder)), folder)
    except LeaseLost:
        shutil.rmtree(folder, ignore_errors=True)
    except UserError as error:
        _fail(job, folder, str(error), "")
    except Exception as error:
        _logger.exception("job %s failed", job.id)
        told = APOLOGY.format(kind=type(error).__name__, job=job.id)
        _fail(job, folder, told, traceback.format_exc())
    else:
        _remove_others(folder)
    finally:
        channel.removeHandler(listener)
        channel.setLevel(level)


def _fail(job: Job, folder: Path, sentence: str, trace: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    fail(job, sentence, traceback=trace)


def _remove_others(folder: Path) -> None:
    """Remove what takings before this one left."""
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
