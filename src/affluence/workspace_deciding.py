"""What the deciding verbs of the command line do: a table scored with a registered model, and what is made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affluence import workspace
from affluence.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.contract import Contract
    from affluence.data.exclusion_lists import ExclusionList
    from affluence.data.intake_report import IntakeReport
    from affluence.deciding import Described
    from affluence.decision.campaign import Campaign, CampaignSettings
    from affluence.decision.campaign_files import Provenance
    from affluence.decision.capacity import Cut, Gains
    from affluence.decision.outcomes import CampaignResult
    from affluence.decision.population import Population
    from affluence.decision.reasons import Explanation
    from affluence.decision.segments import Segmentation
    from affluence.evaluation.fairness import FairReach, Swaps
    from affluence.evaluation.list_moves import Listing
    from affluence.pu.fold_models import TrainedModel
    from affluence.pu.release import ModelLabel

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class ScoredTable:
    """A table that a registered model scored and ranked."""

    customers: "pl.DataFrame"
    scores: "pl.DataFrame"
    candidates: "pl.DataFrame"
    model: "TrainedModel"
    label: "ModelLabel"
    intake: "IntakeReport"

    @cached_property
    def population(self) -> "Population":
        """Everyone in it, for what is decided."""
        from affluence.decision.population import FramePopulation

        return FramePopulation(self.customers, self.scores, self.candidates)

    @property
    def contract(self) -> "Contract":
        """The contract that the model learned under."""
        return self.model.contract


def score(file: Path | None, contract: str, *, version: str | None) -> ScoredTable:
    """The table in `file`, or the contract's own, scored with a version of its model, by default the champion."""
    from affluence import deciding, steps
    from affluence.adapters.mlflow_registry import model_name

    accepted = workspace.read(file, contract)
    customers, report = steps.intake(accepted.reading)
    released = workspace.registry().load(model_name(accepted.contract), version_number=version)
    model = deciding.as_worded_now(released.model, accepted.contract)
    scores = steps.score(model, customers)
    return ScoredTable(
        customers=deciding.as_learned(model, customers),
        scores=scores,
        candidates=steps.candidates(model, scores),
        model=model,
        label=released.label,
        intake=report,
    )


def cut(table: ScoredTable, capacity: Asked, economics: Asked) -> "tuple[Cut, Gains]":
    """The cut of the table's candidates that is asked for, and what any other is read from."""
    from affluence import deciding

    gains = deciding.prepare_cuts(table.model, table.population)
    return deciding.cut(gains, table.contract, capacity, economics), gains


def write_curve(gains: "Gains", table: ScoredTable, economics: Asked, out: Path) -> None:
    """Write the gain curve, about two hundred list lengths, as CSV."""
    from affluence import deciding
    from affluence.data.writing import write_csv
    from affluence.decision.capacity import gain_curve

    write_csv(gain_curve(gains, deciding.economics_of(table.contract, economics)), out)


def explain(
    table: ScoredTable, capacity: Asked, economics: Asked, *, everybody: bool, reasons: int, seed: int, out: Path
) -> "Explanation":
    """Why those above the cut, or all candidates, rank high; written into the folder `out`.

    `explained_reasons.parquet` holds every column's part for analysts, `explained_list.csv` the list with what may be
    said.
    """
    from affluence import deciding
    from affluence.data.writing import write_csv, write_parquet
    from affluence.decision import reasons as reason_codes

    listed = table.candidates
    if not everybody:
        listed = deciding.list_candidates(table.population, cut(table, capacity, economics)[0])
    explanation = reason_codes.explain(table.model, table.population, listed, seed=seed, reasons=reasons)
    write_parquet(explanation.reasons, out / "explained_reasons.parquet")
    write_csv(listed.join(explanation.wide, on="row", how="left", maintain_order="left"), out / "explained_list.csv")
    return explanation


