import numpy as np
import polars as pl
import pytest

from affluence.data.reference_bank.associations import Associations, published_pairs
from affluence.data.reference_bank.published import profile


def table(**columns) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    none = pl.Series([None] * rows, dtype=pl.String)
    names = ("C_seg", "C_EDU", "C_HSE", "INCM_TYP", "gn_occ", "NUM_PRD", "HL_tag", "AL_tag")
    return pl.DataFrame({**dict.fromkeys(names, none), **columns})


def test_numbers_are_compared_where_both_have_a_value():
    found = Associations(table(x=[1.0, 2.0, 3.0, None, 9.0], y=[2.0, 4.0, 6.0, 5.0, None]))
    assert found.between("x", "y") == pytest.approx(1)
    assert found.common_rows("x", "y") == 3


def test_the_sign_of_a_correlation_stays():
    assert Associations(table(x=[1.0, 2.0, 3.0], y=[3.0, 2.0, 1.0])).between("x", "y") == pytest.approx(-1)


def test_a_constant_has_no_association():
    assert np.isnan(Associations(table(x=[1.0, 1.0, 1.0], y=[1.0, 2.0, 3.0])).between("x", "y"))


def test_a_missing_number_counts_as_zero_against_a_category():
    found = Associations(table(C_seg=["A", "A", "N", "N"], x=[5.0, 5.0, None, None]))
    assert found.between("C_seg", "x") == pytest.approx(1)
    assert found.between("x", "C_seg") == pytest.approx(1)


def test_the_correlation_ratio_is_not_squared():
    found = Associations(table(C_seg=["A", "A", "N", "N"], x=[0.0, 2.0, 1.0, 3.0]))
    assert found.between("C_seg", "x") == pytest.approx(np.sqrt(1 / 5))


def test_a_missing_category_is_one_of_its_own():
    found = Associations(table(C_seg=["A", "A", "N", "N"], C_EDU=["x", "x", None, None]))
    assert found.between("C_seg", "C_EDU") == pytest.approx(1)


def test_theils_u_has_a_direction():
    found = Associations(table(C_seg=["A", "A", "N", "N"], C_EDU=["w", "x", "y", "z"]))
    assert found.between("C_seg", "C_EDU") == pytest.approx(1)
    assert found.between("C_EDU", "C_seg") == pytest.approx(0.5)


def test_the_profile_holds_94_strong_associations_and_each_stands_once():
    pairs = list(published_pairs(profile()["columns"]))
    assert len({(pair.column, pair.other) for pair in pairs}) == len(pairs)
    assert sum(abs(pair.published) >= 0.2 for pair in pairs) == 94
