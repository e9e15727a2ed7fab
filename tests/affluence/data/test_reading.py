import datetime as dt
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from affluence.data.contract import load_contract
from affluence.data.reading import (
    Reading,
    TableRefused,
    read_customer_ids,
    read_sheet,
    read_table,
    require_accepted,
)
from affluence.data.writing import write_csv
from affluence.errors import UserError

HEADER = "ID,SEG,AGE,BAL,JOB\n"
GOOD = HEADER + "a,NORMAL,40,1.5,clerk\nb,AFFLUENT,50,,baker\nc,NORMAL,60,-3,\n"
ROOT = Path(__file__).parents[3]


def rules(reading: Reading) -> dict[tuple[str, str | None], tuple[int, ...]]:
    return {(found.rule, found.column): found.lines for found in reading.report.violations}


def test_a_good_table_becomes_customers_by_our_names(save, contract):
    reading = read_table(save(GOOD), contract=contract)
    assert reading.report.violations == ()
    assert reading.customers.drop("row").rows() == [
        ("a", 0, 40, 1.5, "clerk"),
        ("b", 1, 50, None, "baker"),
        ("c", 0, 60, -3.0, None),
    ]
    assert dict(reading.customers.drop("row").schema) == {
        "customer_id": pl.String,
        "tag": pl.Int8,
        "age_years": pl.Int64,
        "balance_usd": pl.Float64,
        "job": pl.String,
    }


def test_the_report_knows_the_file(save, contract):
    path = save(GOOD)
    report = read_table(path, contract=contract).report
    assert report.data_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    facts = (report.file, report.format, report.encoding, report.separator)
    assert facts == ("table.csv", "CSV", "utf-8", ",")
    assert (report.rows_read, report.rows_kept, report.columns, report.refused) == (3, 3, 5, False)
    assert json.loads(json.dumps(report.to_dict()))["rows_read"] == 3


def test_adult_is_read_whole():
    contract = load_contract(ROOT / "conf/base/contract_adult.yml")
    assert contract.file is not None
    reading = read_table(ROOT / contract.file, contract=contract)
    assert reading.report.violations == ()
    assert reading.customers.height == 48_842
    assert reading.customers["tag"].sum() == 11_687
    assert reading.customers["customer_id"].to_list()[:2] == ["1", "2"]


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.xlsx", "table.parquet", "table"])
def test_the_content_says_what_a_file_is_whatever_its_name(save, contract, name):
    assert read_table(save(GOOD, name=name), contract=contract).customers.height == 3
    packed = read_table(save(gzip.compress(GOOD.encode()), name=name), contract=contract)
    assert (packed.report.format, packed.customers.height) == ("CSV in gzip", 3)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_found_out(save, make_contract, encoding):
    contract = make_contract(tag={"source": "SEG", "affluent": ["wohlhabend, größer €"], "normal": ["üblich"]})
    text = GOOD.replace("NORMAL", "üblich").replace("AFFLUENT", '"wohlhabend, größer €"')
    reading = read_table(save(text, encoding=encoding), contract=contract)
    assert reading.report.encoding == encoding
    assert reading.customers["tag"].to_list() == [0, 1, 0]


def test_semicolons_and_decimal_commas(save, make_contract):
    contract = make_contract(locale={"name": "de_DE", "decimal": ",", "thousands": "."})
    text = "ID;SEG;AGE;BAL;JOB\na;NORMAL;40;1.234,5;clerk\nb;NORMAL;50;-7,25;baker\n"
    reading = read_table(save(text), contract=contract)
    assert reading.report.separator == ";"
    assert reading.customers["balance_usd"].to_list() == [1234.5, -7.25]


def test_all_violations_come_at_once_with_their_lines(save, contract):
    text = (
        HEADER
        + "a,NORMAL,forty,1.5,clerk\n"
        + "\n"
        + 'b,NORMAL,50,1,"ba\nker"\n'
        + "c,NORMAL,150,1,clerk\n"
        + "d,RICH,50,1\n"
        + "e,RICH,50,1.5.5,clerk\n"
        + ",,50,1,clerk\n"
        + "c,NORMAL,30,1,clerk\n"
    )
    reading = read_table(save(text), contract=contract)
    assert rules(reading) == {
        ("unreadable_rows", None): (7,),
        ("empty_customer_id", "ID"): (9,),
        ("repeated_customer_id", "ID"): (6, 10),
        ("empty_tag", "SEG"): (9,),
        ("unknown_tag", "SEG"): (8,),
        ("wrong_type", "AGE"): (2,),
        ("out_of_range", "AGE"): (6,),
        ("wrong_type", "BAL"): (8,),
        ("unknown_category", "JOB"): (4,),
    }
    assert reading.customers.height == 0
    assert list(reading.customers.columns) == ["row", "customer_id", "tag", "age_years", "balance_usd", "job"]
    assert reading.report.rows_read == 7


