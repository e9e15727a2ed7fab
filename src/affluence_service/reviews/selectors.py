"""What can be read of reviews: sheets, who stands on them, and the verdicts that count."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from affluence_service.access import Role
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.runs.models import Run

if TYPE_CHECKING:
    import polars as pl

    from affluence.pu.class_prior import HiddenCount

SHEET = "sheet.parquet"
# As review sheets write a verdict; who could not tell has said nothing.
SAID: Mapping[str, str] = {Verdict.Answer.AFFLUENT: "1", Verdict.Answer.NOT_AFFLUENT: "0"}


def sheets_for(person: Any) -> QuerySet[Sheet]:
    """The sheets of the person's team whose run is there still, newest first, with `answered`.

    A relationship manager's are those given them.
    """
    sheets = Sheet.objects.filter(team_id=person.team_id, run__deleted_at=None).select_related(
        "job", "asked_by", "given_to"
    )
    if person.role == Role.RELATIONSHIP_MANAGER:
        sheets = sheets.filter(given_to=person)
    standing = Q(verdicts__taken_back_at=None) & Q(verdicts__isnull=False)
    return sheets.annotate(answered=Count("verdicts__row", filter=standing, distinct=True)).order_by("-asked_at")


def standing_verdicts(sheets: QuerySet[Sheet] | list[Sheet]) -> Mapping[tuple[UUID, int], Verdict]:
    """The verdicts that count, by sheet and row: of several on a customer the last that was not taken back."""
    verdicts = Verdict.objects.filter(sheet__in=sheets, taken_back_at=None).select_related("given_by").order_by("id")
    return {(verdict.sheet_id, verdict.row): verdict for verdict in verdicts}


def people_on(sheet: Sheet) -> "pl.DataFrame":
    """Who stands on a sheet, in its order: row, customer_id, what may be said of them, stratum, weight."""
    import polars as pl

    return pl.read_parquet(_folder(sheet) / SHEET)


def earlier_sheets(sheet: Sheet) -> "list[pl.DataFrame]":
    """The sheets drawn before from the same dataset, so that nobody is asked of twice."""
    made = Sheet.objects.filter(run__dataset=sheet.run.dataset_id).exclude(folder="").exclude(id=sheet.id)
    return [people_on(other) for other in made.order_by("asked_at")]


def sheet_for(dataset_id: UUID) -> "pl.DataFrame | None":
    """All that was found by hand of a dataset's customers, as a review sheet for training; None if nothing was.

    One line a customer of each sheet that has a verdict: row, customer_id, verdict (1 or 0 as text), stratum, weight.
    Those without a verdict that counts are there with none: the answered speak for them too, and without them a sheet
    that is half checked would count half of the customers.
    """
    import polars as pl

    sheets = list(Sheet.objects.filter(run__dataset=dataset_id).exclude(folder="").order_by("asked_at"))
    said = {key: SAID[one.answer] for key, one in standing_verdicts(sheets).items() if one.answer in SAID}
    parts = [
        people_on(sheet)
        .select("row", "customer_id", "stratum", "weight")
        .with_columns(verdict=pl.col("row").replace_strict(rows, default=None, return_dtype=pl.String))
        for sheet in sheets
        if (rows := {row: answer for (of, row), answer in said.items() if of == sheet.id})
    ]
    return pl.concat(parts, how="diagonal").unique("row", keep="last", maintain_order=True) if parts else None


def count_by_hand(run: Run) -> "HiddenCount | None":
    """How many affluent customers are not tagged, by what was found by hand so far; the ranking has no part in it.

    Those of the run's table, whichever run their sheet was drawn from. None until somebody in each stratum of a sheet
    is checked: the others stand for nobody yet.
    """
    from affluence.pu.class_prior import count_of_review
    from affluence.pu.review import read_review

    sheet = sheet_for(run.dataset_id)
    if sheet is None or run.rows is None:
        return None
    review = read_review(sheet, table_rows=run.rows)
    if not review.sampled.any():
        return None
    return count_of_review(review.strata, review.weights, review.verdicts, seed=0)


def _folder(sheet: Sheet) -> Path:
    folder: Path = settings.ENVIRONMENT.folder / sheet.folder
    return folder
