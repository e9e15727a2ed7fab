"""The simulated campaigns: their arithmetic, what is kept of them, and a few of them anew."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

campaigns = import_module("benchmarks.simulated_campaign.__main__")


def people(size: int) -> pl.DataFrame:
    """People of whom half are affluent and three in four are called."""
    number = np.arange(size)
    return pl.DataFrame(
        {"customer_id": number.astype(str), "affluent": number % 2, "called": (number % 4 > 0).astype(int)}
    )


def test_the_true_lift_is_what_calling_everybody_changes():
    lifts = campaigns.true_lifts(campaigns.EFFECT, 0.25)
    assert lifts["upgraded"] == pytest.approx(0.75 * 0.004 + 0.25 * 0.08)
    assert lifts["revenue"] == pytest.approx(campaigns.MEAN_AMOUNT * lifts["upgraded"])
    assert set(campaigns.true_lifts(campaigns.NOTHING, 0.4).values()) == {0}


def test_reactions_come_at_the_chances_that_were_made():
    known = people(40_000)
    outcomes = campaigns.reactions_of(known, campaigns.EFFECT, np.random.default_rng(0))
    upgraded = outcomes.entries.filter(pl.col("outcome") == "upgraded")
    assert upgraded["amount"].mean() == pytest.approx(campaigns.MEAN_AMOUNT, rel=0.1)
    share = known.with_columns(up=pl.col("customer_id").is_in(upgraded["customer_id"].to_list())).group_by(
        "affluent", "called"
    )
    for affluent, called, found in share.agg(pl.col("up").mean()).iter_rows():
        chance = campaigns.EFFECT.upgraded[affluent][called]
        # Five standard errors of ten thousand people.
        assert found == pytest.approx(chance, abs=5 * np.sqrt(chance / 10_000))


def test_the_kept_campaigns_cover_the_true_lift_and_see_one_where_there_is_one():
    kept = json.loads((Path(campaigns.__file__).parent / "results.json").read_text(encoding="utf-8"))
    for part in kept:
        for name, figure in part["figures"].items():
            assert 0.86 <= figure["coverage"]["value"] <= 0.94, name
    effect, nothing = (part["figures"] for part in kept)
    assert effect["upgraded"]["leaves_out_0"]["value"] > 0.95
    assert nothing["upgraded"]["leaves_out_0"]["low"] <= 0.1
    page = (Path(campaigns.__file__).parent / "results.md").read_text(encoding="utf-8")
    assert page == campaigns.page(kept)


@pytest.mark.slow
def test_forty_campaigns_anew_measure_the_true_lift_without_a_lean():
    figures = campaigns.measure(campaigns.EFFECT, repeats=40)["figures"]
    assert figures["upgraded"]["coverage"]["high"] >= 0.9
    assert figures["upgraded"]["mean_measured"] == pytest.approx(figures["upgraded"]["true_lift"], rel=0.15)
