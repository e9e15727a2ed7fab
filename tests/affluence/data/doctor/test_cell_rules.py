import polars as pl
from polars.testing import assert_series_equal

from affluence.data.doctor.cell_rules import CellRule, apply_cell_rules, spelling_rule

TABLE = pl.DataFrame({"age": [2, 40, 122, None], "job": ["Clerk", "clerk ", "Clerk", None]})
JOBS = pl.DataFrame({"value": ["clerk ", "Clerk"], "rows": [1, 2]})


def test_values_and_what_lies_outside_become_missing():
    by_value = apply_cell_rules(TABLE, [CellRule("age", missing=(122.0,))])
    assert by_value["age"].to_list() == [2, 40, None, None]
    by_bounds = apply_cell_rules(TABLE, [CellRule("age", keep=(10, None))])
    assert by_bounds["age"].to_list() == [None, 40, 122, None]


def test_categories_are_written_as_most_rows_write_them():
    rule = spelling_rule("job", JOBS)
    assert rule.spellings == {"clerk ": "Clerk"}
    assert apply_cell_rules(TABLE, [rule])["job"].to_list() == ["Clerk", "Clerk", "Clerk", None]


def test_a_rule_applied_again_changes_nothing_and_nothing_changes_its_input():
    before = TABLE.clone()
    rules = [CellRule("age", missing=(122.0,), keep=(10, 110)), spelling_rule("job", JOBS)]
    once = apply_cell_rules(TABLE, rules)
    assert apply_cell_rules(once, rules).equals(once)
    assert TABLE.equals(before)


def test_a_column_that_is_not_there_and_categories_of_later_tables_are_left_alone():
    rules = [CellRule("wealth", missing=(1.0,)), spelling_rule("job", JOBS)]
    later = pl.DataFrame({"job": ["pilot", None]})
    assert_series_equal(apply_cell_rules(later, rules)["job"], later["job"])


def test_rules_are_row_by_row():
    rules = [CellRule("age", keep=(10, 110)), spelling_rule("job", JOBS)]
    parts = pl.concat([apply_cell_rules(TABLE[row : row + 1], rules) for row in range(TABLE.height)])
    assert parts.equals(apply_cell_rules(TABLE, rules))