def test_lines_are_true_behind_line_ends_in_quotes_and_blank_lines(save, contract):
    text = HEADER + 'a,NORMAL,40,1,"x\n\ny"\n\n\nb,NORMAL,old,1,clerk\n'
    reading = read_table(save(text.replace("\n", "\r\n")), contract=contract)
    assert rules(reading)[("wrong_type", "AGE")] == (7,)


def test_a_refused_table_says_everything_in_sentences(save, contract):
    path = save(HEADER + "a,NORMAL,forty,1.5,clerk\nb,NORMAL,4.5,1,clerk\nc,NORMAL,4,1,clerk\n")
    with pytest.raises(TableRefused) as caught:
        require_accepted(read_table(path, contract=contract))
    assert str(caught.value) == (
        "table.csv is refused by its contract:\n"
        "- AGE: 2 of 3 rows are not whole numbers (lines 2, 3). Give a whole number or leave the cell empty. "
        "The contract's locale writes 1,234.5; if the table does not, mend the locale."
    )
    assert caught.value.report.refused


def test_an_accepted_table_is_handed_on(save, contract):
    reading = read_table(save(GOOD), contract=contract)
    assert require_accepted(reading) is reading.customers


def test_no_cell_of_a_customer_stands_in_a_sentence(save, contract):
    private = "s3cr3t"
    lines = [f"{private}{row},{private},{private},{private},{private}\n" for row in range(9)]
    report = read_table(save(HEADER + "".join(lines)), contract=contract).report
    assert len(report.sentences()) == 4
    assert not any(private in sentence for sentence in report.sentences())


def test_a_value_of_ten_rows_may_be_quoted(save, contract):
    rows = "".join(f"{row},NORMAL,40,1,fisher\n" for row in range(10))
    (sentence,) = read_table(save(HEADER + rows), contract=contract).report.sentences()
    assert "'fisher' (10 rows)" in sentence


def test_a_table_without_a_header_is_not_quoted(save, contract):
    reading = read_table(save("a,NORMAL,40,1.5,clerk\nb,AFFLUENT,50,,baker\n"), contract=contract)
    assert ("no_header", None) in rules(reading)
    assert "clerk" not in " ".join(reading.report.sentences())


def test_missing_extra_and_repeated_headers(save, contract):
    reading = read_table(save("ID,SEG,AGE,AGE,extra,\na,NORMAL,1,1,1,1\n"), contract=contract)
    found = {(each.rule, each.column, each.count) for each in reading.report.violations}
    assert found == {
        ("missing_column", "BAL", 1),
        ("missing_column", "JOB", 1),
        ("repeated_header", "AGE", 1),
        ("extra_columns", None, 2),
    }
    assert "extra, (no header)" in " ".join(reading.report.sentences())


def test_headers_in_quotes_with_separators_and_line_ends(save, make_contract):
    contract = make_contract(tag={"source": 'the "SEG", as\nwritten', "affluent": ["AFFLUENT"], "normal": ["NORMAL"]})
    text = GOOD.replace("SEG", '"the ""SEG"", as\nwritten"', 1)
    assert read_table(save(text), contract=contract).customers.height == 3
    broken = read_table(save(text.replace("60", "x")), contract=contract)
    assert rules(broken) == {("wrong_type", "AGE"): (5,)}


def test_a_scoring_table_may_lack_the_tag(save, contract):
    path = save("ID,AGE,BAL,JOB\na,40,1,clerk\n")
    reading = read_table(path, contract=contract, tag_required=False)
    assert reading.customers.columns == ["row", "customer_id", "age_years", "balance_usd", "job"]
    assert not reading.report.refused
    assert rules(read_table(path, contract=contract)) == {("missing_column", "SEG"): ()}


@pytest.mark.parametrize("content", ["", "\n\n\n", HEADER, HEADER + "\n\n", HEADER.strip()])
def test_an_empty_table_is_reported(save, contract, content):
    reading = read_table(save(content), contract=contract)
    assert rules(reading) == {("empty_table", None): ()}
    assert reading.report.refused


