from itertools import islice

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affluence.data.csv_reading import BAD_QUOTE, TOO_FEW, TOO_MANY, NoTable, read_csv_table

# A record as it stands in a file, how many lines it has, and its cells (None: it is no row of three).
GOOD_RECORDS = [
    ("1,2,3", 1, ("1", "2", "3")),
    ('5" pipe,2,3', 1, ('5" pipe', "2", "3")),
    ('a,"b ""c"", d",e', 1, ("a", 'b "c", d', "e")),
    ('a,"b\nc",d', 2, ("a", "b\nc", "d")),
    ('a,b,"\n\n"', 3, ("a", "b", "\n\n")),
    ("1,2,3,,", 1, ("1", "2", "3")),
    (',"",', 1, (None, None, None)),
    (' "x,y",2,3', 1, ("x,y", "2", "3")),
    ("", 1, None),
]
BAD_RECORDS = [
    ("1,2", 1, TOO_FEW),
    ("   ", 1, TOO_FEW),
    ("1,2,3,4", 1, TOO_MANY),
    ("1,2,3,,4", 1, TOO_MANY),
    ('"a"b,c,d', 1, BAD_QUOTE),
]


def written(save, records):
    """The file of those records, with each one's line."""
    lines, line = [], 2
    for _, height, _ in records:
        lines.append(line)
        line += height
    return save("x,y,z\n" + "".join(f"{text}\n" for text, _, _ in records)), lines


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.sampled_from(GOOD_RECORDS), max_size=12))
def test_a_sound_file_gives_every_cell_and_its_line(save, records):
    path, lines = written(save, records)
    table = read_csv_table(path)
    expected = [(line, cells) for line, (_, _, cells) in zip(lines, records, strict=True) if cells]
    assert list(zip(table.lines(), table.cells.rows(), strict=True)) == expected
    assert table.unreadable == {}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.sampled_from(GOOD_RECORDS + BAD_RECORDS), max_size=12))
def test_what_is_no_row_is_told_by_its_line_and_costs_no_other_row(save, records):
    path, lines = written(save, records)
    table = read_csv_table(path)
    placed = list(zip(lines, records, strict=True))
    expected = [(line, cells) for line, (_, _, cells) in placed if isinstance(cells, tuple)]
    assert list(zip(table.lines(), table.cells.rows(), strict=True)) == expected
    for fault in (TOO_FEW, TOO_MANY, BAD_QUOTE):
        found = tuple(line for line, (_, _, each) in placed if each == fault)
        assert table.unreadable.get(fault, ()) == found


@pytest.mark.parametrize("bad", ['1,"a,3', '"1,2,3', '1,2,"'])
def test_an_unclosed_quote_costs_its_own_line_alone(save, bad):
    table = read_csv_table(save(f'x,y,z\n1,2,3\n{bad}\n4,5,6\n7,"8\n8",9\n10,11,12\n'))
    assert table.unreadable == {BAD_QUOTE: (3,)}
    assert table.cells.rows() == [("1", "2", "3"), ("4", "5", "6"), ("7", "8\n8", "9"), ("10", "11", "12")]
    assert list(table.lines()) == [2, 4, 5, 7]


def test_a_quote_that_never_closes_in_a_large_file(save):
    rows = "1,2,3\n" * 60_000
    table = read_csv_table(save(f'x,y,z\n{rows}4,"5,6\n{rows}'))
    assert table.unreadable == {BAD_QUOTE: (60_002,)}
    assert table.cells.height == 120_000
    assert list(islice(table.lines(), 59_999, 60_002)) == [60_001, 60_003, 60_004]


def test_line_ends_in_quotes_in_a_file_of_many_blocks(save):
    # DuckDB reads blocks of a large file side by side, and must find where a row begins in each.
    row = 'a,"b\n1,2,3\nc",' + "d" * 40 + "\n"
    table = read_csv_table(save("x,y,z\n" + row * 300_000))
    assert table.cells.height == 300_000
    assert table.cells["1"].unique().to_list() == ["b\n1,2,3\nc"]
    assert list(islice(table.lines(), 2)) == [2, 5]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(save, separator):
    rows = [["name", "of a", "thing"], ["1.5", "2", "3"], ["a b", "", ""]]
    table = read_csv_table(save("".join(separator.join(row) + "\n" for row in rows)))
    assert (table.separator, table.headers) == (separator, ("name", "of a", "thing"))
    assert table.cells.rows() == [("1.5", "2", "3"), ("a b", None, None)]


def test_decimal_commas_do_not_pass_for_separators(save):
    table = read_csv_table(save("a;b (in USD, net);c\n1;2,5;3\n4;5,5;6\n7;8;9;\n"))
    assert table.separator == ";"
    assert table.cells.rows()[0] == ("1", "2,5", "3")


def test_one_column_and_no_separator(save):
    table = read_csv_table(save("x\n1\n2\n"))
    assert (table.headers, table.cells.rows(), list(table.lines())) == (("x",), [("1",), ("2",)], [2, 3])


def test_a_header_that_makes_no_sense_gives_no_columns(save):
    assert read_csv_table(save('"x,y\n1,2\n')).headers == ()
    assert read_csv_table(save("")).headers == ()


def test_headers_stand_without_outer_blanks_behind_blank_lines(save):
    table = read_csv_table(save("\n\n x , y \n1,2\n"))
    assert table.headers == ("x", "y")
    assert (table.cells.rows(), list(table.lines())) == ([("1", "2")], [4])


def test_a_cell_longer_than_python_takes_is_read(save):
    long = "x" * 200_000
    table = read_csv_table(save(f"x,y\n{long},1\n"))
    assert table.cells.rows() == [(long, "1")]


def test_what_duckdb_reads_is_what_is_given(save):
    path = save('x,y\n1,"a ""b"""\n2,\n')
    with duckdb.connect() as connection:
        expected = connection.sql("select * from read_csv(?, all_varchar = true)", params=[str(path)]).fetchall()
    assert read_csv_table(path).cells.rows() == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("," * 20_000 + "\n", "its first line has 20,001 columns, and at most 16,384 are taken"),
        ("a,b\n" + "x" * 16_000_002, "it has a line of more than 16,000,000 characters"),
        ("a,b\n" + '"a"b,1\n' * 10_001, "more than 10,000 lines have a quotation mark that is not closed"),
    ],
    ids=["columns", "a line", "quotes"],
)
def test_a_text_that_nobody_means_as_a_table_is_none(save, text, told):
    with pytest.raises(NoTable, match=told):
        read_csv_table(save(text))
