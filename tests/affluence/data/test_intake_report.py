from dataclasses import replace

import pytest

from affluence.data.intake_report import IntakeReport, Violation

WRONG = Violation("wrong_type", "HOURS", 3, (17, 203, 4011), "refuse", "are not whole numbers", "Give a number.")
REPORT = IntakeReport("t.csv", "ab" * 32, "CSV", "utf-8", ",", 48842, 0, 15, (WRONG,))


def test_a_sentence_says_column_count_rule_lines_and_remedy():
    assert REPORT.sentences() == (
        "HOURS: 3 of 48,842 rows are not whole numbers (lines 17, 203, 4,011). Give a number.",
    )


def test_at_most_ten_lines_are_shown_and_all_are_kept():
    many = replace(WRONG, count=12, lines=tuple(range(2, 14)))
    assert "(lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more)" in many.sentence(rows=50, place="line")
    assert replace(REPORT, violations=(many,)).to_dict()["violations"][0]["lines"] == tuple(range(2, 14))
    assert "12" not in repr(many).replace("count=12", "")


@pytest.mark.parametrize(
    ("finding", "of_one"),
    [
        ("are not whole numbers", "is not a whole number"),
        ("are not numbers", "is not a number"),
        ("are below 0", "is below 0"),
        ("have no tag", "has no tag"),
        ("share their customer id with another row", "shares its customer id with another row"),
    ],
)
def test_one_row_is_spoken_of_as_one(finding, of_one):
    one = replace(WRONG, count=1, lines=(17,), finding=finding)
    assert one.sentence(rows=9, place="row") == f"HOURS: 1 of 9 rows {of_one} (row 17). Give a number."


def test_what_was_done_is_said_and_refusals_come_first():
    kept = replace(WRONG, column="AGE", action="set_missing")
    sentences = replace(REPORT, violations=(kept, WRONG)).sentences()
    assert sentences[0].startswith("HOURS")
    assert "4,011). Set to missing. Give a number." in sentences[1]


def test_a_table_is_refused_by_one_refusal():
    assert REPORT.refused
    assert not replace(REPORT, violations=(replace(WRONG, action="drop"),)).refused
    assert not replace(REPORT, violations=()).refused


def test_a_breach_of_the_whole_table_counts_no_rows():
    missing = Violation("missing_column", "INCOME", 1, (), "refuse", "the table has no such column", "Add it.")
    assert missing.sentence(rows=5, place="line") == "INCOME: the table has no such column. Add it."


@pytest.mark.parametrize(("kind", "place"), [("CSV in gzip", "lines"), ("Excel", "rows"), ("Parquet", "rows")])
def test_each_kind_of_file_has_its_word_for_a_line(kind, place):
    assert f"({place} 17" in replace(REPORT, format=kind).sentences()[0]
