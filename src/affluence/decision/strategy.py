"""A page of strategy for each segment: who they are, what they lack, what to offer and how to begin."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from affluence.decision.group_figures import AFFLUENT
from affluence.decision.segment_profile import Profile, gaps
from affluence.decision.segments import Segment, Segmentation

MOST_GAPS = 3
"""More products than that nobody talks about in one conversation."""
MOST_MEDIANS = 5
"""More figures than that do not make a picture of somebody."""
NO_CAMPAIGN = "No campaign yet"
UNKNOWN_FINDS = "Unknown until some of the listed are checked by hand"


@dataclass(frozen=True)
class Strategy:
    """What a manager reads about one segment; `None` in a number says that it is not known.

    The words come from the profile, which is safe to leave, and from the bank's table of offers: `need`, `channel`,
    `offer` and `opening` are those of the offer that most of the segment get, `offer_share` is how many do.
    """

    segment: str
    rule: str
    who: tuple[str, ...]
    product_gap: tuple[str, ...]
    need: str
    channel: str
    offer: str
    offer_share: float
    opening: str
    expected_finds: float | None
    expected_value: float | None
    expected_in_words: str
    last_campaign: str


def strategies(
    segmentation: Segmentation,
    offers: pl.DataFrame,
    *,
    value_a_find: float | None = None,
    last_campaign: pl.DataFrame | None = None,
) -> tuple[Strategy, ...]:
    """One strategy a segment, in the order of the segmentation.

    `offers` is what `make_offers` gives. `last_campaign` has segment, contacted, found and lift (null where not known).
    """
    safe = segmentation.profile.for_leaving()
    placed = segmentation.frame.join(offers, on="row", how="inner")
    campaigns = {row["segment"]: row for row in last_campaign.to_dicts()} if last_campaign is not None else {}
    return tuple(
        _strategy(segment, safe, placed, value_a_find=value_a_find, campaign=campaigns.get(segment.name))
        for segment in segmentation.segments
    )


def _strategy(
    segment: Segment,
    safe: Profile,
    placed: pl.DataFrame,
    *,
    value_a_find: float | None,
    campaign: Mapping[str, object] | None,
) -> Strategy:
    group = safe.groups.row(by_predicate=pl.col("group") == segment.name, named=True)
    finds = group["expected_finds"]
    offer, share = _main_offer(placed.filter(pl.col("segment") == segment.name))
    return Strategy(
        segment=segment.name,
        rule=segment.text,
        who=_who(safe, segment.name, people=group["people"], share=group["share"]),
        product_gap=tuple(
            f"{product}: held by {100 * gap:.0f} points fewer than of the tagged affluent"
            for product, gap in list(gaps(safe.figures, segment.name))[:MOST_GAPS]
        ),
        **offer,
        offer_share=share,
        expected_finds=finds,
        expected_value=None if finds is None or value_a_find is None else finds * value_a_find,
        expected_in_words=UNKNOWN_FINDS if finds is None else f"{finds:,.0f} finds expected",
        last_campaign=_said_of(campaign),
    )


def _main_offer(placed: pl.DataFrame) -> tuple[dict[str, str], float]:
    words = ["offer", "opening", "need", "channel"]
    counts = placed.group_by(words).agg(people=pl.len()).sort("people", *words, descending=[True, *[False] * 4])
    if counts.is_empty():
        return dict.fromkeys(words, ""), 0.0
    return counts.select(words).row(0, named=True), counts["people"][0] / placed.height


def _who(safe: Profile, group: str, *, people: int | None, share: float | None) -> tuple[str, ...]:
    """The size, and the medians that differ most from those of the tagged affluent, as far as they may be told."""
    size = "Fewer than 10 people" if people is None or share is None else f"{people:,} people, {share:.0%} of the list"
    medians = safe.figures.filter(pl.col("figure") == "median")
    theirs = dict(medians.filter(pl.col("group") == AFFLUENT).select("subject", "value").iter_rows())
    own = medians.filter((pl.col("group") == group) & pl.col("value").is_not_null())
    beside = [(subject, value, theirs.get(subject)) for subject, value in own.select("subject", "value").iter_rows()]
    telling = sorted(beside, key=lambda line: -_apart(line[1], line[2]))[:MOST_MEDIANS]
    return (size, *(_median(*line) for line in telling))


def _apart(value: float, other: float | None) -> float:
    """How far two medians are apart, as a share of the larger; 0 where there is nothing to hold one against."""
    largest = max(abs(value), abs(other or 0.0))
    return 0.0 if other is None or not largest else abs(value - other) / largest


def _median(subject: str, value: float, other: float | None) -> str:
    among = "" if other is None else f"; of tagged affluent {other:,.0f}"
    return f"{subject}: median {value:,.0f} of those with one{among}"


def _said_of(campaign: Mapping[str, object] | None) -> str:
    if campaign is None:
        return NO_CAMPAIGN
    lift = campaign.get("lift")
    measured = "lift not known" if lift is None else f"lift {lift:.1f}"
    return f"{campaign['contacted']:,} contacted, {campaign['found']:,} found, {measured}"
