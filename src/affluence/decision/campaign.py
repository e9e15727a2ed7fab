"""From the ranking to a campaign: who is called, who is held back, and who is left out for which reasons."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import polars as pl

from affluence.data.exclusion_lists import ExclusionList
from affluence.data.writing import checksum
from affluence.decision.control_group import draw_control, score_bands
from affluence.decision.exclusions import excluded_customers
from affluence.decision.population import Population
from affluence.decision.power import Power, check_power
from affluence.errors import UserError

SAME_CUSTOMER = "same customer"
# How a list is laid out; what is absent is left out, what is not named here follows.
LAYOUT = (
    "campaign", "rank", "rank_low", "rank_high", "chance_listed", "row", "customer_id", "score",
    "affluent_probability", "labelled_probability", "hidden_type",
    "segment", "score_band", "offer", "opening", "offer_reason", "reason_1", "reason_2", "reason_3",
)  # fmt: skip
NO_SEGMENT = "all"
_ID_LENGTH = 12


@dataclass(frozen=True)
class CampaignSettings:
    """What a bank decides of a campaign. `channel` is how people are contacted, such as phone; `day` when it begins.

    Who was contacted in the last `quiet_days` days is left alone. `top_up` fills the places of the excluded from the
    next ranks. `base_rate` is the share expected to upgrade without a call, `hoped_lift` what a call is hoped to add.
    """

    name: str
    day: date
    channel: str = "phone"
    control_share: float = 0.1
    quiet_days: int = 90
    score_bands: int = 5
    top_up: bool = True
    ignore_unknown: bool = False
    base_rate: float = 0.02
    hoped_lift: float = 0.02
    seed: int = 0


@dataclass(frozen=True)
class Selection:
    """Who is on the list before anybody is held back: `listed` as ranked, and `excluded` with kind and reason.

    `asked` is the capacity; `lists` are the exclusion lists that were heeded.
    """

    listed: pl.DataFrame
    excluded: pl.DataFrame
    asked: int
    lists: tuple[ExclusionList, ...]


@dataclass(frozen=True)
class Campaign:
    """A campaign: `contacts` are called, `control` are held back, `excluded` are left out with kind and reason.

    `key` is a short digest of the settings and of everybody in it, and stands in every line of the list.
    """

    key: str
    settings: CampaignSettings
    contacts: pl.DataFrame
    control: pl.DataFrame
    excluded: pl.DataFrame
    asked: int
    lists: tuple[ExclusionList, ...]
    power: Power
    warnings: tuple[str, ...]

    @property
    def topped_up(self) -> int:
        """How many of the list stand below the cut, in the places of the excluded."""
        return sum(int((people["rank"] > self.asked).sum()) for people in (self.contacts, self.control))


def select_people(
    population: Population,
    *,
    contacts: int,
    settings: CampaignSettings,
    exclusions: Sequence[ExclusionList] = (),
) -> Selection:
    """The `contacts` best candidates of the `population` who may be contacted, each customer once.

    A customer's best rank stands; other rows are on record as the same customer. With `top_up` the next ranks fill
    the places of the excluded; those excluded are on record as far down as the list reaches. An id on a list
    is looked for in the whole table.

    Errors: UserError when fewer than one contact is asked for, nobody is left, or a list is not sound.
    """
    _require_settings(settings, contacts=contacts)
    kept_away = excluded_customers(
        exclusions,
        population.known(_ids_on(exclusions)),
        channel=settings.channel.strip().lower(),
        day=settings.day,
        quiet_days=settings.quiet_days,
        ignore_unknown=settings.ignore_unknown,
    )
    looked_at = (
        population.until(contacts, without=kept_away["customer_id"]) if settings.top_up else population.first(contacts)
    )
    reach = _judged(looked_at, kept_away)
    listed = reach.filter(pl.col("kind").is_null()).head(contacts)
    if not listed.height:
        raise UserError(
            f"Nobody is left of {reach.height:,} ranked customers: the lists exclude everybody. Check the lists."
        )
    deepest = listed["rank"].max() if listed.height == contacts else reach["rank"].max()
    excluded = reach.filter(pl.col("kind").is_not_null() & (pl.col("rank") <= deepest))
    return Selection(
        listed.drop("kind", "reason"),
        excluded.select("rank", "row", "customer_id", "kind", "reason"),
        contacts,
        tuple(exclusions),
    )


def make_campaign(
    selection: Selection, *, settings: CampaignSettings, described: Sequence[pl.DataFrame] = ()
) -> Campaign:
    """The campaign of those selected, with the control group held back.

    `described` are frames by `row` that say more of the listed: segment, hidden_type, offer, opening, offer_reason,
    reason_1 ... Any may be absent; without segments the control group is stratified by score band alone.

    Errors: UserError when the control share or the lift hoped for is out of range.
    """
    people = _described(selection.listed, described, bands=settings.score_bands)
    held = draw_control(people, share=settings.control_share, seed=settings.seed)
    key = _key(settings, people)
    laid_out = _laid_out(people.with_columns(pl.lit(key).alias("campaign")))
    contacts, control = laid_out.filter(~held), laid_out.filter(held)
    power = check_power(
        contacted=contacts.height,
        control=control.height,
        base_rate=settings.base_rate,
        hoped_lift=settings.hoped_lift,
    )
    return Campaign(
        key,
        settings,
        contacts,
        control,
        selection.excluded,
        selection.asked,
        selection.lists,
        power,
        _warnings(selection, control=control.height, power=power),
    )


def _require_settings(settings: CampaignSettings, *, contacts: int) -> None:
    if contacts < 1:
        raise UserError(f"A list of {contacts} contacts was asked for. Ask for at least 1.")
    if settings.quiet_days < 0:
        raise UserError(f"A quiet time of {settings.quiet_days} days was asked for. Give 0 days or more.")
    if settings.score_bands < 1:
        raise UserError(f"{settings.score_bands} score bands were asked for. Ask for at least 1.")


def _ids_on(exclusions: Sequence[ExclusionList]) -> pl.Series:
    ids = [listed.entries["customer_id"].cast(pl.String) for listed in exclusions]
    return pl.concat([pl.Series("customer_id", [], dtype=pl.String), *ids]).unique()


def _judged(ranked: pl.DataFrame, kept_away: pl.DataFrame) -> pl.DataFrame:
    """The ranked, best first, with the kind and reason that keeps each from the list, or none."""
    text = ranked.sort("rank").with_columns(pl.col("customer_id").cast(pl.String))
    joined = text.join(kept_away, on="customer_id", how="left", maintain_order="left")
    again = pl.col("kind").is_null() & ~pl.col("customer_id").is_first_distinct()
    best = pl.col("rank").first().over("customer_id")
    return joined.with_columns(
        pl.when(again).then(pl.lit(SAME_CUSTOMER)).otherwise("kind").alias("kind"),
        pl.when(again).then(pl.format("same customer as rank {}", best)).otherwise("reason").alias("reason"),
    )


def _described(listed: pl.DataFrame, described: Sequence[pl.DataFrame], *, bands: int) -> pl.DataFrame:
    people = listed
    for frame in described:
        news = [name for name in frame.columns if name == "row" or name not in people.columns]
        people = people.join(frame.select(news), on="row", how="left", validate="1:1", maintain_order="left")
    if "segment" not in people.columns:
        people = people.with_columns(pl.lit(NO_SEGMENT).alias("segment"))
    # A category sorts by its code, which depends on the order of the rows.
    return people.with_columns(
        pl.col("segment").cast(pl.String).fill_null(NO_SEGMENT), score_bands(people["rank"], bands=bands)
    )


def _key(settings: CampaignSettings, people: pl.DataFrame) -> str:
    content = json.dumps([asdict(settings), people["row"].to_list(), people["customer_id"].to_list()], default=str)
    return checksum(content.encode())[:_ID_LENGTH]


def _laid_out(people: pl.DataFrame) -> pl.DataFrame:
    first = [name for name in LAYOUT if name in people.columns]
    return people.select(*first, pl.exclude(first))


def _warnings(selection: Selection, *, control: int, power: Power) -> tuple[str, ...]:
    sentences = []
    if selection.listed.height < selection.asked:
        sentences.append(f"Only {selection.listed.height:,} of the {selection.asked:,} asked for may be contacted.")
    if not control:
        sentences.append("Nobody is held back, so nobody will know what calling changed. Hold back a tenth.")
    elif not power.enough:
        sentences.append(power.sentence())
    return tuple(sentences)
