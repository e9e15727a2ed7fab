"""The jobs that score a table and that train a model."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from affluence.adapters import telemetry
from affluence.adapters.telemetry import Key
from affluence_service.jobs.models import Job
from affluence_service.jobs.work import Task
from affluence_service.registry import shelf
from affluence_service.registry.models import ModelVersion
from affluence_service.registry.services import take_in
from affluence_service.runs.models import Run
from affluence_service.runs.results import digest_of, label_of, last_list, limits_now, model_of, offers_of, open_dataset
from affluence_service.runs.run_log import kept_in
from affluence_service.runs.selectors import champion_for

if TYPE_CHECKING:
    import polars as pl

    from affluence.pu.release import ModelLabel

BEING_TAKEN_IN = "It was trained just now and is being taken in."


class Score:
    """Scores a dataset, ranks the candidates and describes those above the cut."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """The summary of the ranking, whose files stand in the task's folder."""
        from affluence_service.runs.scoring import overlap, score_dataset, write_scored

        run = _run_of(task)
        with kept_in(task.folder):
            scored = score_dataset(
                open_dataset(run.dataset),
                model_of(run),
                offers_of(run),
                limits_now(),
                contacts=run.options.get("contacts"),
                seed=run.options["seed"],
            )
            # Beside the files, not in them: the same run done again gives the same files.
            summary = {**write_scored(scored, task.folder), "overlap": overlap(scored.listed, last_list(run))}
            _note(summary, label_of(run))
        return {"summary": summary, "digest": digest_of(task.folder)}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """Show the ranking."""
        _publish(job, result, candidates=result["summary"]["candidates"])

    def give_up(self, job: Job, sentence: str) -> None:
        """Nothing: the run's job says why."""


class Train:
    """Trains a model on a dataset, registers it as challenger and holds it beside the champion. It promotes nobody."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """What was measured; the report stands in the task's folder, the model in MLflow's registry."""
        from affluence.adapters.mlflow_registry import Registry
        from affluence.pu.finder_method import method_keys
        from affluence_service.runs import training

        run = _run_of(task)
        options = run.options
        with kept_in(task.folder):
            opened, sheet = open_dataset(run.dataset), _verdicts(run) if options["use_verdicts"] else None
            trained = training.train_on(
                opened,
                sheet,
                learners=options["learners"] or method_keys(),
                mode=options["mode"],
                seed=options["seed"],
            )
            registry = Registry(folder=shelf.store_folder())
            label = training.register(trained, registry, asked_as=str(run.id))
            made_at = f"{run.asked_at:%-d %B %Y, %H:%M} UTC"
            training.write_report(trained, opened, label, task.folder, made_at=made_at)
            summary = dict(training.summary_of(trained, label))
            champion = champion_for(run.dataset.contract)
            if champion is not None and str(champion.number) != label.version:
                judged = training.judge(trained, label, champion, opened, sheet)
                if judged["proposed"]:
                    registry.propose(label.name, label.version, because=judged["because"])
                summary["challenge"] = judged
            _note(summary, label)
        return {"summary": summary, "digest": digest_of(task.folder)}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """Name the version that was made, and have it taken in."""
        summary = result["summary"]
        version, _ = ModelVersion.objects.get_or_create(
            name=summary["model"],
            number=summary["number"],
            defaults={"contract": summary["table"], "problem": BEING_TAKEN_IN},
        )
        ModelVersion.objects.filter(id=version.id).update(trained_by=job.asked_by)
        _publish(job, result, version=version)
        take_in(asked_by=job.asked_by)

    def give_up(self, job: Job, sentence: str) -> None:
        """Nothing: the run's job says why."""


def _run_of(task: Task) -> Run:
    return Run.objects.select_related("dataset", "version").get(id=task.subject)


def _note(summary: Mapping[str, Any], label: "ModelLabel") -> None:
    """Say on the job's span which model did it, for how many, and how far their table moved."""
    told = {Key.CONTRACT: summary["table"], Key.ROWS: summary["rows"]}
    told |= {Key.MODEL: label.name, Key.MODEL_VERSION: label.version}
    if stability := summary.get("stability"):
        moved = sum(column["light"] != "green" for column in stability["columns"])
        told |= {Key.LIGHT: stability["light"], Key.COLUMNS_MOVED: moved}
    telemetry.note(told)


def _publish(job: Job, result: Mapping[str, Any], **known: Any) -> None:
    Run.objects.filter(id=job.subject).update(
        folder=job.folder,
        rows=result["summary"]["rows"],
        digest=result["digest"],
        summary=result["summary"],
        expires_at=timezone.now() + timedelta(days=settings.ENVIRONMENT.keep_days),
        **known,
    )


def _verdicts(run: Run) -> "pl.DataFrame | None":
    """What was found by hand of the dataset's customers. Reviews stand above runs, so the settings name who knows."""
    found: pl.DataFrame | None = import_string(settings.VERDICTS_FOR)(run.dataset_id)
    return found
