import numpy as np
import pytest

from affluence.data.reference_bank.latents import draw_positions
from affluence.data.reference_bank.scenario import Scenario

ROWS = 40_000


@pytest.fixture(scope="module")
def positions():
    return draw_positions(customers=ROWS, seed=0, scenario=Scenario(private_share=0.001))


@pytest.mark.parametrize("name", ["age", "appetite", "here", "now", "wide", "form"])
def test_positions_are_standard_normal(positions, name):
    assert positions[name].mean() == pytest.approx(0, abs=0.03)
    assert positions[name].std() == pytest.approx(1, abs=0.03)


def correlation(positions, one, other):
    return np.corrcoef(positions[one], positions[other])[0, 1]


def test_positions_go_together_as_the_parameters_say(positions):
    assert correlation(positions, "age", "wealth") == pytest.approx(0.25, abs=0.02)
    assert correlation(positions, "wealth", "here") == pytest.approx(1 / np.hypot(1, 0.4), abs=0.02)
    assert correlation(positions, "here", "now") == pytest.approx(np.sqrt(1 - 0.4**2), abs=0.02)
    assert correlation(positions, "here", "wide") == pytest.approx(0.5, abs=0.02)


def test_private_clients_are_an_exact_count(positions):
    assert positions["private"].sum() == 40


def test_the_share_kept_here_is_a_share_and_rises_with_the_in_bank_position(positions):
    assert positions["share_kept"].min() > 0
    assert positions["share_kept"].max() < 1
    assert correlation(positions, "share_kept", "here") > 0.2
    assert correlation(positions, "share_kept", "wealth") == pytest.approx(0, abs=0.02)


def test_without_a_wallet_everyone_keeps_the_same_share():
    positions = draw_positions(customers=500, seed=0, scenario=Scenario(wallet=0.0))
    assert (positions["share_kept"] == 0.5).all()
    assert (positions["here"] == positions["wealth"]).all()


def test_without_drift_today_is_as_on_tagging_day():
    positions = draw_positions(customers=500, seed=0, scenario=Scenario(drift=0.0))
    assert np.allclose(positions["now"], positions["here"])
