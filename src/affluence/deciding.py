"""The second half of the one sequence: from ranked candidates to a list that people can use.

The cut, how sure each rank is, why, what kind of candidate, which segment, which offer, and the campaign. Kedro's
nodes, the command line and the service's jobs call these, as they call `affluence.steps`. Each step takes what the
steps before it gave and changes none of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from typing import Any

import polars as pl

from affluence import progress
from affluence.data.contract import Column, Contract, Use
from affluence.data.doctor import apply_cell_rules
from affluence.data.exclusion_lists import ExclusionList
from affluence.data.intake_report import IntakeReport
from affluence.data.offer_table import OfferTable
from affluence.decision.campaign import Campaign, CampaignSettings, Selection, make_campaign, select_people
from affluence.decision.campaign_files import Provenance, campaign_files
from affluence.decision.capacity import Capacity, Cut, Economics, Gains, decide_cut, gains_of
from affluence.decision.hidden_types import HiddenTypes, confusion_table, hidden_types
from affluence.decision.offers import make_offers
from affluence.decision.population import Population
from affluence.decision.rank_certainty import rank_certainty
from affluence.decision.reasons import Explanation, explain
from affluence.decision.scoring import unlabelled
from affluence.decision.segments import Segmentation, segment_candidates
from affluence.decision.strategy import strategies
from affluence.errors import UserError
from affluence.evaluation.challenge import Challenge, judge_challenger
from affluence.evaluation.comparison import Contender, ModelComparison, compare_models
from affluence.evaluation.fairness import FairReach, fair_reach
from affluence.evaluation.stability_limits import Limits
from affluence.pu.fold_models import TrainedModel
from affluence.pu.release import ModelLabel
from affluence.pu.review import read_review
from affluence.pu.review_sheet import place_sheet
from affluence.pu.watching import watch
from affluence.reporting.campaign_page import CampaignContent, render_campaign_page
from affluence.reporting.deciding import Deciding

# Without a word on capacity a list is so long: every tenth candidate.
DEFAULT_SHARE = 0.1

# What of a column is said, and nothing is learned from.
WORDS = ("meaning", "spoken", "product", "fair_reach")

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Described:
    """What is said of the listed beside their rank, each by `row`."""

    certainty: pl.DataFrame
    explanation: Explanation
    typed: HiddenTypes
    segmentation: Segmentation
    offers: pl.DataFrame

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Frames by `row` that a list is joined with, the columns in the order in which they are read."""
        return (
            self.certainty,
            self.typed.types,
            self.segmentation.frame,
            self.offers.select("row", "offer", "opening", "offer_reason"),
            self.explanation.wide.select("row", pl.col("^reason_.*$")),
        )


@dataclass(frozen=True)
class Version:
    """A version of a model, and everybody of a table as it scores and ranks them, out of fold."""

    name: str
    model: TrainedModel
    scores: pl.DataFrame
    candidates: pl.DataFrame


def as_worded_now(model: TrainedModel, contract: Contract) -> TrainedModel:
    """The model with the words of the contract as it stands now: a bank that mends a word need not train again.

    What the model learned from stays as it was. A column that the contract forbids since then is no longer spoken of.
    """
    now = {column.name: column for column in contract.columns}
    columns = tuple(_reworded(column, now.get(column.name, column)) for column in model.contract.columns)
    return replace(model, contract=model.contract.model_copy(update={"columns": columns}))


def prepare_cuts(model: TrainedModel, population: Population) -> Gains:
    """What any cut of the population's candidates is read from, and the gain curve too."""
    ranked = unlabelled(population.scores).sort("score", descending=True)
    return gains_of(ranked=ranked, scores=population.scores, discovery=model.discovery)


def cut(gains: Gains, contract: Contract, capacity: Asked, economics: Asked) -> Cut:
    """The cut that is asked for by one of the names of `Capacity`; a tenth of the candidates where none is.

    `economics` has `cost_a_contact` and `value_a_find`, in the contract's currency, each where it is known.
    """
    asked = {name: value for name, value in capacity.items() if value is not None}
    if not {"contacts", "weeks", "budget", "threshold", "lowest_precision", "recall"} & asked.keys():
        asked["contacts"] = max(1, round(DEFAULT_SHARE * gains.candidates))
    return decide_cut(Capacity(**asked), gains, economics_of(contract, economics))


def economics_of(contract: Contract, economics: Asked) -> Economics:
    """What a contact costs and a find is worth, in the contract's currency."""
    return Economics(
        cost_per_contact=economics.get("cost_a_contact"),
        value_per_find=economics.get("value_a_find"),
        currency=contract.currency,
    )