def test_one_row_and_a_column_with_nothing(save, contract):
    reading = read_table(save(HEADER + "a,NORMAL,NA,,\n"), contract=contract)
    assert reading.customers.drop("row").rows() == [("a", 0, None, None, None)]
    assert not reading.report.refused


POLICIES: list[tuple[str, str, str, list[tuple[Any, ...]]]] = [
    ("unreadable_rows", "drop", "x,NORMAL,40", []),
    ("wrong_type", "set_missing", "x,NORMAL,forty,1,clerk", [("x", 0, None, 1.0, "clerk")]),
    ("out_of_range", "set_missing", "x,NORMAL,400,1,clerk", [("x", 0, None, 1.0, "clerk")]),
    ("out_of_range", "keep", "x,NORMAL,400,1,clerk", [("x", 0, 400, 1.0, "clerk")]),
    ("unknown_category", "set_missing", "x,NORMAL,40,1,monk", [("x", 0, 40, 1.0, None)]),
    ("unknown_category", "keep", "x,NORMAL,40,1,monk", [("x", 0, 40, 1.0, "monk")]),
    ("unknown_tag", "drop", "x,RICH,40,1,clerk", []),
    ("unknown_tag", "unlabelled", "x,RICH,40,1,clerk", [("x", 0, 40, 1.0, "clerk")]),
    ("empty_tag", "drop", "x,,40,1,clerk", []),
    ("empty_tag", "unlabelled", "x,,40,1,clerk", [("x", 0, 40, 1.0, "clerk")]),
    ("empty_customer_id", "drop", ",NORMAL,40,1,clerk", []),
]


@pytest.mark.parametrize(("rule", "action", "row", "kept"), POLICIES)
def test_the_policy_says_what_is_done(save, make_contract, rule, action, row, kept):
    path = save(GOOD + row + "\n")
    assert read_table(path, contract=make_contract()).report.refused
    reading = read_table(path, contract=make_contract(policy={rule: action}))
    (violation,) = reading.report.violations
    assert (violation.rule, violation.action, violation.lines) == (rule, action, (5,))
    assert not reading.report.refused
    assert reading.customers.drop("row").rows()[3:] == kept
    assert reading.report.rows_kept == 3 + len(kept)


def test_extra_columns_may_be_ignored_and_ids_repeated(save, make_contract):
    contract = make_contract(policy={"extra_columns": "ignore", "repeated_customer_id": "keep"})
    reading = read_table(save("more," + GOOD.replace("\n", "\n1,").rstrip("1,").replace("b,", "a,")), contract=contract)
    assert [violation.rule for violation in reading.report.violations] == ["extra_columns"]
    assert reading.customers["customer_id"].to_list() == ["a", "a", "c"]


def test_a_column_may_overrule_the_policy_and_refuse_missing_values(save, make_contract, contract):
    age = contract.columns[0].model_dump() | {"wrong_type": "set_missing", "missing": "refused"}
    strict = make_contract(columns=[age, *(column.model_dump() for column in contract.columns[1:])])
    reading = read_table(save(HEADER + "a,NORMAL,x,1,clerk\nb,NORMAL,,1,clerk\n"), contract=strict)
    assert rules(reading) == {("wrong_type", "AGE"): (2,), ("missing_value", "AGE"): (2, 3)}


def test_parquet_keeps_its_types(tmp_path, contract):
    path = tmp_path / "table.parquet"
    frame = pl.DataFrame(
        {
            "ID": [1, 2, 3],
            "SEG": pl.Series(["AFFLUENT", "NORMAL", "NORMAL"], dtype=pl.Categorical),
            "AGE": [40.0, 41.0, float("nan")],
            "BAL": [1, 2, None],
            "JOB": ["clerk", None, " baker "],
        }
    )
    frame.write_parquet(path)
    reading = read_table(path, contract=contract)
    assert reading.report.violations == ()
    assert reading.customers.drop("row").rows() == [
        ("1", 1, 40, 1.0, "clerk"),
        ("2", 0, 41, 2.0, None),
        ("3", 0, None, None, "baker"),
    ]
    broken = frame.with_columns(AGE=pl.Series([40.0, 40.5, float("inf")]), BAL=pl.Series([[1], [2], [3]]))
    broken.write_parquet(path)
    assert rules(read_table(path, contract=contract)) == {
        ("wrong_type", "AGE"): (2, 3),
        ("wrong_type", "BAL"): (1, 2, 3),
    }


