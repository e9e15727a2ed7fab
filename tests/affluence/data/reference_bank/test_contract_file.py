"""The contract of the bank's columns that stands in conf/base, held against a made table."""

from pathlib import Path

import polars as pl
import pytest

from affluence.data.contract import Contract, Use, load_contract
from affluence.data.reading import read_table, require_accepted
from affluence.data.reference_bank.simulation import HEADERS

CONTRACT = Path(__file__).parents[4] / "conf" / "base" / "contract_reference_bank.yml"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract(CONTRACT)


def test_every_header_of_the_bank_stands_once(contract):
    assert {contract.customer_id.source, contract.tag.source, *(c.source for c in contract.columns)} == set(HEADERS)
    assert len(contract.columns) == 28


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_made_table_is_accepted_and_only_impossible_ages_become_missing(contract, small, tmp_path, kind):
    path = tmp_path / f"bank.{kind}"
    getattr(small.table, f"write_{kind}")(path)
    reading = read_table(path, contract=contract)
    customers = require_accepted(reading)
    assert customers.height == small.table.height
    assert customers["tag"].sum() == (small.table["C_seg"] == "AFFLUENT").sum()
    assert [(v.column, v.count) for v in reading.report.violations] == [("C_AGE", 4)]
    assert customers["time_deposits_sgd"].equals(small.table["MTHTD"], check_names=False)


def test_no_column_of_the_truth_is_in_the_contract(contract, small):
    assert not {c.source for c in contract.columns} & set(small.truth.columns)


def test_tag_drivers_are_what_is_held_here(contract):
    drivers = {column.source for column in contract.tag_drivers}
    assert {"MTHTD", "MAXTD", "MTHCASA", "UT_AVE", "Asset value", "NUM_PRD"} <= drivers
    assert not {"CC_LMT", "ANN_TRN_AMT", "AL_tag", "C_AGE", "gn_occ"} & drivers


def test_the_dummy_postal_code_is_no_feature(contract):
    assert next(c for c in contract.columns if c.source == "PC").use is Use.FORBIDDEN


def test_listed_categories_are_all_there_are(contract, bank):
    for column in contract.columns:
        if column.categories:
            assert set(bank.table[column.source].drop_nulls().unique()) <= set(column.categories)
            assert bank.table.schema[column.source] == pl.String