def with_chances(scored: pl.DataFrame, gains: Gains) -> pl.DataFrame:
    """`scored` (with score) whose `affluent_probability` is the chance that the cut counts with; none without a review.

    The chances of a list then add up to its expected finds, which the model's beliefs do not: they are too high at the
    top where the log-odds are too sure of themselves.
    """
    chances = gains.finds.chances(scored["score"].cast(pl.Float64).to_numpy())
    told = pl.lit(None, dtype=pl.Float64) if chances is None else pl.Series(chances)
    return scored.with_columns(affluent_probability=told)


def list_candidates(population: Population, made_cut: Cut) -> pl.DataFrame:
    """The candidates above the cut, best first."""
    return population.first(made_cut.contacts)


def as_learned(model: TrainedModel, customers: pl.DataFrame) -> pl.DataFrame:
    """The customers as the model learned to read them: with what was done to cells of the training table done again."""
    return apply_cell_rules(customers, model.rules)


def describe(
    model: TrainedModel,
    population: Population,
    gains: Gains,
    listed: pl.DataFrame,
    offers: OfferTable,
    *,
    seed: int,
) -> Described:
    """Everything that is said of the `listed`, who are candidates of the `population`, in the order of `listed`.

    `gains` are those of the candidates, from which the finds of a segment are read as those of the cut are.

    Errors: UserError for a table of offers with a hole.
    """
    deepest = max(1, min(gains.candidates, int(listed["rank"].max() or 1)))  # type: ignore[arg-type]  # a rank
    certainty = rank_certainty(listed, gains.scores, discovery=model.discovery, contacts=deepest)
    explanation = explain(model, population, listed, seed=seed)
    typed = hidden_types(model, population, listed)
    segmentation = segment_candidates(listed, population, model.contract, seed=seed, finds=gains.finds)
    progress.report("Placing the listed in segments", done=1, total=1)
    people = population.people(listed["row"])
    return Described(
        certainty=certainty,
        explanation=explanation,
        typed=typed,
        segmentation=segmentation,
        offers=make_offers(listed, people, model.contract, typed.types, segmentation.frame, offers),
    )


def write_list(listed: pl.DataFrame, described: Described) -> pl.DataFrame:
    """The listed with everything that is said of them, a row each, best first."""
    whole = listed
    for frame in described.frames:
        whole = whole.join(frame, on="row", how="left", maintain_order="left")
    return whole


def campaign_settings(campaign: Asked, seed: int) -> CampaignSettings:
    """The settings of a campaign; `day` is a date, or one in ISO 8601.

    Errors: UserError for a day that is no date.
    """
    day = campaign["day"]
    try:
        began = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError as error:
        raise UserError(f"The campaign's day is {day!r}; give a date, as 2026-12-01.") from error
    return CampaignSettings(**{**campaign, "day": began, "seed": seed})


def reach(
    model: TrainedModel, customers: pl.DataFrame, candidates: pl.DataFrame, gains: Gains, listed: pl.DataFrame
) -> FairReach:
    """Who the listed are by the groups that the contract names, and what would even them out; without groups, none."""
    return fair_reach(listed, with_chances(candidates, gains), customers, model.contract)


def for_report(
    made_cut: Cut,
    gains: Gains,
    listed: pl.DataFrame,
    described: Described,
    economics: Asked,
    truth: pl.DataFrame,
    reach: FairReach | None = None,
) -> Deciding:
    """What the run report tells of the decision; `truth` has rows where the table is made."""
    types = described.typed.types
    return Deciding(
        cut=made_cut,
        gains=gains,
        listed=listed,
        segmentation=described.segmentation,
        strategies=strategies(described.segmentation, described.offers, value_a_find=economics.get("value_a_find")),
        types=types,
        type_note=type_note(described.typed),
        type_confusion=None if truth.is_empty() else _said_and_true(confusion_table(types, truth)),
        explanation=described.explanation,
        offers=described.offers,
        reach=reach,
    )


def type_note(typed: HiddenTypes) -> str:
    """On what the types rest, in sentences; or why there are none."""
    basis = typed.basis
    if basis.why_none is not None:
        return basis.why_none
    told = [
        f"{one.name} {one.precision.value:.0%} (90 %: {one.precision.low:.0%} to {one.precision.high:.0%})"
        for one in basis.types
        if one.at_least is not None and one.precision is not None
    ]
    never = f" Never named, for it was right too seldom: {', '.join(basis.never_named)}." if basis.never_named else ""
    return (
        f"{typed.named:.0%} of the listed have a named type. The rule was learned on made customers; on made banks by "
        f"which nothing was chosen it was right for {', '.join(told) or 'none'}.{never} How right it is on yours, only "
        "people checked by hand can tell."
    )


