import io
import zipfile

import polars as pl
import pytest
import xlsxwriter

from affluence.data import raw_table
from affluence.data.raw_table import open_raw_table
from affluence.errors import UserError


def as_parquet():
    content = io.BytesIO()
    pl.DataFrame({"x": range(1_000)}).write_parquet(content)
    return content.getvalue()


def as_excel():
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.add_worksheet().write_column(0, 0, ["x", *range(1_000)])
    return content.getvalue()


def as_zip():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("table.csv", "x\n1\n")
    return content.getvalue()


REFUSED = {
    "a PDF": (b"%PDF-1.7\n...", "is a PDF"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, r"old kind \(.xls\) or one with a password"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "is a picture"),
    "bzip2": (b"BZh91AY", "packed with bzip2"),
    "a database": (b"SQLite format 3\x00", "is a database"),
    "noise": (bytes(range(256)) * 4, "this is no text"),
    "a zip": (as_zip(), "this is a zip, not a table"),
    "a zip cut off": (as_zip()[:60], "Excel file or zip is damaged or cut off"),
    "Excel cut off": (as_excel()[:3_000], "Excel file or zip is damaged or cut off"),
    "Parquet cut off": (as_parquet()[:500], "Parquet file is damaged or cut off"),
    "Parquet's mark alone": (b"PAR1", "Parquet file is damaged or cut off"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_table_is_refused_in_a_sentence(save, kind):
    content, sentence = REFUSED[kind]
    with pytest.raises(UserError, match=f"table.csv: .*{sentence}") as caught, open_raw_table(save(content)):
        pass
    assert str(caught.value).endswith(".")


def test_an_excel_file_whose_sheet_is_damaged_is_refused(save):
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_excel())) as sound, zipfile.ZipFile(content, "w") as broken:
        for name in sound.namelist():
            broken.writestr(name, b"<x" if "sheet1" in name else sound.read(name))
    with pytest.raises(UserError, match="cannot be read"), open_raw_table(save(content.getvalue())):
        pass


@pytest.mark.parametrize(
    ("content", "name", "first"), [(as_parquet(), "Parquet", 1), (as_excel(), "Excel", 2), (b"x\n0\n", "CSV", 2)]
)
def test_each_kind_says_where_its_rows_stand(save, content, name, first):
    with open_raw_table(save(content)) as raw:
        assert (raw.format, raw.headers, raw.cells.columns) == (name, ("x",), ["0"])
        assert float(raw.cells["0"][0]) == 0
        assert next(iter(raw.lines())) == first
        assert len(raw.lines()) == raw.cells.height


def test_the_temporary_copy_is_gone_afterwards(save, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = save("x\n1\n")
    with open_raw_table(path):
        assert [entry.is_dir() for entry in tmp_path.iterdir() if entry != path] == [True]
    assert list(tmp_path.iterdir()) == [path]


def test_excel_cells_beyond_the_headers_have_no_header(save):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["x", "y"])
        sheet.write_row(1, 0, [1, 2, 3])
    with open_raw_table(save(content.getvalue())) as raw:
        assert raw.headers == ("x", "y", "")
        assert raw.cells.rows() == [(1, 2, 3)]


@pytest.mark.parametrize(
    "content", [b"x\n" + b"1\n" * 1_000, as_excel(), as_parquet()], ids=["CSV", "Excel", "Parquet"]
)
def test_more_rows_than_are_taken_are_refused(save, content):
    with open_raw_table(save(content), max_rows=1_000) as raw:
        assert raw.cells.height == 1_000
    with (
        pytest.raises(UserError, match="it has 1,000 rows, and at most 999"),
        open_raw_table(save(content), max_rows=999),
    ):
        pass


def test_the_copy_is_made_where_it_is_asked_for(save, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with open_raw_table(save("x\n1\n"), scratch=scratch):
        assert [path.name for path in scratch.rglob("*.csv")] == ["table.csv"]
    assert list(scratch.iterdir()) == []


def test_parquet_of_more_cells_than_are_held_is_refused_before_it_is_read(save, monkeypatch):
    monkeypatch.setattr(raw_table, "_MOST_PARQUET_CELLS", 999)
    with pytest.raises(UserError, match="at most 16,384 columns and 999 cells"), open_raw_table(save(as_parquet())):
        pass
