import csv
import stat

import polars as pl
import pytest

from affluence.data.reading import read_table
from affluence.data.writing import write_csv, write_parquet, write_text

FRAME = pl.DataFrame({"customer_id": ["a", "b"], "score": [-0.5, 2.0]})


def test_what_is_written_is_read_again(tmp_path):
    write_parquet(FRAME, tmp_path / "new" / "folder" / "t.parquet")
    assert pl.read_parquet(tmp_path / "new/folder/t.parquet").equals(FRAME)
    write_csv(FRAME, tmp_path / "t.csv")
    assert pl.read_csv(tmp_path / "t.csv").equals(FRAME)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\tx", "\rx", "\n=x", "\uff1d1+1", "-", "=cmd|' /C calc'!A0"]
)
def test_a_formula_becomes_text(tmp_path, cell):
    write_csv(pl.DataFrame({"x": [cell]}), tmp_path / "t.csv")
    assert pl.read_csv(tmp_path / "t.csv")["x"].to_list() == ["'" + cell]


@pytest.mark.parametrize("cell", ["a=b", "-12.5", "+3", "-1,234.5", "", " a", "'=x", "2-1"])
def test_other_text_is_left_alone(tmp_path, cell):
    write_csv(pl.DataFrame({"x": [cell, "z"]}), tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["x"], [cell], ["z"]]


def test_categories_are_made_harmless_and_numbers_stay(tmp_path):
    frame = pl.DataFrame({"c": pl.Series(["=x", None], dtype=pl.Categorical), "n": [-1, None], "b": [True, None]})
    write_csv(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines() == ["c,n,b", "'=x,-1,true", ",,"]
    assert frame["c"].to_list() == ["=x", None]


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch, write):
    path = tmp_path / "t"
    write(FRAME, path)
    before = path.read_bytes()

    def fail(self, target, **options):
        target.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(pl.DataFrame, write.__name__, fail)
    with pytest.raises(OSError, match="no space"):
        write(FRAME.head(1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_has_the_rights_that_files_here_have(tmp_path):
    write_csv(FRAME, tmp_path / "t.csv")
    (tmp_path / "plain").touch()
    assert stat.S_IMODE((tmp_path / "t.csv").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "t.csv"]


def test_a_made_harmless_table_can_be_read_as_a_table(tmp_path, contract):
    frame = pl.DataFrame({"ID": ["=a", "b"], "SEG": "NORMAL", "AGE": 4, "BAL": [-1.5, 2], "JOB": "clerk"})
    write_csv(frame, tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv", contract=contract).customers["customer_id"].to_list() == ["'=a", "b"]


def test_a_text_is_written_whole_in_utf8(tmp_path):
    write_text("größer €\n", tmp_path / "new" / "t.yml")
    assert (tmp_path / "new" / "t.yml").read_bytes() == "größer €\n".encode()
    write_text("x", tmp_path / "new" / "t.yml")
    assert [path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()] == ["x"]