def select(
    population: Population,
    made_cut: Cut,
    settings: CampaignSettings,
    exclusions: Sequence[ExclusionList],
) -> Selection:
    """Who may be contacted, as many as the cut allows, each customer once; and who is left out for which reasons."""
    return select_people(population, contacts=made_cut.contacts, settings=settings, exclusions=exclusions)


def describe_selection(
    model: TrainedModel,
    population: Population,
    gains: Gains,
    selection: Selection,
    offers: OfferTable,
    *,
    seed: int,
) -> Described:
    """Everything that is said of the selected; see `describe`."""
    return describe(model, population, gains, selection.listed, offers, seed=seed)


def hold_back(selection: Selection, described: Described, settings: CampaignSettings) -> Campaign:
    """The campaign of the selected, with the control group held back."""
    return make_campaign(selection, settings=settings, described=described.frames)


def campaign_page(
    campaign: Campaign, provenance: Provenance, gains: Gains, contract: Contract, economics: Asked
) -> str:
    """The campaign on one HTML page, what to expect of those contacted among it; equal campaigns give equal pages."""
    return render_campaign_page(
        CampaignContent(
            campaign=campaign,
            provenance=provenance,
            finds=gains.finds.among(campaign.contacts["score"].cast(pl.Float64).to_numpy()),
            economics=economics_of(contract, economics),
            title=contract.title,
            table=contract.table,
            simulated=contract.simulated,
        )
    )


def write_campaign(campaign: Campaign, provenance: Provenance, page: str | None = None) -> dict[str, bytes]:
    """The campaign's files by name, from which it can be made again to the byte; `page` is what people read of it."""
    return campaign_files(campaign, provenance, page=page)


def provenance(
    model: TrainedModel, label: ModelLabel, intake_report: IntakeReport, capacity: Asked, economics: Asked
) -> Provenance:
    """What a campaign is made from; `capacity` and `economics` as they were asked for."""
    return Provenance(
        model_name=label.name,
        model_version=label.version,
        data_hash=intake_report.data_hash,
        contract_fingerprint=model.contract.fingerprint(),
        cut={**capacity, **economics},
        affluence_version=version("affluence"),
    )


def compare(
    champion: Version, challenger: Version, capacity: Asked, economics: Asked, reviewed: pl.DataFrame | None = None
) -> ModelComparison:
    """Two versions on the same customers, with lists as long as the champion's cut; `reviewed` judge both lists."""
    versions = (champion, challenger)
    gains = [gains_of(ranked=each.candidates, scores=each.scores, discovery=each.model.discovery) for each in versions]
    first, second = (
        Contender(
            name=f"version {each.name}",
            ranks_by="affluence" if each.model.discovery.drivers else "tag",
            scores=with_chances(each.scores, theirs),
            ranked=each.candidates,
        )
        for each, theirs in zip(versions, gains, strict=True)
    )
    contacts = cut(gains[0], champion.model.contract, capacity, economics).contacts
    return compare_models(first, second, contacts=contacts, reviewed=reviewed)


def judge(
    comparison: ModelComparison, champion: Version, challenger: Version, customers: pl.DataFrame, limits: Limits
) -> Challenge:
    """Whether the challenger of the comparison is proposed; `customers` are those whom both scored."""
    stability = watch(champion.model, customers, champion.scores, limits)
    alike = bool(champion.model.discovery.drivers) == bool(challenger.model.discovery.drivers)
    return judge_challenger(comparison, stability, alike=alike)


def verdicts_on(sheet: pl.DataFrame | None, customers: pl.DataFrame) -> pl.DataFrame | None:
    """What a review sheet says of `customers`: row, verdict; None without a sheet."""
    if sheet is None or sheet.is_empty():
        return None
    found = read_review(place_sheet(sheet, customers), table_rows=customers.height)
    return pl.DataFrame({"row": customers["row"].gather(found.rows.tolist()), "verdict": found.verdicts})


def _reworded(learned: Column, now: Column) -> Column:
    """The column as it was learned from, in the words of now."""
    if learned.use is Use.FORBIDDEN:
        return learned.model_copy(update={"fair_reach": now.fair_reach})
    use = Use.INTERNAL if now.use is Use.FORBIDDEN else now.use
    words = {name: getattr(now, name) for name in WORDS}
    return learned.model_copy(update={**words, "use": use})


def _said_and_true(table: pl.DataFrame) -> pl.DataFrame:
    """The confusion table in lines: hidden_type, truth, people; without cells too small to be told."""
    lines = table.unpivot(index="true type", variable_name="hidden_type", value_name="people")
    return lines.rename({"true type": "truth"}).filter(pl.col("people") > 0)
