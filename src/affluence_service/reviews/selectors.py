"""What can be read of reviews: sheets, who stands on them, and the verdicts that count."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from affluence_service.access import Role
from affluence_service.reviews.models import Sheet, Verdict

if TYPE_CHECKING:
    import polars as pl

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

    One line a customer with a verdict that counts: row, customer_id, verdict (1 or 0 as text), stratum, weight.
    """
    import polars as pl

    sheets = list(Sheet.objects.filter(run__dataset=dataset_id).exclude(folder="").order_by("asked_at"))
    standing = standing_verdicts(sheets)
    said = {key: SAID[verdict.answer] for key, verdict in standing.items() if verdict.answer in SAID}
    parts = [
        people_on(sheet)
        .select("row", "customer_id", "stratum", "weight")
        .with_columns(verdict=pl.col("row").replace_strict(rows, default=None, return_dtype=pl.String))
        .filter(pl.col("verdict").is_not_null())
        for sheet in sheets
        if (rows := {row: answer for (of, row), answer in said.items() if of == sheet.id})
    ]
    return pl.concat(parts, how="diagonal").unique("row", keep="last", maintain_order=True) if parts else None


def _folder(sheet: Sheet) -> Path:
    folder: Path = settings.ENVIRONMENT.folder / sheet.folder
    return folder
