"""A table read in parts is the table read whole: the same customers, the same report, whatever the parts."""

import gzip

import polars as pl
import pytest
from tests.affluence.conftest import made_contract

from affluence.data import reading
from affluence.data.parts import open_in_parts
from affluence.data.reference_bank import simulate
from affluence.errors import UserError

ROWS = 700
SIZES = (1, 7, 100, ROWS, 10 * ROWS)


def whole(path, contract):
    read = reading.read_table(path, contract=contract, tag_required=False)
    return read.customers, read.report


def in_parts(path, contract, *, rows, order=list):
    with open_in_parts(path, contract=contract, rows_of_part=rows) as table:
        parts = order(list(table.parts()))
        customers = pl.concat([part.customers for part in parts]).sort("row")
        report = table.report([part.breaches for part in parts], kept=customers.height)
        assert len(parts) == table.count
    return (customers.clear() if report.refused else customers), report


def assert_same(path, contract, *, rows, order=list):
    customers, report = in_parts(path, contract, rows=rows, order=order)
    expected, told = whole(path, contract)
    assert customers.equals(expected)
    assert report.sentences() == told.sentences()
    assert report.to_dict() == told.to_dict() | {"rows_kept": report.rows_kept}


@pytest.fixture(scope="module")
def bank():
    return simulate(customers=ROWS, seed=3).table


@pytest.fixture(scope="module")
def bank_contract():
    from affluence.data.contract import load_contract
    from affluence.workspace import contract_path

    return load_contract(contract_path("reference_bank"))


def ruled(contract, rule):
    policy = contract.policy.model_copy(update={"repeated_customer_id": rule})
    ids = contract.customer_id.model_copy(update={"decided_by": "products_held"})
    return contract.model_copy(update={"policy": policy, "customer_id": ids})


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz"])
def test_the_reference_bank_with_every_trap(tmp_path, bank, bank_contract, kind, rows):
    file = tmp_path / f"bank.{kind}"
    if kind == "parquet":
        bank.write_parquet(file, row_group_size=90)
    elif kind == "csv":
        bank.write_csv(file)
    else:
        file.write_bytes(gzip.compress(bank.write_csv().encode()))
    if rows == 1 and kind != "parquet":
        rows = 3
    assert_same(file, bank_contract, rows=rows)


@pytest.mark.parametrize("rule", ["refuse", "keep", "latest", "strongest"])
@pytest.mark.parametrize("rows", [9, 200])
def test_rows_of_a_customer_are_settled_wherever_they_stand(tmp_path, bank, bank_contract, rule, rows):
    file = tmp_path / "bank.parquet"
    bank.write_parquet(file)
    assert_same(file, ruled(bank_contract, rule), rows=rows)


def test_parts_may_come_in_any_order(tmp_path, bank, bank_contract):
    file = tmp_path / "bank.parquet"
    bank.write_parquet(file)
    assert_same(file, ruled(bank_contract, "latest"), rows=50, order=lambda parts: parts[::-1])


def test_parts_that_are_done_are_left_out(tmp_path, bank, bank_contract):
    file = tmp_path / "bank.parquet"
    bank.write_parquet(file)
    with open_in_parts(file, contract=bank_contract, rows_of_part=100) as table:
        assert [part.number for part in table.parts(without=frozenset({0, 2, 3}))] == [1, 4, 5, 6, 7]


@pytest.mark.parametrize("rows", [2, 1_000])
@pytest.mark.parametrize(
    "text",
    [
        "customer_id,tag,balance_usd,age_years,job\n",
        "customer_id,tag,balance_usd,age_years,job\nA,0,1,30,clerk\n",
        "customer_id,tag,balance_usd,age_years,job\n" + "A,0,,,\nB,1,,,\nC,0,,,\n",
        "customer_id,tag,balance_usd,age_years,job\nA,0,1,30,clerk\nA,1,x,31,clerk\nB,0,2,200,poet\n,0,1,1,clerk\n",
        'customer_id,tag,balance_usd,age_years,job\nA,0,1,30\nB,0,1,30,clerk\nC,0,1,30,clerk,more\nD,0,2,3,"cl"erk\n',
        'customer_id,tag,balance_usd,age_years,job\nA,0,1,30,"two\nlines"\n\nB,0,1,300,clerk\n',
        "customer_id,tag,balance_usd,job,surplus\nA,0,1,clerk,x\n",
        "",
    ],
)
def test_hostile_texts(tmp_path, text, rows):
    file = tmp_path / "table.csv"
    file.write_text(text)
    assert_same(file, made_contract(), rows=rows)


def test_a_column_of_floats_that_is_text_is_read_as_in_the_whole(tmp_path):
    frame = pl.DataFrame(
        {"customer_id": [1.0, 2.0, 3.5, 4.0], "tag": [0.0, 1.0, 0.0, None], "balance_usd": [1, 2, 3, 4]}
        | {"age_years": [30, 31, 32, 33], "job": [1.0, 2.0, 3.0, 4.0]}
    )
    frame.write_parquet(tmp_path / "table.parquet")
    assert_same(tmp_path / "table.parquet", made_contract(), rows=2)


def test_an_excel_file(tmp_path):
    frame = pl.DataFrame(
        {"customer_id": ["A", "B", "C"], "tag": [0, 1, 0], "balance_usd": ["1", "x", "3"]}
    ).with_columns(age_years=pl.Series([30, 31, 32]), job=pl.lit("clerk"))
    frame.write_excel(tmp_path / "table.xlsx")
    assert_same(tmp_path / "table.xlsx", made_contract(), rows=2)


@pytest.mark.parametrize("content", [b"%PDF-1.4", b"PAR1 and no more", b"\x1f\x8bcut"])
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(UserError), open_in_parts(tmp_path / "table", contract=made_contract()):
        pass
