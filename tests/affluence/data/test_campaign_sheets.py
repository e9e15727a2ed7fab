"""Exclusion lists and outcomes as files, and a folder that appears whole or not at all."""

import hashlib
import io
from pathlib import Path

import polars as pl
import pytest

from affluence.data.exclusion_lists import read_exclusion_list
from affluence.data.outcome_files import read_outcomes
from affluence.data.writing import table_bytes, write_folder
from affluence.errors import UserError


def test_an_exclusion_list_may_call_the_id_as_the_bank_does(tmp_path, contract):
    path = tmp_path / "staff.csv"
    path.write_text("ID;reason\n 7 ;works here\n'=8;\n")
    listed = read_exclusion_list(path, kind="staff", contract=contract)
    assert listed.entries.select("line", "customer_id", "reason").rows() == [(2, "7", "works here"), (3, "=8", None)]
    assert listed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_outcomes_are_read_as_days_and_amounts(tmp_path, contract):
    path = tmp_path / "outcomes.csv"
    path.write_text("customer_id,outcome,date,amount\n7,Took product,2026-03-05,-12.5\n")
    row = read_outcomes(path, contract=contract).entries.row(0, named=True)
    assert (row["outcome"], row["amount"], str(row["day"])) == ("took_product", -12.5, "2026-03-05")


@pytest.mark.parametrize(
    "read", [lambda p, c: read_exclusion_list(p, kind="staff", contract=c), lambda p, c: read_outcomes(p, contract=c)]
)
def test_what_is_no_sheet_is_refused(read, tmp_path, contract):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("x.csv", "absent.csv"):
        with pytest.raises(UserError, match=f"{name} cannot be read"):
            read(tmp_path / name, contract)


def test_a_folder_that_is_there_is_not_overwritten(tmp_path):
    write_folder({"a": b"1"}, tmp_path / "f")
    with pytest.raises(UserError, match="f is there already"):
        write_folder({"a": b"2"}, tmp_path / "f")
    assert (tmp_path / "f" / "a").read_bytes() == b"1"


def test_a_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    def fail(path, content):
        if path.name == "b":
            raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="no space"):
        write_folder({"a": b"1", "b": b"2"}, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_an_empty_table_is_a_file_and_equal_tables_are_equal_files(kind):
    frame = pl.DataFrame(schema={"a": pl.String, "b": pl.Float64})
    assert table_bytes(frame, kind) == table_bytes(frame.clone(), kind) != b""


def test_excel_keeps_text_numbers_links_and_gaps_as_they_are():
    frame = pl.DataFrame({"a": ["007", "http://x.y", "=1+1", None], "b": [-1.5, None, 2.0, 3.0]})
    assert pl.read_excel(io.BytesIO(table_bytes(frame, "xlsx"))).equals(frame)
