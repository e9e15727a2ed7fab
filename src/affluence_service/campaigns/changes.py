"""What changed since the last approved list: who enters, who leaves, and why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from affluence_service.campaigns.models import Campaign
from affluence_service.campaigns.selectors import CONTROL, folder_of, people_of

if TYPE_CHECKING:
    import polars as pl

EXCLUDED = "excluded.parquet"
SHOWN = 200


@dataclass(frozen=True)
class Change:
    """A customer who enters or leaves: the id, the rank on the list it stands on, and why."""

    enters: bool
    customer_id: str
    rank: int
    because: str


@dataclass(frozen=True)
class Changes:
    """How many enter, leave and stay since `before`, the causes with their counts, and the first of them one by one."""

    before: Campaign
    enter: int
    leave: int
    stay: int
    causes: tuple[tuple[str, int], ...]
    first: tuple[Change, ...]


def changes_since_last(campaign: Campaign) -> Changes | None:
    """What changed since the team's last approved campaign of the same table's kind; None where there is none.

    A list is everybody chosen, those held back too: who is held back is drawn by lot and no change.
    """
    before = (
        Campaign.objects.filter(
            team=campaign.team_id,
            run__dataset__contract=campaign.run.dataset.contract,
            state=Campaign.State.APPROVED,
            decided_at__lt=campaign.decided_at or campaign.made_at,
        )
        .exclude(id=campaign.id)
        .order_by("-decided_at")
        .first()
    )
    if before is None or not campaign.folder:
        return None
    now, then = _chosen(campaign), _chosen(before)
    entering = now.join(then, on="customer_id", how="anti").sort("rank")
    leaving = _leaving(then.join(now, on="customer_id", how="anti"), campaign).sort("rank")
    lines = [(True, *row) for row in entering.select("customer_id", "rank", "because").iter_rows()]
    lines += [(False, *row) for row in leaving.select("customer_id", "rank", "because").iter_rows()]
    causes = leaving.group_by("because").len().sort("len", descending=True)
    return Changes(
        before=before,
        enter=entering.height,
        leave=leaving.height,
        stay=now.height - entering.height,
        causes=tuple(causes.iter_rows()),
        first=tuple(Change(*line) for line in sorted(lines, key=lambda line: line[2])[:SHOWN]),
    )


def _chosen(campaign: Campaign) -> "pl.DataFrame":
    import polars as pl

    people = pl.concat([people_of(campaign), pl.read_parquet(folder_of(campaign) / CONTROL)], how="diagonal")
    reason = pl.col("reason_1") if "reason_1" in people.columns else pl.lit(None, dtype=pl.String)
    return people.select("customer_id", "rank", because=reason.fill_null("ranks above the cut"))


def _leaving(people: "pl.DataFrame", campaign: Campaign) -> "pl.DataFrame":
    """Why each of those who were on the last list is not on this one."""
    import polars as pl

    excluded = pl.read_parquet(folder_of(campaign) / EXCLUDED).select("customer_id", kept_away="kind")
    joined = people.drop("because").join(excluded.unique("customer_id"), on="customer_id", how="left")
    return joined.with_columns(
        because=pl.when(pl.col("kept_away").is_not_null())
        .then(pl.format("excluded: {}", pl.col("kept_away")))
        .otherwise(pl.lit("ranks below the cut, or is tagged affluent now"))
    )