def excel(path: Path, rows: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Customers")
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, row in enumerate(rows):
            for at, cell in enumerate(row):
                if cell is not None:
                    sheet.write(place, at, cell, *([date] if isinstance(cell, dt.date) else []))
    return path


def test_excel_is_read_by_the_rows_of_its_sheet(tmp_path, contract):
    header: list[Any] = ["ID", "SEG", "AGE", "BAL", "JOB"]
    rows = [[None], header, ["a", "NORMAL", 40, 1.5, "clerk"], [None] * 5, ["b", "AFFLUENT", 50, -1234.125, None]]
    reading = read_table(excel(tmp_path / "t.xlsx", rows), contract=contract)
    assert reading.report.violations == ()
    assert (reading.report.format, reading.report.rows_read) == ("Excel", 2)
    assert reading.customers.drop("row").rows() == [("a", 0, 40, 1.5, "clerk"), ("b", 1, 50, -1234.125, None)]
    rows += [["c", "NORMAL", dt.date(1980, 1, 2), "many", "clerk"], ["c", "NORMAL", 1, 1, "clerk"]]
    broken = read_table(excel(tmp_path / "t.xlsx", rows), contract=contract)
    assert rules(broken) == {
        ("repeated_customer_id", "ID"): (6, 7),
        ("wrong_type", "AGE"): (6,),
        ("wrong_type", "BAL"): (6,),
    }
    assert "(rows 6, 7)" in broken.report.sentences()[0]


def test_a_number_in_excel_knows_no_locale(tmp_path, make_contract):
    contract = make_contract(locale={"name": "de_DE", "decimal": ",", "thousands": "."})
    header: list[Any] = ["ID", "SEG", "AGE", "BAL", "JOB"]
    rows = [header, ["a", "NORMAL", 40, 1.234, "clerk"], ["b", "NORMAL", 40, 2.5, "clerk"]]
    assert read_table(excel(tmp_path / "t.xlsx", rows), contract=contract).customers["balance_usd"].to_list() == [
        1.234,
        2.5,
    ]
    # Among text, 1.234 may be a number that Excel wrote or a text that a German wrote: nobody guesses.
    rows += [["c", "NORMAL", 40, "1.234,5", "clerk"], ["d", "NORMAL", 40, "2.000.000", "clerk"]]
    assert rules(read_table(excel(tmp_path / "t.xlsx", rows), contract=contract)) == {("wrong_type", "BAL"): (2,)}


def test_excel_with_a_header_alone_or_nothing_is_empty(tmp_path, contract):
    header: list[Any] = ["ID", "SEG", "AGE", "BAL", "JOB"]
    for rows in ([header], [[None]]):
        reading = read_table(excel(tmp_path / "t.xlsx", rows), contract=contract)
        assert rules(reading) == {("empty_table", None): ()}


def test_two_thousand_columns(save, make_contract):
    names = [f"n{number}" for number in range(2_000)]
    columns = [
        {"source": name, "name": name, "type": "integer", "missing": "refused", "use": "internal", "meaning": name}
        for name in names
    ]
    wide = make_contract(columns=columns)
    text = f"ID,SEG,{','.join(names)}\n" + "".join(f"{row},NORMAL{',7' * 2_000}\n" for row in range(20))
    assert read_table(save(text), contract=wide).customers.shape == (20, 2_003)
    narrow = read_table(save(text), contract=make_contract())
    assert ("extra_columns", None) in rules(narrow)
    assert all(len(sentence) < 400 for sentence in narrow.report.sentences())


def test_there_is_no_file(tmp_path, contract):
    with pytest.raises(UserError, match=r"nothing\.csv: there is no file that can be opened"):
        read_table(tmp_path / "nothing.csv", contract=contract)
    with pytest.raises(UserError, match="there is no file"):
        read_table(tmp_path, contract=contract)


def test_more_bytes_than_allowed_are_refused(save, tmp_path, contract):
    bomb = save(gzip.compress(GOOD.encode() + b"\n" * 100_000), name="bomb.csv.gz")
    assert bomb.stat().st_size < 1_000
    with pytest.raises(UserError, match="larger than 10,000 bytes"):
        read_table(bomb, contract=contract, max_bytes=10_000)
    pl.DataFrame({"x": [0] * 100_000}).write_parquet(tmp_path / "p.parquet", compression="uncompressed")
    for path in (tmp_path / "p.parquet", excel(tmp_path / "t.xlsx", [["ID"]])):
        with pytest.raises(UserError, match="larger than 50 bytes"):
            read_table(path, contract=contract, max_bytes=50)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_sheet_is_read_whatever_a_spreadsheet_made_of_it(save, separator, encoding, line_end):
    lines = ["row,name,verdict", "1,Jürgen,1", "02, Ann ,", "3,   ,0"]
    text = line_end.join(line.replace(",", separator) for line in lines)
    sheet = read_sheet(save(text, encoding=encoding))
    assert sheet.columns == ["row", "name", "verdict"]
    assert set(sheet.dtypes) == {pl.String}
    assert sheet.rows() == [("1", "Jürgen", "1"), ("02", "Ann", None), ("3", None, "0")]


def test_the_apostrophe_that_disarms_a_formula_is_taken_off_again(tmp_path):
    path = tmp_path / "sheet.csv"
    names = ["=1+1", "+a", "-a", "@a", "'tis", "-12", "plain"]
    write_csv(pl.DataFrame({"name": names}), path)
    assert "'=1+1" in path.read_text()
    assert read_sheet(path)["name"].to_list() == names


def test_a_sheet_with_a_header_alone_has_no_rows(save):
    sheet = read_sheet(save("row,verdict\n"))
    assert sheet.columns == ["row", "verdict"]
    assert sheet.height == 0


@pytest.mark.parametrize("content", [b"", b"\n\n", "row,name\n1,Jürgen".encode("cp1252"), b"PK\x03\x04\xff\xfe\x00"])
def test_what_is_no_sheet_is_refused_in_words(save, content):
    with pytest.raises(UserError, match=r"sheet\.csv cannot be read as a sheet .* Save it as CSV in UTF-8"):
        read_sheet(save(content, name="sheet.csv"))


def test_a_sheet_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(UserError, match=r"none\.csv cannot be read as a sheet"):
        read_sheet(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("customer_id\na\nb\n", ("a", "b")),
        ("customer_id;why\nb;asked\na;asked\n", ("b", "a")),
        ("why,ID\nasked,a\nasked,b\n", ("a", "b")),
        ("whoever\na\nb\n", ("a", "b")),
        ("customer_id,why\na,\n,asked\na,again\n 007 ,\n", ("a", "007")),
        ("customer_id,ID\na,b\n", ("a",)),
        ("customer_id\n", ()),
    ],
)
def test_customer_ids_stand_under_our_header_or_the_contracts_or_alone(save, contract, text, ids):
    assert read_customer_ids(save(text), contract=contract) == ids


