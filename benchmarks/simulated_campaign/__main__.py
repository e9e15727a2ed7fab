"""Measures whether the measured lift of a campaign covers the true one, on campaigns whose reactions we made.

python -m benchmarks.simulated_campaign [--repeats 400]

The bank is the reference bank. The ranking is not a model's but the truth blurred by noise, since what is tried is the
arithmetic of the campaign: any ranking that finds some and misses others will do. Takes a minute or two; writes
results.json and results.md beside this file, the same each time.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.data.outcome_files import Outcomes, outcomes_of
from affluence.data.reference_bank import simulate
from affluence.decision.campaign import CampaignSettings, Selection, make_campaign, select_people
from affluence.decision.outcomes import CampaignResult, measure_campaign
from affluence.decision.population import FramePopulation
from affluence.evaluation.calibration import wilson

HERE = Path(__file__).parent
DAY = date(2026, 3, 1)
LISTED = 4_000
CONTROL_SHARE = 0.25
# How much a lone score tells: some four in ten of the listed are affluent, as on a list that is worth calling.
SIGNAL, SPREAD = 2.0, 1.0
MEAN_AMOUNT = 800.0
AMOUNT_SPREAD = 0.8
FIGURES = ("upgraded", "opted_out", "revenue")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reactions:
    """The chances of a reaction, of those not affluent and of the affluent, held back and contacted."""

    name: str
    upgraded: tuple[tuple[float, float], tuple[float, float]]
    opted_out: tuple[tuple[float, float], tuple[float, float]]


EFFECT = Reactions("calling helps", ((0.002, 0.006), (0.04, 0.12)), ((0.001, 0.008), (0.002, 0.012)))
NOTHING = Reactions("calling does nothing (A/A)", ((0.002, 0.002), (0.04, 0.04)), ((0.005, 0.005), (0.01, 0.01)))


def selection_and_truth() -> tuple[Selection, pl.DataFrame, float]:
    """The selected, what is true of them by row (affluent, segment), and the share of them that is affluent."""
    bank = simulate(seed=0)
    tagged = bank.table.select(pl.col("C_seg").str.to_uppercase() == "AFFLUENT").to_series()
    age = bank.table.select(pl.col("C_AGE").cast(pl.Float64).fill_null(0).alias("age")).to_series()
    noise = np.random.default_rng(0).normal(0, SPREAD, bank.truth.height)
    truth = bank.truth.select(
        "row",
        pl.col("customer_id").cast(pl.String),
        "affluent",
        segment=pl.when(age < 40).then(pl.lit("younger")).otherwise(pl.lit("older")),
        score=SIGNAL * pl.col("affluent").cast(pl.Float64) + pl.Series(noise),
    )
    ranked = truth.filter(~tagged).sort("score", "row", descending=[True, False]).with_row_index("rank", offset=1)
    candidates = ranked.select("rank", "row", "customer_id", "score")
    selection = select_people(FramePopulation(truth, candidates, candidates), contacts=LISTED, settings=settings(0))
    known = selection.listed.select("row").join(truth, on="row", how="left")
    return (
        selection,
        truth.select("row", "affluent", "segment"),
        float(known["affluent"].cast(pl.Float64).to_numpy().mean()),
    )


def settings(seed: int) -> CampaignSettings:
    """The settings of one repeat: another control group each."""
    return CampaignSettings(name="simulated", day=DAY, control_share=CONTROL_SHARE, seed=seed)


def chances(table: tuple[tuple[float, float], tuple[float, float]], affluent: Floats, called: Floats) -> Floats:
    """Each person's chance, by whether they are affluent and called."""
    return np.asarray(table, dtype=np.float64)[affluent.astype(np.intp), called.astype(np.intp)].astype(np.float64)


def reactions_of(people: pl.DataFrame, reactions: Reactions, random: np.random.Generator) -> Outcomes:
    """An outcome file as the bank would hand it in: one line an upgrade, with its amount, or an opt-out."""
    affluent, called = people["affluent"].to_numpy(), people["called"].to_numpy()
    lines = []
    for outcome in ("upgraded", "opted_out"):
        happened = random.random(people.height) < chances(getattr(reactions, outcome), affluent, called)
        spread = random.normal(-(AMOUNT_SPREAD**2) / 2, AMOUNT_SPREAD, people.height)
        amount = MEAN_AMOUNT * np.exp(spread) if outcome == "upgraded" else np.zeros(people.height)
        lines.append(
            people.select("customer_id", outcome=pl.lit(outcome), date=pl.lit("2026-03-20"), amount=pl.Series(amount))
            .filter(pl.Series(happened))
            .with_columns(pl.col("amount").cast(pl.String))
        )
    return outcomes_of(pl.concat(lines), name="simulated")


