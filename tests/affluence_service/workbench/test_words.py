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
        (words.masked, ("C-4127",), "C\u2022\u20227"),
        (words.masked, ("7",), "\u2022"),
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


def test_what_speaks_against_is_drawn_to_the_left() -> None:
    assert 'class="b-neg" x="25.00%"' in charts.effect(-1, 2)
    assert 'class="b-pos" x="50%" ' in charts.effect(1, 2).replace("50.00%", "50%")
    assert 'width="50.00%"' in charts.effect(10, 2)


def test_a_curve_of_nothing_is_nothing() -> None:
    assert charts.gain_lines([], 0) == ""
    assert charts.gain_lines([{"contacts": 10, "finds": 1}], 1) == ""
