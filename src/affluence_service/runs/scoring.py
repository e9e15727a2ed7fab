"""A table scored, ranked, cut and described by the core's steps, and what of it is written into a run's folder."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from affluence import deciding, progress, steps
from affluence.data.contract import ColumnType
from affluence.data.offer_table import OfferTable
from affluence.decision.capacity import Cut, Gains
from affluence.decision.gains_bytes import gains_to_bytes
from affluence.decision.rank_certainty import rank_certainty
from affluence.decision.reason_words import spoken, typical_of
from affluence.decision.segments import Segmentation
from affluence.decision.strategy import strategies
from affluence.evaluation.stability import Stability
from affluence.evaluation.stability_limits import Limits
from affluence.pu.fold_models import TrainedModel
from affluence_service.runs import results
from affluence_service.runs.results import OpenedDataset, plain, write_json

# A page of candidates reads a few groups of rows; small ones that unpack fast keep that under a tenth of a second.
ROWS_A_GROUP = 5_000
# Of what speaks for and against each of the listed, so many of the strongest are kept.
REASONS_KEPT = 6
WRITING = "Writing the result"


@dataclass(frozen=True)
class Scored:
    """A table after the core's steps: everybody's scores, the candidates, the cut, and what is said of the listed."""

    model: TrainedModel
    customers: pl.DataFrame
    scores: pl.DataFrame
    candidates: pl.DataFrame
    gains: Gains
    cut: Cut
    listed: pl.DataFrame
    described: deciding.Described
    stability: Stability | None


def score_dataset(
    opened: OpenedDataset,
    model: TrainedModel,
    offers: OfferTable,
    limits: Limits,
    *,
    contacts: int | None,
    seed: int,
) -> Scored:
    """The table scored by the model, those above the cut described; without `contacts` every tenth candidate is.

    Errors: UserError for a table that the model cannot read, or in which nobody is a candidate.
    """
    worded = deciding.as_worded_now(model, opened.contract)
    progress.report("Scoring", done=0, total=1)
    scores = steps.score(worded, opened.customers)
    progress.report("Scoring", done=1, total=1)
    candidates = steps.candidates(worded, scores)
    population = steps.population(worded, opened.customers, scores, candidates)
    gains = deciding.prepare_cuts(worded, population)
    cut = deciding.cut(gains, worded.contract, {"contacts": contacts}, {})
    listed = deciding.list_candidates(population, cut)
    described = deciding.describe(worded, population, gains, listed, offers, seed=seed)
    stability = steps.watch(worded, opened.customers, scores, limits)
    return Scored(worded, population.customers, scores, candidates, gains, cut, listed, described, stability)


def write_scored(scored: Scored, folder: Path) -> Mapping[str, Any]:
    """The summary of a scored table, written into `folder` with all of the result's files."""
    progress.report(WRITING, done=0, total=1)
    segmentation, listed = scored.described.segmentation, scored.listed
    scored.scores.write_parquet(folder / results.SCORES)
    for name, frame in (
        (results.CANDIDATES, _candidates(scored)),
        (results.LIST, deciding.write_list(listed, scored.described)),
        (results.REASONS, _reasons(scored)),
    ):
        frame.write_parquet(folder / name, compression="lz4", row_group_size=ROWS_A_GROUP)
    (folder / results.GAINS).write_bytes(gains_to_bytes(scored.gains))
    write_json(_columns(scored), folder / results.COLUMNS)
    write_json(_segments(segmentation), folder / results.SEGMENTS)
    told = strategies(segmentation, scored.described.offers)
    write_json([asdict(strategy) for strategy in told], folder / results.STRATEGY)
    summary: Mapping[str, Any] = plain(_summary(scored))
    write_json(summary, folder / results.SUMMARY)
    progress.report(WRITING, done=1, total=1)
    return summary


def overlap(listed: pl.DataFrame, last: pl.Series | None) -> dict[str, int] | None:
    """Of how many customers on both lists, as far down as the shorter one goes, how many stand on both."""
    if last is None:
        return None
    here, before = listed["customer_id"].unique(maintain_order=True), last.unique(maintain_order=True)
    first = min(len(here), len(before))
    return {"first": first, "both": int(here.head(first).is_in(before.head(first).implode()).sum())}