def reach(
    table: ScoredTable, capacity: Asked, economics: Asked, *, parity: str | None, tolerance: float
) -> "tuple[FairReach, Swaps | None]":
    """Whom those above the cut are, by group; and the exchanges that would even out the groups of `parity`."""
    from affluence import deciding
    from affluence.evaluation.fairness import grouping_columns, parity_swaps, reach_by_group

    if not grouping_columns(table.customers, table.contract):
        raise UserError(
            f"The contract of {table.contract.table} names no groups. Add fair_reach to a column, as fair_reach: true."
        )
    made_cut, gains = cut(table, capacity, economics)
    candidates = deciding.with_chances(table.candidates, gains)
    everybody = (candidates, table.customers, table.contract)
    listed = candidates.head(made_cut.contacts)
    swaps = parity_swaps(listed, *everybody, column=parity, tolerance=tolerance) if parity else None
    return reach_by_group(listed, *everybody), swaps


def segment(
    table: ScoredTable, capacity: Asked, economics: Asked, *, most: int, seed: int, out: Path | None
) -> "Segmentation":
    """The segments of those above the cut; into the folder `out`, where one is named, who is in which and the profile.

    The profile is written without cells of fewer than ten people.
    """
    from affluence import deciding
    from affluence.data.writing import write_csv
    from affluence.decision.segments import segment_candidates

    made_cut, gains = cut(table, capacity, economics)
    listed = deciding.list_candidates(table.population, made_cut)
    segmentation = segment_candidates(listed, table.population, table.contract, seed=seed, most=most, finds=gains.finds)
    if out:
        safe = segmentation.profile.for_leaving()
        write_csv(listed.join(segmentation.frame, on="row", how="left", maintain_order="left"), out / "segments.csv")
        write_csv(safe.groups, out / "groups.csv")
        write_csv(safe.figures, out / "profile.csv")
    return segmentation


def describe(table: ScoredTable, gains: "Gains", listed: "pl.DataFrame", *, seed: int) -> "Described":
    """What is said of the listed, with the offers of the bank's own table."""
    from affluence import deciding
    from affluence.data.offer_table import find_offers, load_offers

    conf = workspace.project_root() / "conf"
    offers = load_offers(find_offers(table.contract.table, folders=[conf / "base", conf / "local"]))
    return deciding.describe(table.model, table.population, gains, listed, offers, seed=seed)


def read_exclusions(named: Sequence[tuple[str, Path]], contract: str) -> "tuple[ExclusionList, ...]":
    """The exclusion lists in files, each named with its kind."""
    from affluence.data.contract import load_contract
    from affluence.data.exclusion_lists import KINDS, read_exclusion_list

    loaded = load_contract(workspace.contract_path(contract))
    lists = []
    for kind, path in named:
        if kind not in KINDS:
            raise UserError(f"'{kind}' is no kind of exclusion list. Kinds are {', '.join(KINDS)}.")
        lists.append(read_exclusion_list(path, kind=kind, contract=loaded))
    return tuple(lists)


def make_campaign(
    table: ScoredTable,
    settings: "CampaignSettings",
    exclusions: "Sequence[ExclusionList]",
    capacity: Asked,
    economics: Asked,
) -> "tuple[Campaign, Mapping[str, bytes]]":
    """The campaign at the cut that is asked for, and its files by name."""
    from affluence import deciding

    made_cut, gains = cut(table, capacity, economics)
    selection = deciding.select(table.population, made_cut, settings, exclusions)
    campaign = deciding.hold_back(selection, describe(table, gains, selection.listed, seed=settings.seed), settings)
    provenance = deciding.provenance(table.model, table.label, table.intake, capacity, economics)
    page = deciding.campaign_page(campaign, provenance, gains, table.contract, economics)
    return campaign, deciding.write_campaign(campaign, provenance, page)


def replay(folder: Path, file: Path | None, contract: str, exclusions: Sequence[tuple[str, Path]]) -> tuple[str, ...]:
    """What differs between the campaign in `folder` and its remake from the same table and lists; nothing when equal.

    The model's version, the cut and the settings are those of the campaign's summary.
    """
    from affluence.data.writing import checksum
    from affluence.decision.campaign_files import SUMMARY, differences, provenance_of, settings_of

    summary = read_summary(folder)
    provenance, settings = provenance_of(summary), settings_of(summary)
    table = score(file, contract, version=provenance.model_version)
    economics = {name: provenance.cut.get(name) for name in ("cost_a_contact", "value_a_find")}
    capacity = {name: value for name, value in provenance.cut.items() if name not in economics}
    _, files = make_campaign(table, settings, read_exclusions(exclusions, contract), capacity, economics)
    found = differences(summary, json.loads(files[SUMMARY]))
    changed = [
        f"{name} in the folder is not what was written."
        for name, was in summary["files"].items()
        if not (folder / name).is_file() or checksum((folder / name).read_bytes()) != was
    ]
    return (*found, *changed)


