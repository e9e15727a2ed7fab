"""Numbers, shares, times and ids as people read them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from affluence_service.workbench.templatetags import charts, words


@pytest.mark.parametrize(
    ("filter_", "arguments", "written"),
    [
        (words.whole, (1_200.4,), "1,200"),
        (words.whole, (-3,), "\u22123"),
        (words.whole, (None,), "\u2013"),
        (words.percent, (0.3449,), "34\u202f%"),
        (words.percent, (0.3449, 1), "34.5\u202f%"),
        (words.breakable, ("time_<b>",), "time_<wbr>&lt;b&gt;"),
        (words.points, (0.185,), "+18.5 points"),
        (words.points, (-0.02,), "\u22122.0 points"),
        (words.money, (57_600, "EUR"), "EUR 57,600"),
        (words.money, (1_240_000, "EUR"), "EUR 1.24 m"),
        (words.money, (None,), "\u2013"),
        (words.lasted, (9.2,), "9 s"),
        (words.lasted, (86,), "1 min 26 s"),
        (words.lasted, (7_500,), "2 h 5 min"),
        (words.lasted, (0,), "0 s"),
        (words.size, (999,), "999 bytes"),
        (words.size, (12_400_000,), "12.4 MB"),
        (words.size, (5e12,), "5000.0 GB"),
    ],
)
def test_a_figure_is_written_as_people_read_it(filter_, arguments, written) -> None:
    assert filter_(*arguments) == written


def test_an_interval_says_how_sure_it_is() -> None:
    assert words.interval({"low": 370, "high": 454}) == "90\u202f%: 370\u2013454"
    assert words.interval({"low": -0.01, "high": 0.247}, "points") == "90\u202f%: \u22121.0 to +24.7"
    assert words.interval(None) == ""
    assert words.interval({"value": 3, "low": None, "high": None}) == ""


def test_a_moment_is_said_as_near_as_it_is() -> None:
    now = timezone.now()
    assert words.when(now) == f"{timezone.localtime(now):%H:%M}"
    assert words.when(now - timedelta(days=1)).startswith("yesterday ")
    assert words.when(now - timedelta(days=800)).endswith(str((now - timedelta(days=800)).year))
    assert words.when(None) == "\u2013"


def test_an_interval_is_drawn_within_its_scale() -> None:
    drawn = charts.track(5, 2, 8, 0, 10, 1)
    assert 'x1="20.00%" x2="80.00%"' in drawn
    assert 'x="50.00%"' in drawn
    assert drawn.count('class="zero"') == 1
    assert "style=" not in drawn


def test_each_column_begins_where_the_one_before_it_ended() -> None:
    assert 'class="b-pos" x="0.00%" y="3" height="10" width="75.00%"' in charts.waterfall(0, 3, 0, 4)
    assert 'class="b-neg" x="50.00%" y="3" height="10" width="25.00%"' in charts.waterfall(3, -1, 0, 4)
    assert 'x1="50.00%"' in charts.waterfall(0, 1, -2, 2)


@pytest.mark.parametrize(
    ("most", "numbers"),
    [(4, [0, 1, 2, 3, 4]), (1_101, [0, 250, 500, 750, 1_000, 1_250]), (0.3, [0, 0.1, 0.2, 0.3]), (0, [0, 1])],
)
def test_an_axis_has_a_few_round_numbers_to_its_end(most, numbers) -> None:
    assert charts.ticks(most) == pytest.approx(numbers)


def test_a_curve_of_nothing_is_nothing() -> None:
    assert charts.gain_chart([], 0) == ""


def curve(*, counted: bool) -> list[dict[str, float | None]]:
    finds = [(50, 20, 40), (100, 30, 60)]
    return [
        {"contacts": at, "finds": (low + high) / 2 if counted else None, "finds_low": low, "finds_high": high}
        for at, low, high in finds
    ]


@pytest.mark.parametrize(("counted", "curves"), [(True, 1), (False, 2)])
def test_a_range_has_two_curves_and_an_interval_one_each_beside_choosing_at_random(counted, curves) -> None:
    drawn = charts.gain_chart(curve(counted=counted), 50)
    assert drawn.count('class="l-candidate"') == drawn.count('class="zero"') == curves
    assert drawn.count('class="edge"') == 2
    assert "choosing at random" in drawn
    assert ("this ranking" in drawn) == counted
    assert 'id="cut-line" x1="50.00%" x2="50.00%"' in drawn
    assert "style=" not in drawn


def test_the_number_of_a_cut_at_the_far_end_stands_before_its_line() -> None:
    assert 'dx="-8" y="14" text-anchor="end">100<' in charts.gain_chart(curve(counted=True), 100)
    assert 'dx="8" y="14" text-anchor="start">50<' in charts.gain_chart(curve(counted=True), 50)


def test_a_control_group_is_its_part_of_the_bar() -> None:
    assert 'width="20.00%"' in charts.parts_of(80, 20)
    assert 'width="0.00%"' in charts.parts_of(0, 0)