def campaigns(reactions: Reactions, *, repeats: int) -> Iterator[CampaignResult]:
    """The result of each repeat: another control group, other reactions."""
    selection, truth, _ = selection_and_truth()
    for seed in range(repeats):
        campaign = make_campaign(selection, settings=settings(seed), described=[truth.select("row", "segment")])
        people = pl.concat([campaign.contacts.with_columns(called=1), campaign.control.with_columns(called=0)])
        known = people.join(truth.select("row", "affluent"), on="row", how="left").sort("row")
        random = np.random.default_rng([seed, 1])
        outcomes = reactions_of(known.with_columns(pl.col("affluent").cast(pl.Int8)), reactions, random)
        yield measure_campaign(campaign.contacts, campaign.control, outcomes, day=DAY)


def true_lifts(reactions: Reactions, affluent_share: float) -> dict[str, float]:
    """What calling everybody on the list changes on average, from the chances themselves."""
    lifts = {}
    for name in ("upgraded", "opted_out"):
        (others, affluent) = getattr(reactions, name)
        lifts[name] = (1 - affluent_share) * (others[1] - others[0]) + affluent_share * (affluent[1] - affluent[0])
    return lifts | {"revenue": MEAN_AMOUNT * lifts["upgraded"]}


def measure(reactions: Reactions, *, repeats: int) -> dict[str, Any]:
    """Coverage of the true lift, with its own 90 % interval, and how often an interval leaves out 0."""
    _, _, share = selection_and_truth()
    truth = true_lifts(reactions, share)
    results = list(campaigns(reactions, repeats=repeats))
    figures = {}
    for name in FIGURES:
        lifts = [{"upgraded": one.upgrades, "opted_out": one.opt_outs, "revenue": one.revenue}[name] for one in results]
        found = [lift for lift in lifts if lift is not None]
        figures[name] = {
            "true_lift": truth[name],
            "mean_measured": float(np.mean([lift.value for lift in found])),
            "coverage": asdict(wilson(sum(lift.low <= truth[name] <= lift.high for lift in found), repeats)),
            "leaves_out_0": asdict(wilson(sum(not lift.low <= 0 <= lift.high for lift in found), repeats)),
        }
    return {"reactions": asdict(reactions), "repeats": repeats, "affluent_share": share, "figures": figures}


def page(measured: list[dict[str, Any]]) -> str:
    """The results as a page."""
    lines = [
        "# Simulated campaigns",
        "",
        f"SIMULATED. {LISTED:,} listed on the reference bank, {CONTROL_SHARE:.0%} held back, reactions drawn with",
        "known chances. Intervals are meant to cover in 90 of 100 campaigns, and where calling does nothing to leave",
        "out 0 in 10. Written by `python -m benchmarks.simulated_campaign`.",
        "",
        "| reactions | figure | true lift | mean measured | coverage (90 %) | leaves out 0 (90 %) | campaigns |",
        "|---|---|---|---|---|---|---|",
    ]
    for part in measured:
        for name, said in part["figures"].items():
            cover, out = said["coverage"], said["leaves_out_0"]
            lines.append(
                f"| {part['reactions']['name']} | {name} | {said['true_lift']:.4f} | {said['mean_measured']:.4f} "
                f"| {cover['value']:.3f} ({cover['low']:.3f} to {cover['high']:.3f}) "
                f"| {out['value']:.3f} ({out['low']:.3f} to {out['high']:.3f}) | {part['repeats']} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure both kinds of campaign and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=400)
    repeats = parser.parse_args().repeats
    measured = [measure(reactions, repeats=repeats) for reactions in (EFFECT, NOTHING)]
    (HERE / "results.json").write_text(json.dumps(measured, indent=2) + "\n")
    (HERE / "results.md").write_text(page(measured))


if __name__ == "__main__":
    main()