def list_changes(
    folder: Path, file: Path | None, contract: str, *, since: Path, file_then: Path | None
) -> "pl.DataFrame":
    """Who enters and leaves from the campaign in `since` to that in `folder`, and by what, as `list_moves` has it.

    Both tables are ranked anew by the models of their campaigns; where both differ, the new one by the old model too.

    Errors: UserError for a table that is not the one that its campaign was made from.
    """
    from affluence.evaluation.list_moves import list_moves

    then, before = _remembered(since, file_then or file, contract)
    here, now = _remembered(folder, file, contract)
    same_model, same_table = then.model_version == here.model_version, then.data_hash == here.data_hash
    parted = not same_model and not same_table
    between = score(file, contract, version=then.model_version).candidates if parted else None
    return list_moves(before, now, same_model=same_model, same_table=same_table, between=between)


def _remembered(folder: Path, file: Path | None, contract: str) -> "tuple[Provenance, Listing]":
    """What the campaign in `folder` was made from, and its list: everybody chosen, those held back too."""
    import polars as pl

    from affluence.decision.campaign_files import provenance_of
    from affluence.evaluation.list_moves import Listing

    provenance = provenance_of(read_summary(folder))
    table = score(file, contract, version=provenance.model_version)
    if table.intake.data_hash != provenance.data_hash:
        raise UserError(
            f"The table is not the one that {folder.name} was made from: its SHA-256 begins with "
            f"{table.intake.data_hash[:8]}, wanted {provenance.data_hash[:8]}. Name that table (--file, --file-then)."
        )
    chosen = [pl.read_parquet(folder / f"{part}.parquet") for part in ("list", "control")]
    listed = pl.concat([people.select("customer_id", "rank") for people in chosen])
    return provenance, Listing(listed, table.candidates)


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of the campaign in `folder`. Errors: UserError when there is none."""
    from affluence.decision.campaign_files import SUMMARY

    path = folder / SUMMARY
    if not path.is_file():
        raise UserError(f"{folder} holds no campaign: there is no {SUMMARY} in it. Name the campaign's own folder.")
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no JSON. Name a folder that 'affluence campaign make' wrote.") from error
    if not isinstance(summary, dict) or not {"provenance", "settings", "files"} <= summary.keys():
        raise UserError(f"{path} is no summary of a campaign. Name a folder that 'affluence campaign make' wrote.")
    return summary


def measure(outcomes: Path, folder: Path, contract: str, out: Path | None) -> "CampaignResult":
    """What came of the campaign in `folder`.

    Into the folder `out`, where one is named, go a page, a review sheet and the take-up.
    """
    import polars as pl

    from affluence.data.contract import load_contract
    from affluence.data.outcome_files import read_outcomes
    from affluence.data.writing import write_csv, write_text
    from affluence.decision.campaign_files import settings_of
    from affluence.decision.outcomes import measure_campaign
    from affluence.reporting.outcomes_page import OutcomesContent, render_outcomes_page

    settings = settings_of(read_summary(folder))
    loaded = load_contract(workspace.contract_path(contract))
    told = read_outcomes(outcomes, contract=loaded)
    contacts, control = (pl.read_parquet(folder / name) for name in ("list.parquet", "control.parquet"))
    result = measure_campaign(contacts, control, told, day=settings.day)
    if out:
        content = OutcomesContent(
            result=result,
            campaign=settings.name,
            key=str(contacts["campaign"].first()),
            day=settings.day,
            title=loaded.title,
            currency=loaded.currency,
            simulated=loaded.simulated,
        )
        write_csv(result.review, out / "review.csv")
        write_csv(result.take_up, out / "take_up.csv")
        write_text(render_outcomes_page(content), out / "outcomes.html")
    return result
