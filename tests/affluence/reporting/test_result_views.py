from types import SimpleNamespace

import polars as pl
import pytest

from affluence.data.reading import Violation
from affluence.evaluation.results import Importance
from affluence.reporting import result_views


def candidates_of(make, contract, frame: pl.DataFrame, importances=()):
    return result_views.view_candidates(frame, contract=contract, importances=importances)


def test_no_more_than_twenty_candidates_are_shown(make, contract):
    table = candidates_of(make, contract, make.candidates(40))
    assert [row.rank for row in table.rows] == [str(rank) for rank in range(1, 21)]


def test_candidates_show_only_columns_that_may_be_spoken_of(make, contract):
    table = candidates_of(make, contract, make.candidates())
    assert [column.title for column in table.columns] == ["Balance", "Occupation"]


def test_the_columns_that_matter_most_come_first(make, contract):
    importances = (Importance("occupation", make.estimate(0.1), None),)
    table = candidates_of(make, contract, make.candidates(), importances)
    assert [column.title for column in table.columns] == ["Occupation", "Balance"]


def test_a_candidate_is_shown_as_it_was_ranked(make, contract):
    first, second, third = candidates_of(make, contract, make.candidates()).rows[:3]
    assert (first.score, first.probability) == ("0.999", "94.9\u202f%")
    assert second.cells == ("12,347", "does not hold")
    assert third.cells == ("not recorded", "doctor")


def test_customer_ids_of_the_table_are_masked(make, contract):
    table = candidates_of(make, contract, make.candidates())
    assert table.masked
    assert table.rows[0].customer == "CU••1"


def test_a_row_number_names_nobody_and_stays(make):
    table = candidates_of(make, make.contract(customer_id=None), make.candidates())
    assert not table.masked
    assert table.rows[0].customer == "CUST-00001"


@pytest.mark.parametrize("customer", ["", "1", "12", "4217", "C-4217", "400123456789", "\u202eabcdef"])
def test_a_masked_id_shows_half_of_itself_at_most(customer):
    shown = result_views.masked(customer).replace("•", "")
    assert len(shown) <= min(4, len(customer) // 2)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_short_list_is_no_error(make, contract, rows):
    assert len(candidates_of(make, contract, make.candidates(rows)).rows) == rows


def test_a_list_without_any_column_of_the_table_is_no_error(make, contract):
    bare = make.candidates().select("rank", "customer_id", "score", "labelled_probability")
    table = candidates_of(make, contract, bare)
    assert table.columns == ()
    assert table.rows[0].cells == ()


def test_the_chosen_learner_comes_first(evaluation):
    first, second = result_views.view_learners(evaluation).rows
    assert (first.chosen, first.item.learner) == (True, "xgboost")
    assert (second.chosen, second.item.learner) == (False, "logistic")


def test_importances_stand_by_their_fall_over_an_axis_with_zero(evaluation, contract):
    table = result_views.view_importances(evaluation.importances, contract=contract)
    assert [row.title for row in table.rows] == ["Balance", "Age"]
    assert table.zero == 0
    assert table.rest == ()


def test_many_importances_are_folded(make, contract):
    many = [Importance(f"feature_{place}", make.estimate(place / 100), None) for place in range(40)]
    table = result_views.view_importances(many, contract=contract)
    assert (len(table.rows), len(table.rest)) == (15, 25)
    assert table.rows[0].title == "Feature 39"


def test_a_column_that_only_confuses_stands_left_of_zero(make, contract):
    table = result_views.view_importances([Importance("age_years", make.estimate(-0.02), None)], contract=contract)
    assert table.rows[0].mark.at < table.zero


def test_a_violation_names_ten_lines_and_how_many_more(make):
    lines = tuple(range(1_001, 1_101))
    violation = Violation("wrong_type", "HOURS", 100, lines, "drop", "are not whole numbers", "Give a number.")
    (shown,) = result_views.view_violations(make.intake(violations=(violation,)))
    assert shown.count == "100"
    assert shown.lines.startswith("1,001, 1,002")
    assert shown.lines.endswith("1,010 and 90 more")
    assert (shown.action, shown.finding) == ("Left out.", "are not whole numbers")


def test_a_violation_of_the_table_counts_no_rows(make):
    violation = Violation("missing_column", None, 1, (), "refuse", "has no column AGE", "Add it.")
    (shown,) = result_views.view_violations(make.intake(violations=(violation,)))
    assert (shown.column, shown.count, shown.lines) == ("The table", "", "")


def test_what_was_read_is_told_without_empty_facts(make):
    facts = dict(result_views.view_intake(make.intake(encoding=None)))
    assert facts["Separator"] == "semicolon"
    assert facts["Rows kept"] == "10,000"
    assert "Encoding" not in facts


def test_the_bars_of_both_ways_are_measured_by_the_longer(evaluation):
    assert result_views.in_sample_bars(evaluation.in_sample) == (pytest.approx(6.38), 100)


def test_no_candidate_either_way_draws_no_bar():
    nobody = SimpleNamespace(candidates_in_sample=0, candidates_out_of_fold=0)
    assert result_views.in_sample_bars(nobody) == (0, 0)


def test_nested_parameters_are_json():
    shown = result_views.view_parameters({"rounds": 200, "grid": {"depth": [3, None]}, "long": "x" * 500})
    assert shown[:2] == (("rounds", "200"), ("grid", '{"depth": [3, null]}'))
    assert len(shown[2][1]) == 200


def test_each_assumption_is_said_once(make):
    assert result_views.assumptions([make.estimate(0.1), make.estimate(0.2)]).count("drawn anew") == 1
