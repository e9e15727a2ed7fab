"""What can be read of campaigns: those of a team, their lists, and a relationship manager's own customers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from affluence_service.campaigns.models import Assignment, Campaign, Disposition
from affluence_service.datasets.contracts import contract_named

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.contract import Contract
    from affluence.data.exclusion_lists import ExclusionList, Kind

LIST, CONTROL, CUT = "list.parquet", "control.parquet", "cut.json"
# An uploaded sheet, in a folder of its own.
SHEET = "sheet.csv"
# What leaves: never those who are held back, nor who was left out and why.
FORMATS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class Account:
    """How a list came from its cut: `places` - `left_out` + `filled` = `chosen`, those held back among them.

    `left_out` stand above the cut, `passed_over` below it, where places were filled. `reasons` count both by the kind
    of exclusion, and who is `on_several` lists for each of these.
    """

    places: int
    left_out: int
    filled: int
    chosen: int
    passed_over: int
    reasons: Mapping[str, int]
    on_several: bool


def campaigns_for(person: Any) -> QuerySet[Campaign]:
    """The campaigns of the person's team, newest first; not those whose run was deleted, and with it their files."""
    return Campaign.objects.filter(team_id=person.team_id, run__deleted_at=None).select_related(
        "job", "made_by", "decided_by", "run"
    )


def assignments_for(person: Any) -> QuerySet[Assignment]:
    """The customers assigned to the person, by campaign and rank."""
    return Assignment.objects.filter(
        manager=person,
        campaign__team_id=person.team_id,
        campaign__state=Campaign.State.APPROVED,
        campaign__run__deleted_at=None,
    ).select_related("campaign")


def folder_of(campaign: Campaign) -> Path:
    """Where the campaign's files stand, once it was made."""
    folder: Path = settings.ENVIRONMENT.folder / campaign.folder
    return folder


def cut_of(campaign: Campaign) -> Mapping[str, Any]:
    """All that is known of the campaign's cut; empty until it was made."""
    file = folder_of(campaign) / CUT
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")) if campaign.folder else {}
    return found


def account_of(campaign: Campaign) -> Account | None:
    """How the campaign's list came from its cut; None until it was made."""
    if not campaign.folder:
        return None
    rows = campaign.summary["rows"]
    chosen = rows["written"] + rows["held_back"]
    left_out = rows["expected"] + rows["topped_up"] - chosen
    reasons = rows["excluded_by_reason"]
    return Account(
        places=rows["expected"],
        left_out=left_out,
        filled=rows["topped_up"],
        chosen=chosen,
        # Who was erased since is on no list any more, and was not left out by one.
        passed_over=max(0, rows["excluded"] - left_out),
        reasons=reasons,
        on_several=sum(reasons.values()) > rows["excluded"],
    )


def people_of(campaign: Campaign, ranks: Sequence[int] | None = None) -> "pl.DataFrame":
    """Those to be contacted, best first; of some ranks alone where they are given."""
    import polars as pl

    people = pl.scan_parquet(folder_of(campaign) / LIST)
    if ranks is not None:
        people = people.filter(pl.col("rank").is_in(list(ranks)))
    return people.sort("rank").collect()


def contract_of(campaign: Campaign) -> "Contract":
    """The contract of the campaign's table, as it stands in the project."""
    return contract_named(campaign.run.dataset.contract)


def exclusion_lists(campaign: Campaign) -> "tuple[ExclusionList, ...]":
    """The lists that the campaign heeds, in the order in which they were added."""
    heeded = campaign.exclusions.filter(taken_back_at=None).order_by("added_at", "id")
    return tuple(
        replace(read_exclusions(campaign, settings.ENVIRONMENT.folder / added.file, kind=added.kind), name=added.name)
        for added in heeded
    )


def read_exclusions(campaign: Campaign, file: Path, *, kind: str) -> "ExclusionList":
    """The exclusion list in an uploaded sheet. Errors: UserError when it is none."""
    from affluence.data.exclusion_lists import read_exclusion_list

    return read_exclusion_list(file, kind=cast("Kind", kind), contract=contract_of(campaign))


def standing_dispositions(campaign: Campaign) -> Mapping[int, Disposition]:
    """What came of each contact, by rank: the last that was not taken back."""
    said = Disposition.objects.filter(assignment__campaign=campaign, taken_back_at=None)
    return {one.assignment.rank: one for one in said.select_related("assignment").order_by("id")}


def capacity_left(campaign: Campaign) -> Mapping[str, int]:
    """How many customers each relationship manager of the campaign has, and of how many nothing was said yet."""
    heard = Q(dispositions__taken_back_at=None) & Q(dispositions__isnull=False)
    lines = campaign.assignments.values("manager__username").annotate(
        customers=Count("id", distinct=True), heard=Count("id", filter=heard, distinct=True)
    )
    return {line["manager__username"]: line["customers"] - line["heard"] for line in lines}


def told_of(assignments: Sequence[Assignment]) -> Sequence[Mapping[str, Any]]:
    """What a relationship manager is told of each customer, in the order of `assignments`."""
    of_campaign = {assignment.campaign_id: assignment.campaign for assignment in assignments}
    lines = {
        (id_, line["rank"]): line
        for id_, campaign in of_campaign.items()
        for line in people_of(campaign, [one.rank for one in assignments if one.campaign_id == id_]).to_dicts()
    }
    said = {
        one.assignment_id: one for one in Disposition.objects.filter(assignment__in=assignments, taken_back_at=None)
    }
    return [
        _told(assignment, lines[(assignment.campaign_id, assignment.rank)], said.get(assignment.id))
        for assignment in assignments
    ]


def _told(assignment: Assignment, line: Mapping[str, Any], said: Disposition | None) -> Mapping[str, Any]:
    plain = ("customer_id", "hidden_type", "segment", "offer", "opening")
    return {
        "id": assignment.id,
        "campaign": assignment.campaign.name,
        "rank": assignment.rank,
        **{name: line.get(name) for name in plain},
        "reasons": [line[name] for name in ("reason_1", "reason_2", "reason_3") if line.get(name)],
        "disposition": said,
    }
