"""The check of a table: what is accepted, what is refused in which words, and that nothing of a refused file stays."""

import gzip
import io
import struct
import zipfile
from dataclasses import replace

import polars as pl
import pytest
import xlsxwriter
from tests.affluence_service.datasets.conftest import GOOD, HEADER, files_left

from affluence_service.datasets import work
from affluence_service.datasets.models import Dataset
from affluence_service.jobs import services as jobs

pytestmark = pytest.mark.django_db(transaction=True)


def frame():
    return pl.read_csv(GOOD.encode())


def as_parquet(table=None):
    content = io.BytesIO()
    (frame() if table is None else table).write_parquet(content)
    return content.getvalue()


def as_excel(fill=None):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, frame().columns)
        for line, row in enumerate(frame().rows(), start=1):
            sheet.write_row(line, 0, row)
        if fill:
            fill(sheet)
    return content.getvalue()


def zipped(**parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return content.getvalue()


def lying_excel():
    """An Excel file whose directory says that a sheet of 30 MB has 100 bytes."""
    content = bytearray(zipped(**{"xl__workbook.xml": b"<workbook/>", "xl__worksheets__sheet1.xml": b"a" * 30_000_000}))
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 100)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (GOOD, "CSV"),
        (GOOD.replace(",", ";"), "CSV"),
        (GOOD.replace(",", "\t").encode("utf-16"), "CSV"),
        (GOOD.replace("clerk", '"clerk"').replace("\n", "\r\n").encode("utf-8-sig"), "CSV"),
        (gzip.compress(GOOD.encode()), "CSV in gzip"),
        (as_parquet(), "Parquet"),
        (as_excel(), "Excel"),
        (HEADER + "c1,NORMAL,40,1,clerk\n", "CSV"),
        (GOOD.replace("SEG", "OLD").replace("ID,OLD", "ID").replace("AFFLUENT,", "").replace("NORMAL,", ""), "CSV"),
    ],
    ids=["commas", "semicolons", "tabs in UTF-16", "quotes", "gzip", "Parquet", "Excel", "one row", "no tag"],
)
@pytest.mark.parametrize("name", ["table.pdf", "table"])
def test_the_content_says_what_a_table_is(checked, content, kind, name):
    dataset = checked(content, name=name)
    assert (dataset.state, dataset.format, dataset.problem) == ("accepted", kind, "")


