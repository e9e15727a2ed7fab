import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from xgboost import XGBClassifier

from affluence.data.reference_bank import ReferenceBank, Scenario, simulate

PERSON = ["C_seg", "C_AGE", "C_EDU", "C_HSE", "PC", "INCM_TYP", "gn_occ", "NUM_PRD", "CASATD_CNT", "HL_tag", "AL_tag"]


@pytest.fixture(scope="module")
def persons() -> ReferenceBank:
    return simulate(customers=30_000, seed=0, scenario=Scenario(one_person_per_id=True))


def test_rows_of_one_id_are_one_person(persons):
    distinct = persons.table.group_by("C_ID").agg(pl.struct(PERSON).n_unique().alias("persons"))
    assert distinct["persons"].max() == 1


def test_rows_of_one_id_share_their_truth(persons):
    kinds = persons.truth.group_by("customer_id").agg(pl.struct("affluent", "hidden_type").n_unique().alias("kinds"))
    assert kinds["kinds"].max() == 1


def test_without_the_switch_they_are_strangers(bank):
    distinct = bank.table.group_by("C_ID").agg(pl.len().alias("rows"), pl.col("C_AGE").n_unique().alias("ages"))
    assert distinct.filter(pl.col("rows") > 1)["ages"].mean() > 1.8


def test_only_amounts_move_and_by_about_a_third(persons):
    several = persons.table.filter(pl.col("C_ID").is_duplicated() & (pl.col("MTHTD") > 0))
    first = pl.col("MTHTD") / pl.col("MTHTD").first().over("C_ID")
    spread = several.select(first.log().alias("moved")).filter(pl.col("moved") != 0)["moved"]
    assert 0.2 < spread.std() < 0.4


def test_a_year_is_still_twelve_months_and_blocks_stay_whole(persons):
    year = persons.table.filter(pl.col("ANN_TRN_AMT").is_not_null())
    assert np.allclose(year["ANN_TRN_AMT"], 12 * year["AVG_TRN_AMT"])
    assert (year["MAX_MTH_TRN_AMT"].is_not_null()).all()


def test_assets_still_hold_their_parts(persons):
    parts = persons.table.select(pl.sum_horizontal("MTHCASA", "MTHTD", "MAXUT")).to_series()
    assert (persons.table["Asset value"] - parts).min() > -0.1


def area_by(persons: ReferenceBank, folds: GroupKFold | StratifiedKFold) -> float:
    columns = persons.table.select(pl.exclude("C_seg", "C_ID").cast(pl.Float64, strict=False)).fill_null(np.nan)
    x, tagged = columns.to_numpy(), (persons.table["C_seg"] == "AFFLUENT").cast(pl.Int8).to_numpy()
    scores = np.zeros(len(tagged))
    groups = persons.table["C_ID"].to_numpy() if isinstance(folds, GroupKFold) else None
    for train, test in folds.split(x, tagged, groups):
        model = XGBClassifier(n_estimators=60, max_depth=8, max_bin=64, n_jobs=1).fit(x[train], tagged[train])
        scores[test] = model.predict_proba(x[test])[:, 1]
    return roc_auc_score(tagged, scores)


def test_splitting_by_row_leaks_and_splitting_by_customer_does_not(persons):
    by_row = area_by(persons, StratifiedKFold(3, shuffle=True, random_state=0))
    by_customer = area_by(persons, GroupKFold(3))
    assert by_row > by_customer + 0.02
