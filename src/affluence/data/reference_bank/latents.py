"""Where every made customer stands, before any column is drawn: wealth, in-bank position, appetite for credit.

Positions are standard normal or sums of such; no column of the table is a function of the truth or of the tag but
through the shares and quantiles by segment.
"""

import math

import numpy as np
from scipy.special import expit

from affluence.data.reference_bank.scenario import Scenario
from affluence.data.reference_bank.shaping import Flags, Floats, Positions, stream

PRIVATE_LIFT = 2.0  # how far private clients stand above others in wealth, in standard deviations
SHARE_STEEPNESS = 2.5  # turns the spread of the wallet into a share kept here: 16 % of customers keep under 27 %


def draw_positions(*, customers: int, seed: int, scenario: Scenario) -> Positions:
    """The latent positions by name, each an array of `customers` numbers."""

    def noise(name: str) -> Floats:
        return stream(seed, f"position {name}").standard_normal(customers)

    age = noise("age")
    private = _private_clients(customers=customers, seed=seed, share=scenario.private_share).astype(np.float64)
    wealth = _mix(age, noise("wealth"), scenario.age_wealth) + PRIVATE_LIFT * private
    appetite, pocket = noise("appetite"), noise("wallet")
    here = (wealth + scenario.wallet * pocket) / np.hypot(1, scenario.wallet)
    now = _mix(here, noise("drift"), np.sqrt(1 - scenario.drift**2))
    return {
        "age": age,
        "private": private,
        "wealth": wealth,
        "appetite": appetite,
        "earn": 0.5 * wealth + 0.4 * appetite + 0.7 * noise("earn"),
        "here": here,
        "now": now,
        "core": scenario.common * now,
        "wide": _mix(here, noise("breadth"), scenario.breadth),
        "credit": appetite + 0.3 * wealth - 0.35 * now,
        "form": noise("form"),
        "share_kept": expit(SHARE_STEEPNESS * scenario.wallet * pocket),
    }


def _mix(position: Floats, noise: Floats, correlation: float) -> Floats:
    return correlation * position + math.sqrt(1 - correlation**2) * noise


def _private_clients(*, customers: int, seed: int, share: float) -> Flags:
    """True for exactly that share of the rows: forty rows decide tails, so their number must not be left to chance."""
    flags = np.zeros(customers, dtype=bool)
    flags[stream(seed, "position private").permutation(customers)[: round(share * customers)]] = True
    return flags
