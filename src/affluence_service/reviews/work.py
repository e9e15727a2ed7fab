"""The job that draws the customers of a sheet."""

from collections.abc import Mapping
from typing import Any

from affluence_service.jobs.models import Job
from affluence_service.jobs.work import Task
from affluence_service.reviews.models import Sheet
from affluence_service.reviews.selectors import SHEET, earlier_sheets


class Suggest:
    """Draws the customers of a sheet from the ranking of the run's model."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """How many were drawn."""
        import polars as pl

        from affluence import steps
        from affluence.data.writing import write_parquet
        from affluence_service.runs.results import open_run

        sheet = Sheet.objects.select_related("run__dataset", "run__version").get(id=task.subject)
        opened, earlier = open_run(sheet.run), earlier_sheets(sheet)
        drawn = steps.suggest_review(
            opened.model,
            opened.customers,
            n=sheet.size,
            purpose=sheet.purpose,  # type: ignore[arg-type]  # one of two, by the form that asked
            seed=sheet.seed,
            earlier=pl.concat(earlier, how="diagonal") if earlier else None,
            sheets_before=len(earlier),
        )
        write_parquet(drawn.drop("verdict"), task.folder / SHEET)
        return {"customers": drawn.height}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:  # noqa: ARG002  (as every work)
        """Point the sheet to its file."""
        Sheet.objects.filter(id=job.subject).update(folder=job.folder)

    def give_up(self, job: Job, sentence: str) -> None:
        """Say why there is none."""
        Sheet.objects.filter(id=job.subject).update(problem=sentence)
