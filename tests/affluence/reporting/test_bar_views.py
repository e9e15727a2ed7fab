import pytest

from affluence.data.profiling import Bin
from affluence.reporting.bar_views import highest_share, tagged_rate, view_bars
from affluence.reporting.tracks import Axis

AXIS = Axis(0, 1, 0.5)


def bars_of(profile):
    return view_bars(profile, [tagged_rate(each) for each in profile.bins], axis=AXIS)


def test_the_tallest_bar_is_full_and_the_others_are_measured_by_it(make, contract):
    profile = make.profile(contract, "occupation")
    first, second, _ = bars_of(profile)
    assert highest_share(profile) == pytest.approx(1_700 / 1_907)
    assert second.tagged_height == 100
    assert first.unlabelled_height == pytest.approx(100 * (4_000 / 7_593) / (1_700 / 1_907), abs=0.05)


def test_the_rate_of_a_bin_has_its_interval(make, contract):
    _, second, _ = bars_of(make.profile(contract, "occupation"))
    assert second.rate_text == "32.7\u202f%"
    assert second.rate.low < second.rate.at < second.rate.high
    assert second.rate.at == pytest.approx(100 * 1_700 / 5_200, abs=0.01)


def test_fewer_than_ten_tagged_are_said_by_their_bound_alone(make, contract):
    *_, last = bars_of(make.profile(contract, "occupation"))
    assert (last.tagged, last.tagged_share, last.tagged_height) == ("under 10", "\u2013", 0)
    assert (last.rate, last.rate_text, last.rate_range) == (None, "under 10.0\u202f%", "")
    assert last.ceiling == pytest.approx(10)


@pytest.mark.parametrize(("tagged", "unlabelled"), [(3, 4), (9, 0), (0, 9), (500, 4)])
def test_a_rate_that_would_tell_a_small_group_is_left_out(make, contract, tagged, unlabelled):
    profile = make.profile(contract, "occupation", bins=(Bin("few", None, None, tagged, unlabelled),))
    (bar,) = bars_of(profile)
    assert (bar.rate, bar.ceiling, bar.rate_text) == (None, None, "\u2013")


def test_a_bin_without_tagged_customers_has_a_rate_of_nothing(make, contract):
    profile = make.profile(contract, "occupation", bins=(Bin("none", None, None, 0, 50),))
    (bar,) = bars_of(profile)
    assert bar.rate_text == "0.0\u202f%"
    assert bar.rate.high > 0


def test_no_bin_is_no_bar(make, contract):
    profile = make.profile(contract, "occupation", bins=())
    assert bars_of(profile) == ()
    assert highest_share(profile) == 0
