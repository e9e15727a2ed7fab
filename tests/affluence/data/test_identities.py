import polars as pl
import pytest

from affluence.data.contract import load_contract
from affluence.data.identities import settle_identities
from affluence.data.reading import read_table
from affluence.errors import ContractError

CUSTOMERS = pl.DataFrame(
    {
        "row": [1, 2, 3, 4, 5, 6],
        "customer_id": ["a", "b", "a", "c", "b", "a"],
        "tag": pl.Series([1, 0, 0, 0, 0, 0], dtype=pl.Int8),
        "month": [1, 5, 3, None, 5, 2],
    }
)


def test_the_latest_row_stands_with_its_own_tag():
    settled = settle_identities(CUSTOMERS, rule="latest", decided_by="month")
    assert settled["row"].to_list() == [2, 3, 4]
    assert settled["tag"].to_list() == [0, 0, 0]


def test_the_strongest_row_stands_and_a_tag_in_any_row_counts():
    settled = settle_identities(CUSTOMERS, rule="strongest", decided_by="month")
    assert settled["row"].to_list() == [2, 3, 4]
    assert settled["tag"].to_list() == [0, 1, 0]
    assert settled.columns == CUSTOMERS.columns
    assert settled.schema == CUSTOMERS.schema


def test_of_equal_rows_the_first_stands_and_nothing_changes_its_input():
    before = CUSTOMERS.clone()
    assert settle_identities(CUSTOMERS, rule="latest", decided_by="month").filter(customer_id="b")["row"].item() == 2
    assert CUSTOMERS.equals(before)


def test_customers_with_one_row_each_stay_as_they_are():
    alone = CUSTOMERS.unique("customer_id", keep="first", maintain_order=True).drop("tag")
    assert settle_identities(alone, rule="strongest", decided_by="month").equals(alone)


CONTRACT = """
table: made
title: Made
customer_id: {{source: ID, decided_by: {decided_by}}}
tag: {{source: SEG, affluent: [A], normal: [N]}}
policy: {{repeated_customer_id: {rule}}}
columns:
  - {{source: BAL, name: balance, type: number, missing: not_recorded, use: speakable, meaning: Balance.}}
  - {{source: JOB, name: job, type: category, missing: not_recorded, use: speakable, meaning: Job.}}
"""
TABLE = "ID,SEG,BAL,JOB\na,A,10,x\nb,N,5,x\na,N,30,y\n"


@pytest.fixture
def read(tmp_path):
    def read_under(rule: str, decided_by: str = "balance"):
        (tmp_path / "contract.yml").write_text(CONTRACT.format(rule=rule, decided_by=decided_by))
        (tmp_path / "table.csv").write_text(TABLE)
        return read_table(tmp_path / "table.csv", contract=load_contract(tmp_path / "contract.yml"))

    return read_under


def test_the_contracts_rule_is_applied_and_told_with_the_lines_left_out(read):
    reading = read("strongest")
    assert reading.customers.select("row", "customer_id", "tag").rows() == [(2, "b", 0), (3, "a", 1)]
    (sentence,) = reading.report.sentences()
    assert sentence == (
        "ID: 1 of 3 rows is a further row of a customer (line 2). Left out. "
        "The strongest row by balance stands for the customer."
    )
    assert not reading.report.refused
    assert reading.report.rows_kept == 2


@pytest.mark.parametrize(("rule", "rows"), [("keep", 3), ("refuse", 0)])
def test_rows_can_be_kept_apart_or_refused(read, rule, rows):
    assert read(rule).customers.height == rows


@pytest.mark.parametrize("decided_by", ["nobody", "job", "null"])
def test_a_rule_without_a_number_to_decide_by_is_refused_in_the_contract(read, decided_by):
    with pytest.raises(ContractError, match="wanted the number that says which row is the latest"):
        read("latest", decided_by)
