from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affluence.data.contract import Missing, Use, load_contract
from affluence.data.profiling import profile_columns
from affluence.data.reading import read_table

ROOT = Path(__file__).parents[3]


@pytest.fixture
def customers():
    rows = 400
    draw = np.random.default_rng(3)
    return pl.DataFrame(
        {
            "customer_id": [str(row) for row in range(rows)],
            "tag": pl.Series([row % 4 == 0 for row in range(rows)]).cast(pl.Int8),
            "age_years": draw.integers(18, 90, rows),
            "balance_usd": [
                None if row % 8 == 0 else float(value) for row, value in enumerate(draw.lognormal(8, 2, rows))
            ],
            "job": ["clerk" if row % 2 else "baker" for row in range(rows)],
        }
    )


def test_a_profile_repeats_the_contract_and_counts_the_rows(customers, contract):
    age, balance, job = profile_columns(customers, contract=contract)
    assert [profile.name for profile in (age, balance, job)] == ["age_years", "balance_usd", "job"]
    assert (balance.source, balance.unit, balance.use, balance.tag_driver) == ("BAL", "USD", Use.SPEAKABLE, True)
    assert balance.missing_meaning is Missing.DOES_NOT_HOLD
    assert (balance.rows_tagged, balance.rows_unlabelled) == (100, 300)
    assert (balance.missing_tagged, balance.missing_unlabelled) == (50, 0)
    assert balance.distinct == 350
    assert (job.tagged, job.distinct) == (None, 2)


def test_a_spread_is_of_the_values_that_are_there(customers, contract):
    balance = profile_columns(customers, contract=contract)[1]
    values = customers.filter(pl.col("tag") == 1)["balance_usd"].drop_nulls().to_numpy()
    assert balance.tagged is not None
    assert balance.tagged.mean == pytest.approx(values.mean())
    assert balance.tagged.p50 == pytest.approx(np.median(values))
    assert balance.tagged.p05 < balance.tagged.p25 < balance.tagged.p75 < balance.tagged.p95


def test_every_value_stands_in_one_group(customers, contract):
    for profile in profile_columns(customers, contract=contract):
        values = profile.rows_tagged + profile.rows_unlabelled - profile.missing_tagged - profile.missing_unlabelled
        assert sum(group.rows for group in profile.bins) == values
        assert all(group.rows >= 10 for group in profile.bins)
        assert len(profile.bins) <= 20


def test_without_a_tag_everyone_is_unlabelled(customers, contract):
    age = profile_columns(customers.drop("tag"), contract=contract)[0]
    assert (age.rows_tagged, age.rows_unlabelled, age.tagged) == (0, 400, None)


def test_fewer_than_ten_people_are_not_shown(customers, contract):
    for profile in profile_columns(customers.head(9), contract=contract):
        assert (profile.tagged, profile.unlabelled, profile.bins) == (None, None, ())
    for profile in profile_columns(customers.clear(), contract=contract):
        assert (profile.bins, profile.distinct) == ((), 0)


def test_a_column_with_nothing_has_no_groups(customers, contract):
    empty = customers.with_columns(balance_usd=pl.lit(None, dtype=pl.Float64), job=pl.lit(None, dtype=pl.String))
    _, balance, job = profile_columns(empty, contract=contract)
    assert (balance.bins, job.bins, balance.unlabelled, balance.missing_unlabelled) == ((), (), None, 300)


def test_adult():
    contract = load_contract(ROOT / "conf/base/contract_adult.yml")
    profiles = profile_columns(
        read_table(ROOT / "data/01_raw/adult.csv.gz", contract=contract).customers, contract=contract
    )
    by_name = {profile.name: profile for profile in profiles}
    assert by_name["employer_kind"].bins[0].label == "Private"
    assert by_name["native_country"].bins[-1].label == "others"
    gain = by_name["capital_gain_usd"].bins
    assert (gain[0].label, gain[0].tagged + gain[0].unlabelled) == ("0", 44_807)
    assert "40 to 44" in [group.label for group in by_name["hours_per_week"].bins]
