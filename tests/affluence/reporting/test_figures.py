import re
from dataclasses import replace

import pytest

from affluence.reporting import figures

CURVES = (figures.recall_figure, figures.precision_figure, figures.gain_figure, figures.lift_figure)


def curve_of(figure):
    return next(trace for trace in figure.data if trace.customdata is not None)


def test_the_curve_of_recall_starts_at_nobody_and_ends_near_the_cut(evaluation):
    curve = curve_of(figures.recall_figure(evaluation))
    points = [point for point in evaluation.curve if point.capacity <= 3 * evaluation.capacity]
    assert list(curve.x) == [0, *(point.capacity for point in points)]
    assert list(curve.y) == [0, *(pytest.approx(100 * point.recall.value) for point in points)]


def test_the_curves_over_the_whole_table_reach_its_end(evaluation):
    assert curve_of(figures.gain_figure(evaluation)).x[-1] == 100
    assert curve_of(figures.gain_figure(evaluation)).y[-1] == pytest.approx(100)
    assert curve_of(figures.lift_figure(evaluation)).y[-1] == pytest.approx(1)


@pytest.mark.parametrize("draw", CURVES)
def test_the_cut_is_one_solid_line_in_every_curve(draw, evaluation):
    (cut,) = draw(evaluation).layout.shapes
    assert cut.x0 == cut.x1
    assert cut.x0 in (evaluation.capacity, 100 * evaluation.capacity_share)
    assert cut.line.dash is None


@pytest.mark.parametrize("draw", CURVES)
def test_every_curve_carries_its_interval(draw, evaluation):
    figure = draw(evaluation)
    low, high = figure.data[:2] if figure.data[1].fill else figure.data[-3:-1]
    curve = curve_of(figure)
    assert all(a <= b <= c for a, b, c in zip(low.y, curve.y, high.y, strict=True))


def test_every_reference_line_is_named(evaluation):
    for figure, names in (
        (figures.gain_figure(evaluation), {"At random", "Best possible"}),
        (figures.reliability_figure(evaluation.reliability), {"As predicted"}),
    ):
        dotted = [trace for trace in figure.data if trace.line.dash == "dot"]
        assert {note.text for note in figure.layout.annotations} >= names
        assert len(dotted) == len(names)


def test_groups_under_ten_are_not_drawn(evaluation):
    shown = figures.reliability_figure(evaluation.reliability).data[-1]
    assert list(shown.x) == pytest.approx([6.12, 41.22])
    assert list(shown.customdata) == ["6,000", "3,993"]


def test_every_colour_is_a_role_of_the_page(evaluation):
    drawn = [draw(evaluation) for draw in CURVES] + [figures.reliability_figure(evaluation.reliability)]
    for figure in drawn:
        assert set(re.findall(r"#[0-9a-fA-F]{6}", figure.to_json())) <= set(figures.palette().values())


def test_each_role_has_a_colour_of_its_own():
    colours = list(figures.palette().values())
    assert len(colours) == len(set(colours)) == len(figures.ROLES)


def test_the_ground_is_transparent_and_nothing_can_be_dragged(evaluation):
    layout = figures.recall_figure(evaluation).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.dragmode is False
    assert layout.showlegend is False


def test_a_curve_far_from_the_cut_is_shown_whole(evaluation):
    far = replace(evaluation, capacity=10)
    assert figures.near_the_cut(far) == list(far.curve)


@pytest.mark.parametrize("draw", CURVES)
def test_an_empty_curve_gives_an_empty_figure(draw, evaluation):
    assert draw(replace(evaluation, curve=())).layout.height > 0
