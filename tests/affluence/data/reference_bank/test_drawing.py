import numpy as np
import pytest

from affluence.data.reference_bank import published
from affluence.data.reference_bank.drawing import Drawing
from affluence.data.reference_bank.latents import draw_positions
from affluence.data.reference_bank.scenario import Scenario

ROWS = 2_000


@pytest.fixture(scope="module")
def positions():
    return draw_positions(customers=ROWS, seed=0, scenario=Scenario())


def drawing(tagged: int = 300, seed: int = 0, common: float = 0.48) -> Drawing:
    return Drawing(seed=seed, segment=(np.arange(ROWS) < tagged).astype(np.int64), common=common)


def test_a_score_does_not_look_at_the_tag(positions):
    assert (drawing(300).score("deposit", positions) == drawing(1_500).score("deposit", positions)).all()


def test_scores_have_noise_of_their_own(positions):
    one, other = (drawing().score(name, positions) for name in ("outstanding", "spending"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1


def test_what_common_leaves_goes_to_noise(positions):
    quiet = drawing(common=0.999).score("casa_sum", {**positions, "holds_time_deposit": np.zeros(ROWS)})
    loud = drawing(common=0.0).score("casa_sum", {**positions, "holds_time_deposit": np.zeros(ROWS)})
    assert quiet.std() < 0.7 < loud.std()


def test_weights_are_those_of_the_table(positions):
    row = published.weights()["money"]
    assert row["noise"] == 0
    expected = row["wealth"] * positions["wealth"] + row["earn"] * positions["earn"]
    assert np.allclose(drawing().score("money", positions), expected)


def test_planted_counts_scale_and_never_vanish():
    assert drawing().planted(66_083) == ROWS
    assert drawing().planted(1) == 1


def test_heaps_scale_with_the_customers():
    assert dict(drawing().heaps("MAXTD"))[50_000.0] == round(2_134 * ROWS / 66_083)
