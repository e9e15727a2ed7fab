from pathlib import Path

import pytest

from affluence.data.contract import load_contract
from affluence.data.made_sample import made_sample
from affluence.data.reading import read_table

CONF = Path(__file__).resolve().parents[3] / "conf" / "base"


@pytest.mark.parametrize("path", sorted(CONF.glob("contract_*.yml")), ids=lambda path: path.stem)
def test_the_contract_accepts_its_sample(save, path):
    contract = load_contract(path)
    reading = read_table(save(made_sample(contract)), contract=contract)
    assert reading.report.sentences() == ()
    assert (reading.customers.height, reading.customers["tag"].sum()) == (20, 5)


def test_the_same_contract_gives_the_same_sample(contract, make_contract):
    assert made_sample(contract) == made_sample(contract)
    assert made_sample(contract) != made_sample(make_contract(table="other"))


def test_a_sample_is_written_as_the_contract_reads_numbers(save, make_contract):
    contract = make_contract(locale={"name": "de_DE", "decimal": ",", "thousands": "."})
    text = made_sample(contract)
    assert text.startswith("ID;SEG;AGE;BAL;JOB\n")
    assert not read_table(save(text), contract=contract).report.violations


@pytest.mark.parametrize("bounds", [[None, -5], [7, None], [0.5, 3.4], [None, None], [-3, -3]])
def test_numbers_lie_in_their_range(save, make_contract, contract, bounds):
    age = contract.columns[0].model_dump() | {"range": bounds, "missing": "refused"}
    ranged = make_contract(columns=[age])
    assert not read_table(save(made_sample(ranged)), contract=ranged).report.violations
