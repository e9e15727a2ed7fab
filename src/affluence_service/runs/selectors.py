"""What can be read of runs."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from affluence_service.audit.selectors import entries_for
from affluence_service.jobs.doing import folder_of
from affluence_service.jobs.models import State
from affluence_service.registry.models import ModelVersion
from affluence_service.registry.selectors import serving
from affluence_service.runs.models import Run
from affluence_service.runs.run_log import read_log

MOST_ENTRIES = 200


def runs_for(person: Any) -> QuerySet[Run]:
    """The runs of the person's team, newest first; not those whose result was deleted."""
    return Run.objects.filter(team_id=person.team_id, deleted_at=None).select_related(
        "dataset", "version", "job", "asked_by", "override__given_by"
    )


def champion_for(contract: str) -> ModelVersion | None:
    """The version that serves tables of that contract."""
    champion = serving().filter(version__contract=contract).first()
    return None if champion is None else champion.version


def log_of(run: Run, person: Any) -> Mapping[str, Any]:
    """What became of a run: who did what to it when, and what its work told, also while it goes on."""
    job = run.job
    acts = entries_for(person).filter(object_id=str(run.id)).order_by("id")[:MOST_ENTRIES]
    lines: list[dict[str, object]] = []
    if job is not None and job.state in {State.RUNNING, State.DONE}:
        lines = read_log(settings.ENVIRONMENT.folder / job.folder if job.folder else folder_of(job))
    return {
        "acts": [{"at": act.at, "actor": act.actor, "action": act.action} for act in acts],
        "attempts": 0 if job is None else job.attempts,
        "lines": lines,
        "problem": "" if job is None else job.problem,
    }
