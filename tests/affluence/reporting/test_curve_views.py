import json
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from affluence.reporting.curve_views import for_page, point_at_cut, view_curves


@pytest.fixture(scope="module")
def curves(evaluation):
    return view_curves(evaluation)


def test_every_curve_is_there_with_words_and_figures(curves):
    assert list(curves) == ["recall", "precision", "gain", "lift", "reliability"]
    for curve in curves.values():
        assert curve.y_title
        assert curve.x_title
        assert curve.alternative.endswith(".")
        assert all(len(row.cells) == len(curve.head) for row in curve.rows)


@pytest.mark.parametrize("key", ["recall", "precision", "gain", "lift"])
def test_the_cut_is_always_a_row(curves, key):
    (at_cut,) = [row for row in curves[key].rows if row.at_cut]
    assert at_cut.cells[:2] == ("1,000", "10.0\u202f%")


def test_the_figures_are_those_of_the_curve(curves, evaluation):
    point = point_at_cut(evaluation)
    (row,) = [row for row in curves["lift"].rows if row.at_cut]
    assert row.cells[2] == f"{point.lift.value:.2f}"
    (row,) = [row for row in curves["recall"].rows if row.at_cut]
    assert row.cells[2] == f"{100 * point.recall.value:.1f}\u202f%"


def test_a_long_curve_is_thinned_but_keeps_the_cut_and_the_end(evaluation, make):
    point = evaluation.curve[0]
    many = tuple(replace(point, capacity=capacity) for capacity in range(7, 10_001, 7))
    thinned = view_curves(replace(evaluation, curve=many, capacity=5_005))["gain"].rows
    assert len(thinned) <= 13
    assert [row.cells[0] for row in thinned if row.at_cut] == ["5,005"]
    assert thinned[-1].cells[0] == "9,996"


def test_reliability_leaves_out_groups_under_ten(curves):
    assert [row.cells for row in curves["reliability"].rows] == [
        ("6,000", "6.1\u202f%", "6.3\u202f%", "5.8\u20136.8"),
        ("3,993", "41.2\u202f%", "40.8\u202f%", "40.3\u201341.3"),
    ]


def test_without_a_point_at_the_cut_nothing_is_made_up(evaluation):
    beside = replace(evaluation, capacity=999)
    assert point_at_cut(beside) is None
    assert not any(row.at_cut for row in view_curves(beside)["lift"].rows)


def test_a_figure_cannot_end_the_element_it_stands_in():
    hostile = "</script><script>alert(1)</script>&amp;"
    text = for_page(go.Figure(layout={"title": hostile, "template": "none"}))
    assert "<" not in text
    assert json.loads(text)["layout"]["title"]["text"] == hostile


def test_empty_curves_and_bins_are_no_error(evaluation):
    empty = replace(evaluation, curve=(), reliability=replace(evaluation.reliability, bins=()))
    assert all(curve.rows == () for curve in view_curves(empty).values())
