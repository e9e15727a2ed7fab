"""What changed since the last approved list: who enters, who leaves, by what and why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from affluence_service.campaigns.models import Campaign
from affluence_service.campaigns.selectors import CONTROL, folder_of, people_of
from affluence_service.runs.models import Run
from affluence_service.runs.results import CANDIDATES, file_of

if TYPE_CHECKING:
    import polars as pl

    from affluence.evaluation.list_moves import Listing

EXCLUDED = "excluded.parquet"
SHOWN = 200


@dataclass(frozen=True)
class Change:
    """A customer who enters or leaves: the id, the rank on the list it stands on, what moved it, and more of why."""

    enters: bool
    customer_id: str
    rank: int
    cause: str
    because: str


@dataclass(frozen=True)
class Changes:
    """How many enter, leave and stay since `before`, how many enter and leave by each cause, and the first of them."""

    before: Campaign
    enter: int
    leave: int
    stay: int
    causes: tuple[tuple[str, int, int], ...]
    first: tuple[Change, ...]


def changes_since_last(campaign: Campaign) -> Changes | None:
    """What changed since the team's last approved campaign of the same table's kind; None where there is none.

    A list is everybody chosen, those held back too: who is held back is drawn by lot and no change. Where both model
    and table are others, data and model are parted if the team has ranked the new table by the old model too.
    """
    import polars as pl

    from affluence.evaluation.list_moves import list_moves

    before = _last_approved(campaign)
    if before is None or not campaign.folder:
        return None
    lists = _listing(before), _listing(campaign)
    moves = list_moves(
        *lists,
        same_model=before.run.version_id == campaign.run.version_id,
        same_table=before.run.dataset.data_hash == campaign.run.dataset.data_hash,
        between=_by_old_model(before, campaign),
    )
    told = moves.join(_why(campaign), on="customer_id", how="left", maintain_order="left")
    enter, leave = (moves.filter(enters=side).height for side in (True, False))
    counted = moves.group_by("cause").agg(entering=pl.col("enters").sum(), leaving=(~pl.col("enters")).sum())
    return Changes(
        before=before,
        enter=enter,
        leave=leave,
        stay=lists[1].listed.height - enter,
        causes=tuple(counted.sort("cause").iter_rows()),
        first=tuple(
            Change(line["enters"], line["customer_id"], line["rank"], line["cause"], _words(line))
            for line in told.head(SHOWN).iter_rows(named=True)
        ),
    )


def _last_approved(campaign: Campaign) -> Campaign | None:
    return (
        Campaign.objects.filter(
            team=campaign.team_id,
            run__dataset__contract=campaign.run.dataset.contract,
            state=Campaign.State.APPROVED,
            decided_at__lt=campaign.decided_at or campaign.made_at,
        )
        .exclude(id=campaign.id)
        .select_related("run__dataset")
        .order_by("-decided_at")
        .first()
    )


def _listing(campaign: Campaign) -> "Listing":
    import polars as pl

    from affluence.evaluation.list_moves import Listing

    columns = ["customer_id", "rank"]
    chosen = [people_of(campaign), pl.read_parquet(folder_of(campaign) / CONTROL)]
    listed = pl.concat([people.select(columns) for people in chosen])
    return Listing(listed, pl.read_parquet(file_of(campaign.run, CANDIDATES), columns=columns))


def _by_old_model(before: Campaign, campaign: Campaign) -> "pl.DataFrame | None":
    """The new table's candidates as the old model ranks them, of the team's newest such run; None without one."""
    import polars as pl

    found = (
        Run.objects.filter(team=campaign.team_id, kind=Run.Kind.SCORE, deleted_at=None, version=before.run.version_id)
        .filter(dataset__contract=campaign.run.dataset.contract)
        .filter(dataset__data_hash=campaign.run.dataset.data_hash)
        .exclude(folder="")
        .order_by("-asked_at")
        .first()
    )
    return None if found is None else pl.read_parquet(file_of(found, CANDIDATES), columns=["customer_id", "rank"])


def _why(campaign: Campaign) -> "pl.DataFrame":
    """What is known of a customer besides: the first reason of who is listed, the exclusion of who is kept away."""
    import polars as pl

    people = pl.concat([people_of(campaign), pl.read_parquet(folder_of(campaign) / CONTROL)], how="diagonal")
    reason = pl.col("reason_1") if "reason_1" in people.columns else pl.lit(None, dtype=pl.String)
    listed = people.select("customer_id", reason=reason, kept_away=pl.lit(None, dtype=pl.String))
    excluded = pl.read_parquet(folder_of(campaign) / EXCLUDED)
    away = excluded.select("customer_id", reason=pl.lit(None, dtype=pl.String), kept_away="kind")
    return pl.concat([listed, away]).unique("customer_id", keep="first", maintain_order=True)


def _words(line: dict[str, Any]) -> str:
    if line["enters"]:
        return line["reason"] or ""
    return _("excluded: {kind}").format(kind=line["kept_away"]) if line["kept_away"] else ""
