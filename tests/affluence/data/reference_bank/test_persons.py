import polars as pl
import pytest

from affluence.data.reference_bank import published
from affluence.data.reference_bank.persons import LEVELS, OCCUPATIONS


@pytest.mark.parametrize("column", ["C_EDU", "C_HSE", "gn_occ", "INCM_TYP", "NUM_PRD"])
def test_every_category_has_exactly_its_published_rows_by_segment(bank, column):
    for value, (normal, affluent) in published.category_counts(column).items():
        cell = float(value) if bank.table.schema[column].is_numeric() else value
        tags = bank.table.filter(pl.col(column) == cell)["C_seg"]
        assert ((tags == "NORMAL").sum(), (tags == "AFFLUENT").sum()) == (normal, affluent), value


@pytest.mark.parametrize("column", list(LEVELS))
def test_levels_name_every_published_category_once(column):
    assert sorted(LEVELS[column]) == sorted(published.category_counts(column))


def test_occupations_name_every_published_one():
    assert {*OCCUPATIONS, "PMEB"} == set(published.category_counts("gn_occ"))


def test_students_are_young_and_retirees_are_old(bank):
    ages = dict(bank.table.group_by("gn_occ").agg(pl.col("C_AGE").median()).drop_nulls("gn_occ").rows())
    assert ages["STUDENT"] < 35 < ages["PMEB"] < 60 < ages["RETIREE"]


def test_impossible_ages_are_planted_and_no_others_stand(bank):
    ages = bank.table["C_AGE"]
    assert (ages == 122).sum() == 58
    assert bank.table.filter(pl.col("C_AGE") == 2)["C_seg"].to_list() == ["NORMAL"]
    assert ages.filter((ages != 122) & (ages != 2)).is_between(12, 103).all()


def test_affluent_customers_are_older(bank):
    means = dict(bank.table.group_by("C_seg").agg(pl.col("C_AGE").mean()).rows())
    assert means["AFFLUENT"] - means["NORMAL"] == pytest.approx(5.5, abs=0.5)


def test_numbers_repeat_as_by_chance(bank):
    rows = bank.table["C_ID"].value_counts()["count"]
    assert len(rows) == pytest.approx(47_857, rel=0.02)
    assert (rows > 1).mean() == pytest.approx(0.30, abs=0.02)
    assert bank.table["C_ID"].is_between(0, 99_999).all()


def test_rows_of_one_number_need_not_have_one_tag(bank):
    tags = bank.table.group_by("C_ID").agg(pl.col("C_seg").n_unique().alias("tags"), pl.len().alias("rows"))
    assert tags.filter(pl.col("rows") > 1)["tags"].mean() > 1.2


def test_postal_codes_are_zero_and_missing_as_published(bank):
    assert (bank.table["PC"] == 0).sum() == 2_082
    assert bank.table["PC"].null_count() == 486
    assert bank.table["PC"].drop_nulls().n_unique() == pytest.approx(16_046, rel=0.02)


def test_postal_codes_know_nothing_of_the_tag(bank):
    means = dict(bank.table.group_by("C_seg").agg(pl.col("PC").mean()).rows())
    assert means["AFFLUENT"] == pytest.approx(means["NORMAL"], rel=0.03)