REFUSED = {
    "nothing": (b"", "The table has no rows. Give one row for each customer."),
    "blank lines": (b"\n\n\n", "The table has no rows"),
    "a header alone": (HEADER, "The table has no rows"),
    "no header": (
        GOOD.partition("\n")[2],
        "The first line names no column of the contract. Give the table a header row.",
    ),
    "a missing column": (
        GOOD.replace("AGE", "ALTER"),
        "AGE: the table has no such column. Add it, or mend its header",
    ),
    "a header twice": (GOOD.replace("BAL", "AGE"), "AGE: 2 columns have this header"),
    "10,000 columns": (
        ",".join(f"x{column}" for column in range(10_000)) + ",ID\n" + "1," * 10_000 + "c1\n",
        "The contract does not know 10,000 of the columns: x0, x1, x2, x3, x4 and 9,995 more",
    ),
    "a row cut off": (GOOD + "c99,NORM", "1 of 13 rows has too few cells (line 14). Mend these rows in the file."),
    "a wrong type": (
        GOOD.replace(",31,", ",many,"),
        "AGE: 1 of 12 rows is not a whole number (line 3).",
    ),
    "a repeated id": (GOOD + "c1,NORMAL,40,1,clerk\n", "ID: 2 of 13 rows share their customer id with another row"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_table_that_breaks_its_contract_is_told_every_line_and_remedy(checked, kind):
    content, sentence = REFUSED[kind]
    dataset = checked(content, name="march.csv")
    told = [violation["sentence"] for violation in dataset.report["violations"] if violation["action"] == "refuse"]
    assert dataset.state == "refused"
    assert any(sentence in each for each in told), told
    assert dataset.report["file"] == "march.csv"
    assert dataset.problem.startswith("The table does not keep its contract: ")
    assert files_left() == []


UNREADABLE = {
    "a PDF": (b"%PDF-1.7\n...", "This is a PDF."),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 99, "This is a picture."),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "This is an Excel file of the old kind (.xls)"),
    "a zip of something else": (zipped(**{"table.csv": GOOD}), "This is a zip, not a table. Unpack it."),
    "an OpenDocument file": (zipped(**{"content.xml": "<x/>", "xl__workbook.xml": "<x/>"}), "This is an OpenDocument"),
    "binary Excel": (zipped(**{"xl__workbook.bin": "x"}), "This is an Excel file of the binary kind (.xlsb)"),
    "NUL bytes": (GOOD.replace("clerk", "cl\x00rk"), "This is no text."),
    "gzip cut off": (gzip.compress(GOOD.encode())[:-30], "This gzip file is damaged or cut off. Copy it again."),
    "gzip of noise": (gzip.compress(bytes(range(256)) * 9), "This is no text."),
    "Parquet cut off": (as_parquet()[:-30], "This Parquet file is damaged or cut off. Copy it again."),
    "Parquet with a damaged page": (as_parquet()[:8] + b"\xff" * 90 + as_parquet()[98:], "damaged or cut off"),
    "Excel cut off": (as_excel()[:-100], "This Excel file or zip is damaged or cut off. Copy it again."),
    "Excel that lies about its size": (lying_excel(), "This Excel file or zip is damaged or cut off."),
    "Excel that spans everything": (
        as_excel(lambda sheet: sheet.write(1_048_575, 16_383, "far")),
        "A sheet of this Excel file spans 1,048,576 rows and 16,384 columns, and at most 50,000,000 cells can be held.",
    ),
    "a zip of 70,000 parts": (
        zipped(**{"xl__workbook.xml": "", **{f"xl__{part}": "" for part in range(70_000)}}),
        "This zip has more parts than any Excel file.",
    ),
    "a million columns": (
        ("," * 1_000_000 + "\n") * 2,
        "Its first line has 1,000,001 columns, and at most 16,384 are taken.",
    ),
    "a line without an end": ("x" * 16_000_002, "It has a line of more than 16,000,000 characters"),
    "quotes that never close": (
        HEADER + 'c1,"a"b,1,1,clerk\n' * 10_001,
        "More than 10,000 lines have a quotation mark that is not closed",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_table_is_refused_in_one_sentence(checked, kind):
    content, sentence = UNREADABLE[kind]
    dataset = checked(content, name="march.csv")
    assert dataset.state == "refused"
    assert sentence in dataset.problem
    assert dataset.report == {}
    assert "upload" not in dataset.problem
    assert files_left() == []


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"a,b\n" * 1_000_000),
        gzip.compress(b"a" * 4_000_000),
        gzip.compress("é".encode("cp1252") + b"a" * 4_000_000),
        as_excel(lambda sheet: sheet.write_column(20, 0, ["a" * 30_000 + str(number) for number in range(100)])),
        zipped(**{"xl__workbook.xml": b"<workbook/>", "xl__media__x.xml": b"a" * 4_000_000}),
        as_parquet(pl.DataFrame({"ID": [f"{'a' * 900}{number}" for number in range(4_000)]})),
    ],
    ids=["gzip of lines", "gzip of one line", "gzip of one odd line", "Excel of texts", "Excel of zeros", "Parquet"],
)
def test_a_small_file_that_unpacks_to_more_than_is_taken_is_refused(checked, settings, content):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, max_upload_bytes=2_000_000)
    assert len(content) < 2_000_000
    dataset = checked(content)
    assert (dataset.state, files_left()) == ("refused", [])
    assert dataset.problem == "Unpacked it is larger than 2,000,000 bytes. Split it."


@pytest.mark.parametrize("content", [GOOD, as_excel(), as_parquet()], ids=["CSV", "Excel", "Parquet"])
def test_more_rows_than_are_taken_are_refused(checked, settings, content):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, max_rows=11)
    assert checked(content).problem == "It has 12 rows, and at most 11 are taken. Split it."
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, max_rows=12)
    assert checked(content).state == "accepted"


