"""Whether a list is large enough to prove the lift hoped for, said before it is sent."""

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import norm

from affluence.errors import UserError

# The test that a 90 % interval makes: two-sided, wrong in one of ten when nothing happened.
SIGNIFICANCE = 0.1
WANTED_POWER = 0.8


@dataclass(frozen=True)
class Power:
    """What a list can prove: the chance to prove `hoped_lift` over `base_rate`, both shares of the customers upgraded.

    `smallest_lift` is the smallest that is proven in 80 of 100 campaigns, missing when none is. `contacts_needed` is
    how many must be contacted, at the same share held back, to prove the lift hoped for; missing without a control.
    """

    base_rate: float
    hoped_lift: float
    contacted: int
    control: int
    power: float
    smallest_lift: float | None
    contacts_needed: int | None

    @property
    def enough(self) -> bool:
        """Whether the lift hoped for is proven in at least 80 of 100 campaigns."""
        return self.power >= WANTED_POWER

    def sentence(self) -> str:
        """What to know before the list is sent."""
        if self.contacts_needed is None:
            return "Without a control group and somebody to contact, no lift can be proven."
        word = "large enough" if self.enough else "too small"
        smallest = "no lift" if self.smallest_lift is None else f"a lift of {100 * self.smallest_lift:.1f} points"
        return (
            f"The list is {word} to prove a lift of {100 * self.hoped_lift:.1f} points over "
            f"{100 * self.base_rate:.1f} %: the chance is {self.power:.0%} with {self.contacted:,} contacted and "
            f"{self.control:,} held back. With a chance of 80 % it proves {smallest}; to prove the lift hoped for, "
            f"{self.contacts_needed:,} contacts are needed."
        )


def check_power(*, contacted: int, control: int, base_rate: float, hoped_lift: float) -> Power:
    """The power of the two-sided test of two shares at 10 %, by the normal approximation.

    Errors: UserError unless 0 <= base_rate, 0 < hoped_lift and their sum is at most 1. Source: Fleiss, Levin and Paik
    (2003), Statistical Methods for Rates and Proportions, chapter 4.
    """
    if not (base_rate >= 0 and hoped_lift > 0 and base_rate + hoped_lift <= 1):
        raise UserError(
            f"A lift of {hoped_lift:g} over a base rate of {base_rate:g} was hoped for. Give shares: a rate from 0, a "
            "lift above 0, together at most 1."
        )
    if not contacted or not control:
        return Power(base_rate, hoped_lift, contacted, control, 0.0, None, None)
    power = power_of(hoped_lift, base_rate=base_rate, contacted=contacted, control=control)
    return Power(
        base_rate,
        hoped_lift,
        contacted,
        control,
        power,
        _smallest_lift(base_rate=base_rate, contacted=contacted, control=control),
        _contacts_needed(hoped_lift, base_rate=base_rate, ratio=control / contacted),
    )


def power_of(lift: float, *, base_rate: float, contacted: float, control: float) -> float:
    """The chance that the test of two shares proves `lift` over `base_rate`."""
    treated = base_rate + lift
    pooled = (contacted * treated + control * base_rate) / (contacted + control)
    under_none = math.sqrt(pooled * (1 - pooled) * (1 / contacted + 1 / control))
    under_lift = math.sqrt(treated * (1 - treated) / contacted + base_rate * (1 - base_rate) / control)
    beyond = lift - norm.ppf(1 - SIGNIFICANCE / 2) * under_none
    return float(norm.cdf(beyond / under_lift)) if under_lift else float(beyond > 0)


def _smallest_lift(*, base_rate: float, contacted: int, control: int) -> float | None:
    def gap(lift: float) -> float:
        return power_of(lift, base_rate=base_rate, contacted=contacted, control=control) - WANTED_POWER

    # A share of exactly 0 or 1 has no variance, and a test of it no chance between.
    nothing, most = 1e-9, 1 - base_rate - 1e-9
    if most <= nothing or gap(most) < 0:
        return None
    return float(brentq(gap, nothing, most)) if gap(nothing) < 0 else nothing


def _contacts_needed(lift: float, *, base_rate: float, ratio: float) -> int:
    def gap(contacts: float) -> float:
        return power_of(lift, base_rate=base_rate, contacted=contacts, control=ratio * contacts) - WANTED_POWER

    most = 2.0
    while gap(most) < 0:
        most *= 2
    return math.ceil(brentq(gap, 1.0, most)) if gap(1.0) < 0 else 1
