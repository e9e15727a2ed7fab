"""Who must not be contacted in a campaign, and every reason why."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from affluence.data.exclusion_lists import ExclusionList
from affluence.data.sheet_columns import refuse_lines

# What parts the reasons of one customer.
BETWEEN_REASONS = "; "


def excluded_customers(
    lists: Sequence[ExclusionList],
    known_ids: pl.Series,
    *,
    channel: str,
    day: date,
    quiet_days: int,
    ignore_unknown: bool = False,
) -> pl.DataFrame:
    """Everybody whom a list keeps from a contact by `channel` on `day`: customer_id, kind, reason, one row each.

    `kind` and `reason` hold all of a customer's, in the order of the lists, parted by semicolons. A contact keeps
    others away for `quiet_days` days. `known_ids` are those of the lists' that the bank's table has.

    Errors: UserError when a list holds ids that the bank's table has not (unless `ignore_unknown`), or contacts after
    the campaign's day.
    """
    for listed in lists:
        _require_sound(listed, known_ids, day=day, ignore_unknown=ignore_unknown)
    applying = [_applying(listed, channel=channel, day=day, quiet_days=quiet_days) for listed in lists]
    empty = pl.DataFrame(schema={"customer_id": pl.String, "kind": pl.String, "reason": pl.String})
    return (
        pl.concat([empty, *applying])
        .unique(maintain_order=True)
        .group_by("customer_id", maintain_order=True)
        .agg(
            pl.col("kind").unique(maintain_order=True).str.join(BETWEEN_REASONS),
            pl.col("reason").str.join(BETWEEN_REASONS),
        )
    )


def _require_sound(listed: ExclusionList, known_ids: pl.Series, *, day: date, ignore_unknown: bool) -> None:
    if not ignore_unknown:
        unknown = ~listed.entries["customer_id"].is_in(known_ids.implode())
        remedy = "Give the bank's ids, or say that unknown ones may be ignored."
        refuse_lines(unknown, name=listed.name, fault="the bank's table has no such customer_id", remedy=remedy)
    if listed.kind == "contacted":
        later = listed.entries["day"] > day
        remedy = "Mend the dates, or the day of the campaign."
        refuse_lines(later, name=listed.name, fault=f"the contact is after the campaign's day, {day},", remedy=remedy)


def _applying(listed: ExclusionList, *, channel: str, day: date, quiet_days: int) -> pl.DataFrame:
    entries = listed.entries
    if listed.kind == "consent":
        entries = entries.filter(pl.col("channel").is_null() | (pl.col("channel") == channel))
    if listed.kind == "contacted":
        entries = entries.filter((pl.lit(day) - pl.col("day")).dt.total_days() < quiet_days)
    plain = {
        "consent": f"no consent for {channel}",
        "contacted": f"contacted in the last {quiet_days} days",
    }.get(listed.kind, listed.kind)
    said = pl.format("{}: {}", pl.lit(plain), "reason")
    return entries.select(
        "customer_id",
        pl.lit(listed.kind).alias("kind"),
        pl.when(pl.col("reason").is_null()).then(pl.lit(plain)).otherwise(said).alias("reason"),
    )
