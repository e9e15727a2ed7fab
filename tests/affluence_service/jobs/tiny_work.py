"""Work for the tests: what it does stands in the job's parameters."""

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from affluence import progress
from affluence.errors import UserError
from affluence_service.audit.services import SYSTEM, record
from affluence_service.jobs.models import Job
from affluence_service.jobs.work import Task


class Tiny:
    """Writes its parts one after the other, and fails, waits or dies where it is told to."""

    def do(self, task: Task) -> Mapping[str, Any]:
        parts = int(task.parameters.get("parts", 3))
        if sentence := task.parameters.get("refuse"):
            raise UserError(sentence)
        if customer := task.parameters.get("fault"):
            raise ZeroDivisionError(f"customer {customer} has no income")
        if task.parameters.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        for part in range(parts):
            time.sleep(float(task.parameters.get("seconds_a_part", 0)))
            (task.folder / f"part-{part}").write_text(f"{task.subject} {part}\n" * 100)
            progress.report("Writing", done=part + 1, total=parts)
        return {"parts": parts}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        if job.parameters.get("publish_fails"):
            raise RuntimeError("the disk is full")
        record(SYSTEM, "published", "tiny", job.subject, details=dict(result))

    def give_up(self, job: Job, sentence: str) -> None:
        record(SYSTEM, "gave up", "tiny", job.subject, details={"sentence": sentence})
