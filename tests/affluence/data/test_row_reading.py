"""Single customers are read as the same customers in a table are, whichever way they go."""

import math

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from affluence.data.checking import check_table
from affluence.data.contract import Contract
from affluence.data.row_reading import RowReader

CELLS: dict[str, list[object]] = {
    "customer_id": ["A1", "B2", "", " C3", None, 7, 2**60, 1.5, "N/A", True, "x\x00", "é", "\u00a0D"],
    "worth": [0, 1, 1.5, -1, -0.0, 1_000_000, 1e9, None, "", "12", "1,234.5", "-", -999, "-999", "nan", math.inf],
    "years": [18, 17, 110, 111, 40.0, 40.5, "40", "40.0", None, "", "forty", True, 10**30, -999],
    "job": ["clerk", "doctor", "cook", " clerk", "clerk ", "", "N/A", None, 3, "CLERK", True],
    "note": ["anything", "", " x", None, 1, 2.5, "N/A", "a\tb", "\u2003", "\x1cx", "ü"],
}  # fmt: skip


def contract(**policy: str) -> Contract:
    def column(name: str, kind: str, missing: str = "not_recorded", **more: object) -> dict[str, object]:
        return {
            "source": name.upper(), "name": name, "type": kind, "missing": missing, "use": "internal",
            "meaning": "Made.", **more,
        }  # fmt: skip

    return Contract.model_validate(
        {
            "table": "made",
            "title": "Made customers",
            "missing_marks": ["", "N/A", "-999"],
            "customer_id": {"source": "ID"},
            "tag": {"source": "SEG", "affluent": ["AFFLUENT"], "normal": ["NORMAL"]},
            "policy": policy,
            "columns": [
                column("worth", "number", range=[0, 1_000_000]),
                column("years", "integer", missing="refused", range=[18, 110]),
                column("job", "category", categories=["clerk", "doctor"]),
                column("note", "category"),
            ],
        }
    )


SET_MISSING = dict.fromkeys(("wrong_type", "out_of_range", "unknown_category"), "set_missing")
DROP = {"missing_value": "drop", "empty_customer_id": "drop"}


@pytest.mark.parametrize("policy", [{}, SET_MISSING, SET_MISSING | DROP])
@pytest.mark.parametrize("names", ["ours", "headers"])
def test_the_short_way_reads_what_the_check_of_a_table_reads(policy, names):
    reader = RowReader(contract(**policy))
    random, short = np.random.default_rng(0), 0
    for _ in range(400):
        # Plain first entries most of the time, so that whole rows are plain often enough.
        def draw(cells: list[object]) -> object:
            return cells[0] if random.random() < 0.6 else cells[random.integers(len(cells))]

        customers = [{name: draw(cells) for name, cells in CELLS.items()} for _ in range(random.integers(1, 4))]
        if names == "headers":
            customers = [{reader.sources[name]: cell for name, cell in one.items()} for one in customers]
        table = check_table(reader._as_table(customers), contract=reader.contract, tag_required=False)
        short += reader._plainly(customers) is not None
        read, violations = reader.read(customers)
        assert_frame_equal(read, table[0])
        assert violations == table[1]
    assert short > 20


def test_a_tag_is_read_and_need_not_be_there():
    reader = RowReader(contract())
    customer = {"customer_id": "A1", "worth": 1, "years": 40, "job": "clerk", "note": "x"}
    read, violations = reader.read([customer | {"tag": "AFFLUENT"}])
    assert read["tag"].to_list() == [1]
    assert not violations
    assert "tag" not in reader.read([customer])[0].columns
    assert [violation.rule for violation in reader.read([customer | {"tag": "MAYBE"}])[1]] == ["unknown_tag"]


def test_a_column_that_is_not_there_and_one_that_nobody_knows_are_told():
    reader = RowReader(contract())
    customer = {"customer_id": "A1", "worth": 1, "years": 40, "note": "x"}
    assert {violation.rule for violation in reader.read([customer | {"other": 1}])[1]} == {
        "missing_column", "extra_columns",
    }  # fmt: skip
    assert {violation.rule for violation in reader.read([customer | {"job": "clerk", "JOB": "clerk"}])[1]} == {
        "repeated_header"
    }


def test_two_rows_of_one_customer_go_by_the_contracts_rule():
    customer = {"customer_id": "A1", "worth": 1, "years": 40, "job": "clerk", "note": "x"}
    assert [violation.rule for violation in RowReader(contract()).read([customer, customer])[1]] == [
        "repeated_customer_id"
    ]
    kept, violations = RowReader(contract(repeated_customer_id="keep")).read([customer, customer])
    assert (kept.height, violations) == (2, ())


def test_numbers_among_texts_are_read_as_the_locale_writes_them():
    german = contract().model_dump() | {"locale": {"name": "de_DE", "decimal": ",", "thousands": "."}}
    reader = RowReader(Contract.model_validate(german))
    base = {"customer_id": "A1", "years": 40, "job": "clerk", "note": "x"}
    read, violations = reader.read([base | {"worth": 1.5}, base | {"customer_id": "B2", "worth": "1.234,5"}])
    assert not violations
    assert read["worth"].to_list() == [1.5, 1234.5]


def test_types_are_those_of_a_table():
    customer = {"customer_id": 5, "worth": 1, "years": 40, "job": None, "note": "x"}
    assert RowReader(contract()).read([customer])[0].schema == {
        "row": pl.Int64, "customer_id": pl.String, "worth": pl.Float64, "years": pl.Int64, "job": pl.String,
        "note": pl.String,
    }  # fmt: skip


def test_nobody_is_a_customer_of_whom_nothing_is_known():
    reader = RowReader(contract())
    read, _ = reader.read([{"customer_id": "A1", "worth": 1.5, "years": 40, "job": "clerk", "note": "x"}])
    nobody = reader.nobody()
    assert nobody.schema == read.schema
    assert nobody.height == 1
    assert nobody.select("worth", "years", "job", "note").null_count().row(0) == (1, 1, 1, 1)
