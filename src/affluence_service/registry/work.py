"""The job that brings shelf and MLflow's registry together: new versions in, decisions of approvers out."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affluence.errors import UserError
from affluence_service.jobs.models import Job
from affluence_service.jobs.work import Task
from affluence_service.registry import services, shelf
from affluence_service.registry.models import Champion, ModelVersion

if TYPE_CHECKING:
    from affluence.adapters.mlflow_registry import Registry


class TakeIn:
    """Copies versions that MLflow has and the shelf has not, tells MLflow of new champions, and reads its aliases."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """The versions that were copied into the task's folder, the champions, and what MLflow was told."""
        from affluence.adapters.mlflow_glance import glance
        from affluence.adapters.mlflow_registry import Registry

        seen = services.sight(glance)
        registry = Registry(folder=shelf.store_folder())
        told = _tell(registry)
        usable = set(ModelVersion.objects.filter(usable=True).values_list("name", "number"))
        holdings = registry.holdings()
        wanted = [(name, number) for name, held in holdings.items() for number in held.versions]
        taken = [_take(registry, name, number, task.folder) for name, number in wanted if (name, number) not in usable]
        champions = {name: held.champion for name, held in holdings.items() if held.champion is not None}
        return {"seen": seen, "told": told, "versions": taken, "champions": champions}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """Put the versions on the shelf and let the champions follow MLflow's aliases."""
        services.shelve(job.folder, result["versions"])
        services.note_told(result["told"])
        services.follow(result["champions"])

    def give_up(self, job: Job, sentence: str) -> None:
        """Nothing: what is served stays, and the watcher asks again."""


def _tell(registry: "Registry") -> dict[str, int]:
    """Move MLflow's aliases to where approvers put the champions; which were moved."""
    told = {}
    for champion in Champion.objects.filter(told=False).select_related("version"):
        registry.promote(champion.name, str(champion.version.number), by=champion.decided_by)
        told[champion.name] = champion.version.number
    return told


def _take(registry: "Registry", name: str, number: int, into: Path) -> dict[str, Any]:
    """What is known of a version after it was copied and tried."""
    folder = into / name / str(number)
    folder.mkdir(parents=True)
    found = services.Taken(name=name, number=number, contract=name.removeprefix("affluence-"))
    try:
        parameters = registry.take_out(name, number, folder)
        found = dataclasses.replace(found, metrics=shelf.measured(folder), facts=shelf.learned(folder, parameters))
        model = shelf.load(folder)
    except UserError as error:
        return dataclasses.asdict(dataclasses.replace(found, problem=str(error)))
    contract = model.contract
    return dataclasses.asdict(
        dataclasses.replace(found, contract=contract.table, fingerprint=contract.fingerprint(), usable=True)
    )