def _candidates(scored: Scored) -> pl.DataFrame:
    """Every candidate, best first, with all by which they are looked for: chance, type, segment, offer, their values.

    Type, segment and offer are those of the listed, and missing for the others.
    """
    certainty = rank_certainty(
        scored.candidates, scored.gains.scores, discovery=scored.model.discovery, contacts=scored.cut.contacts
    )
    chances = deciding.with_chances(scored.candidates.select("row", "score"), scored.gains)
    described = scored.described
    shown = [column.name for column in scored.model.contract.speakable_columns if column.name in scored.customers]
    whole = scored.candidates.with_columns(chances["affluent_probability"].alias("chance"))
    for frame in (
        certainty,
        described.typed.types.select("row", "hidden_type"),
        described.segmentation.frame.select("row", "segment"),
        described.offers.select("row", "offer"),
        scored.customers.select("row", *shown),
    ):
        whole = whole.join(frame, on="row", how="left", maintain_order="left")
    return whole


def _reasons(scored: Scored) -> pl.DataFrame:
    """What speaks for and against each of the listed, the strongest of each, by rank."""
    ranks = scored.listed.select("rank", pl.col("row").cast(pl.Int64))
    kept = scored.described.explanation.reasons.filter(pl.col("place") <= REASONS_KEPT)
    return ranks.join(kept, on="row", how="inner", maintain_order="left_right").drop("row")


def _columns(scored: Scored) -> list[dict[str, Any]]:
    """What may be said of a customer, column by column: its words, and what is typical with and without the tag."""
    columns = [column for column in scored.model.contract.speakable_columns if column.name in scored.customers]
    typical = typical_of(scored.customers, columns)
    return [
        {
            "name": column.name,
            "words": spoken(column),
            "unit": column.unit,
            "number": column.type is not ColumnType.CATEGORY,
            "meaning": column.meaning,
            "typical_normal": typical.normal.value[column.name],
            "typical_affluent": typical.affluent.value[column.name] if typical.affluent else None,
        }
        for column in columns
    ]


def _segments(segmentation: Segmentation) -> dict[str, Any]:
    """The segments without cells of fewer than ten people."""
    safe = segmentation.profile.for_leaving()
    people = {group["group"]: group for group in safe.groups.to_dicts()}
    return {
        "segments": [
            {
                "name": segment.name,
                "rule": segment.text,
                "people": people[segment.name]["people"],
                "share": people[segment.name]["share"],
                "expected_finds": people[segment.name]["expected_finds"],
            }
            for segment in segmentation.segments
        ],
        "agreement": asdict(segmentation.agreement),
        "explained": segmentation.explained,
        "groups": safe.groups.to_dicts(),
        "figures": safe.figures.drop("cell").to_dicts(),
        "map": segmentation.map.to_dicts(),
    }


def _summary(scored: Scored) -> dict[str, Any]:
    explanation, discovery = scored.described.explanation, scored.model.discovery
    contract = scored.model.contract
    tagged = int((scored.scores["tag"] == 1).sum()) if "tag" in scored.scores.columns else None
    return {
        "table": contract.table,
        "title": contract.title,
        "currency": contract.currency,
        "simulated": contract.simulated,
        "rows": scored.scores.height,
        "candidates": scored.candidates.height,
        "tagged": tagged,
        "scored_out_of_fold": scored.scores.height - scored.scores["scored_by_fold"].null_count(),
        "cut": asdict(scored.cut),
        "hidden": asdict(discovery.count_among(scored.candidates.height)),
        "reviewed": discovery.reviewed,
        "warnings": list(discovery.warnings),
        "stability": scored.stability and scored.stability.to_dict(),
        "types": deciding.type_note(scored.described.typed),
        "reasons": {
            "said": explanation.said,
            "explainer": explanation.explainer,
            "agreement": explanation.agreement,
            "pass_rate": explanation.pass_rate,
        },
    }
