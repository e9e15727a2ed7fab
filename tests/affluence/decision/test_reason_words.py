"""Sentences and codes of reasons, on typical values that we set."""

from pathlib import Path

import polars as pl
import pytest

from affluence.data.contract import Column, load_contract
from affluence.decision.reason_words import (
    Typical,
    Usual,
    code_of,
    codes_of,
    said,
    sentence_of,
    speaks_for,
    typical_of,
)

CONF = Path(__file__).resolve().parents[3] / "conf" / "base"


def _column(name: str, kind: str = "number", missing: str = "does_not_hold", **more) -> Column:
    given = {"source": name, "name": name, "type": kind, "missing": missing, "use": "speakable", "meaning": name}
    return Column.model_validate({**given, **more})


DEPOSITS = _column("time_deposits_sgd", unit="SGD")
LOAN = _column("home_loan", "integer", range=(1, 1))
JOB = _column("occupation", "category", missing="not_recorded")
DEBT = _column("card_balance_sgd", unit="SGD", spoken="credit card balance")


def _typical(column: Column, normal, affluent, *, held=(0.3, 0.6), categories=({}, {})) -> Typical:
    usual = [
        Usual({column.name: value}, {column.name: share}, {column.name: shares})
        for value, share, shares in zip((normal, affluent), held, categories, strict=True)
    ]
    return Typical(usual[0], usual[1])


def _sentence(column: Column, value, typical: Typical) -> str:
    return sentence_of(column, value, typical, currency="SGD")


def test_an_amount_stands_beside_what_both_groups_have():
    assert _sentence(DEPOSITS, 123_456.0, _typical(DEPOSITS, None, 90_123.0)) == (
        "time deposits of SGD 120,000; affluent customers typically have 90,000, others none"
    )


def test_a_lower_value_reads_right():
    assert _sentence(DEBT, 0.0, _typical(DEBT, 912.0, 205.0)) == (
        "credit card balance of SGD 0; affluent customers typically have 200, others 910"
    )


def test_what_is_not_held_reads_right():
    assert _sentence(DEBT, None, _typical(DEBT, 900.0, None)) == (
        "no credit card balance; affluent customers typically have none, others 900"
    )


def test_what_both_groups_have_alike_is_said_once():
    assert _sentence(DEBT, 500.0, _typical(DEBT, 0.0, 0.0)) == (
        "credit card balance of SGD 500; affluent customers and others typically have 0"
    )


def test_a_flag_and_a_category_stand_beside_shares():
    assert _sentence(LOAN, 1.0, _typical(LOAN, None, None, held=(0.03, 0.2))) == (
        "a home loan; held by 20 % of affluent customers and 3 % of others"
    )
    assert _sentence(LOAN, None, _typical(LOAN, None, None, held=(0.2, 0.03))) == (
        "no home loan, as 97 % of affluent customers and 80 % of others"
    )
    shares = ({"PMEB": 0.3}, {"PMEB": 0.45})
    assert _sentence(JOB, "PMEB", _typical(JOB, "PMEB", "PMEB", categories=shares)) == (
        "occupation PMEB, as 45 % of affluent customers and 30 % of others"
    )


def test_a_small_share_is_not_said_to_be_none():
    sentence = _sentence(JOB, "A", _typical(JOB, "B", "B", categories=({"A": 0.001}, {"A": 0.999})))
    assert sentence == "occupation A, as 99 % of affluent customers and under 1 % of others"


@pytest.mark.parametrize(
    ("column", "value", "typical", "speaks"),
    [
        (DEPOSITS, 10.0, _typical(DEPOSITS, None, 90.0), True),
        (DEPOSITS, None, _typical(DEPOSITS, None, 90.0), False),
        (DEBT, 100.0, _typical(DEBT, 900.0, 200.0), True),
        (DEBT, 1_000.0, _typical(DEBT, 900.0, 200.0), False),
        (DEBT, 900.0, _typical(DEBT, 900.0, 200.0), False),
        (DEBT, 901.0, _typical(DEBT, 900.0, 2_000.0), False),
        (LOAN, 1.0, _typical(LOAN, None, None, held=(0.03, 0.2)), True),
        (LOAN, 1.0, _typical(LOAN, None, None, held=(0.2, 0.03)), False),
        (LOAN, 1.0, _typical(LOAN, None, None, held=(0.081, 0.082)), False),
        (JOB, None, _typical(JOB, "PMEB", "PMEB"), False),
    ],
)
def test_a_reason_is_one_only_if_its_comparison_speaks_for_the_customer(column, value, typical, speaks):
    assert speaks_for(column, value, typical) is speaks


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (123_456, "120,000"),
        (1_000_000, "1,000,000"),
        (99, "99"),
        (101, "100"),
        (4.26, "4.3"),
        (0.0123, "0.012"),
        (0, "0"),
        (-1_234, "-1,200"),
        (99.6, "100"),
    ],
)
def test_numbers_are_rounded_as_people_say_them(value, words):
    assert said(value) == words


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (DEPOSITS, 5.0, "TIME_DEPOSITS_HIGH"),
        (DEPOSITS, None, "TIME_DEPOSITS_NONE"),
        (LOAN, 1.0, "HOME_LOAN_HELD"),
        (JOB, "PMEB", "OCCUPATION_IS"),
        (JOB, None, "OCCUPATION_NOT_RECORDED"),
        (DEBT, -5.0, "CARD_BALANCE_LOW"),
    ],
)
def test_codes_are_short_and_stable(column, value, code):
    assert code_of(column, value, None) == code


@pytest.mark.parametrize("table", ["adult", "reference_bank"])
def test_the_codes_of_a_contract_stand_once_each_and_leave_out_what_is_forbidden(table):
    contract = load_contract(CONF / f"contract_{table}.yml")
    codes = codes_of(contract)
    assert codes["code"].is_unique().all()
    assert set(codes["column"]) == {column.name for column in contract.feature_columns}


def test_typical_is_the_median_the_commonest_and_missing_where_most_lack_it():
    people = pl.DataFrame(
        {
            "tag": [0] * 10 + [1] * 10,
            "time_deposits_sgd": [None] * 6 + [1.0] * 4 + [None] * 2 + [5.0] * 4 + [7.0] * 4,
            "occupation": ["A"] * 6 + ["B"] * 4 + ["B"] * 10,
        }
    )
    typical = typical_of(people, [DEPOSITS, JOB])
    assert typical.normal.value == {"time_deposits_sgd": None, "occupation": "A"}
    assert typical.affluent is not None
    assert typical.affluent.value == {"time_deposits_sgd": 5.0, "occupation": "B"}
    assert typical.normal.held["time_deposits_sgd"] == pytest.approx(0.4)


def test_fewer_than_ten_tagged_are_not_told_of():
    people = pl.DataFrame({"tag": [0] * 20 + [1] * 9, "occupation": ["A"] * 29})
    typical = typical_of(people, [JOB])
    assert typical.affluent is None
    assert "affluent" not in _sentence(JOB, "A", typical)
