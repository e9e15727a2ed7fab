"""Power agrees with campaigns drawn by lot, and grows as it must."""

import numpy as np
import pytest
from scipy.stats import norm

from affluence.decision.power import check_power
from affluence.errors import UserError


def check(contacted=2000, control=500, base_rate=0.05, hoped_lift=0.03):
    return check_power(contacted=contacted, control=control, base_rate=base_rate, hoped_lift=hoped_lift)


def test_power_is_the_share_of_campaigns_that_prove_the_lift():
    random = np.random.default_rng(0)
    called, held = random.binomial(2000, 0.08, 20_000) / 2000, random.binomial(500, 0.05, 20_000) / 500
    pooled = (2000 * called + 500 * held) / 2500
    proven = (called - held) / np.sqrt(pooled * (1 - pooled) * (1 / 2000 + 1 / 500)) > norm.ppf(0.95)
    assert check().power == pytest.approx(proven.mean(), abs=0.02)


def test_the_smallest_lift_and_the_contacts_needed_have_a_power_of_80_percent():
    power = check()
    assert check(hoped_lift=power.smallest_lift).power == pytest.approx(0.8)
    needed = check(hoped_lift=0.01).contacts_needed
    assert check(needed, needed // 4, hoped_lift=0.01).power == pytest.approx(0.8, abs=1e-3)


def test_more_people_prove_more():
    assert check(4000, 1000).power > check().power > check(200, 50).power
    assert "too small" in check(200, 50).sentence()
    assert "large enough" in check(20_000, 5000).sentence()


@pytest.mark.parametrize(("contacted", "control"), [(0, 10), (10, 0), (0, 0)])
def test_nothing_is_proven_without_both_sides(contacted, control):
    power = check(contacted, control)
    assert (power.power, power.smallest_lift, power.contacts_needed) == (0, None, None)
    assert "no lift can be proven" in power.sentence()


def test_a_base_rate_of_nothing_has_a_power_too():
    assert 0 < check(base_rate=0).power < 1


@pytest.mark.parametrize(("base_rate", "lift"), [(-0.1, 0.1), (0.1, 0), (0.1, -0.1), (0.9, 0.2), (float("nan"), 0.1)])
def test_shares_out_of_range_are_refused(base_rate, lift):
    with pytest.raises(UserError, match="Give shares"):
        check(base_rate=base_rate, hoped_lift=lift)