def test_a_list_of_several_columns_must_say_which_is_the_id(save, contract):
    with pytest.raises(UserError, match=r"list\.csv has 2 columns and none is called customer_id") as caught:
        read_customer_ids(save("number,why\ns3cr3t,asked\n", name="list.csv"), contract=contract)
    assert "s3cr3t" not in str(caught.value)


def test_a_list_for_a_table_whose_rows_are_the_ids_needs_our_header(save, make_contract):
    contract = make_contract(customer_id={"source": None})
    assert read_customer_ids(save("customer_id,why\n3,asked\n"), contract=contract) == ("3",)
    with pytest.raises(UserError, match="none is called customer_id"):
        read_customer_ids(save("ID,why\n3,asked\n"), contract=contract)


def test_headers_that_are_known_otherwise_are_read_and_spoken_of_as_the_file_has_them(save, contract):
    file = save("Customer,SEG,Age,BAL,JOB\nc1,NORMAL,40,1,clerk\nc2,NORMAL,many,1,clerk\n")
    reading = read_table(file, contract=contract, known_as={"Customer": "ID", "Age": "AGE"})
    assert [violation.column for violation in reading.report.violations] == ["Age"]


def test_a_missing_column_names_the_header_that_looks_like_it(save, contract):
    report = read_table(save("ID,SEG,Age (years),BAL,JOB\nc1,NORMAL,40,1,clerk\n"), contract=contract).report
    missing = next(violation for violation in report.violations if violation.rule == "missing_column")
    assert (missing.column, missing.alike) == ("AGE", "Age (years)")
    assert missing.remedy == "Add it, or mend its header: 'Age (years)' looks like it."


def test_a_header_is_quoted_without_marks_that_cannot_be_seen(save, contract):
    report = read_table(save("ID,SEG,AGE,BAL,JOB,\u202eevil\nc1,NORMAL,40,1,clerk,x\n"), contract=contract).report
    (extra,) = report.violations
    assert "\ufffdevil" in extra.finding