@pytest.mark.parametrize(
    "whole", [as_parquet(), as_excel(), gzip.compress(GOOD.encode())], ids=["Parquet", "Excel", "gzip"]
)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_wherever_a_file_was_cut_off_it_is_refused_in_a_sentence(checked, whole, share):
    dataset = checked(whole[: int(len(whole) * share)])
    assert dataset.state == "refused"
    assert dataset.problem.endswith(".")
    assert "fault of ours" not in dataset.problem
    assert files_left() == []


@pytest.mark.parametrize("whole", [as_parquet(), as_excel()], ids=["Parquet", "Excel"])
@pytest.mark.parametrize("place", [0.2, 0.4, 0.6, 0.8])
def test_a_damaged_byte_is_never_a_fault_of_ours(checked, whole, place):
    at = int(len(whole) * place)
    dataset = checked(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
    assert dataset.state in {"accepted", "refused"}
    assert "fault of ours" not in dataset.problem


def test_marks_that_no_database_keeps_are_not_in_a_report(checked):
    table = frame().with_columns(pl.lit("a\x00b").alias("x\x00y"), pl.lit("cl\x00rk").alias("JOB"))
    told = str(checked(as_parquet(table)).report)
    assert "\\x00" not in told
    assert "x\ufffdy" in told


def test_no_customer_is_quoted_in_what_is_kept_of_a_refused_table(checked):
    dataset = checked(GOOD.replace("c5,NORMAL,35,5.5,clerk", "SECRET-ID,WEIRD-TAG,SECRET-AGE,SECRET-BAL,SECRET-JOB"))
    assert dataset.state == "refused"
    assert "SECRET" not in f"{dataset.report}{dataset.problem}{dataset.job.result}"
    assert "WEIRD" not in f"{dataset.report}{dataset.problem}{dataset.job.result}"


def test_a_report_keeps_the_first_lines_and_counts_all(checked):
    rows = "".join(f"d{row},NORMAL,old,1,clerk\n" for row in range(500))
    (violation,) = checked(HEADER + rows).report["violations"]
    assert (violation["count"], violation["lines"]) == (500, list(range(2, 102)))


def test_a_check_that_fails_through_a_fault_refuses_and_leaves_nothing(send, analyst, work_off, monkeypatch):
    def fail(*_args, **_named):
        raise RuntimeError("c1 is secret")

    monkeypatch.setattr(work, "_keep", fail)
    send(analyst, GOOD)
    work_off()
    dataset = Dataset.objects.get()
    assert dataset.state == "refused"
    assert dataset.problem.startswith("The table was not checked, and nothing of it stays. ")
    assert "fault of ours (RuntimeError)" in dataset.problem
    assert "secret" not in dataset.problem
    assert files_left() == []


def test_a_check_whose_machine_gives_out_again_and_again_refuses(send, analyst):
    send(analyst, GOOD)
    while (job := jobs.claim("a worker")) is not None:
        jobs.crashed(job)
    dataset = Dataset.objects.get()
    assert (dataset.state, files_left()) == ("refused", [])
    assert "want of memory" in dataset.problem


def test_a_check_cancelled_while_it_runs_refuses(send, analyst):
    send(analyst, GOOD)
    job = jobs.claim("a worker")
    scratch = jobs.settings.ENVIRONMENT.folder / "work" / str(job.id) / str(job.lease)
    scratch.mkdir(parents=True)
    (scratch / "table.csv").write_text(GOOD)
    jobs.cancel(job, by=analyst)
    jobs.stopped(job)
    assert (Dataset.objects.get().state, files_left()) == ("refused", [])


def test_what_a_worker_left_after_a_check_is_removed(checked, send, analyst):
    from affluence_service.datasets.selectors import upload_of
    from affluence_service.datasets.services import remove_left_behind

    left = upload_of(checked(GOOD))
    left.parent.mkdir()
    left.write_text(GOOD)
    send(analyst, GOOD)
    assert remove_left_behind() == 1
    assert not left.exists()
    assert files_left().count("upload") == 1
