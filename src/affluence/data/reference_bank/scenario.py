"""How a made bank behaves: who keeps money elsewhere, how the tag is given, how many are hidden."""

import math
from dataclasses import dataclass
from enum import StrEnum

from affluence.errors import UserError

_BOUNDS = {
    "hidden_share": (0.001, 0.5),
    "true_share": (0.001, 0.9),
    "age_wealth": (0, 1),
    "wallet": (0, math.inf),
    "drift": (0, 1),
    "breadth": (0, 1),
    "tag_breadth": (0, math.inf),
    "tag_noise": (0, math.inf),
    "forgotten": (0, 0.5),
    "reach": (0, math.inf),
    "common": (0, 1),
    "private_share": (0, 0.1),
}
"""What each parameter may be, both ends included."""


class Labelling(StrEnum):
    """How the bank segment tag is given."""

    SELECTIVE = "selective"  # at random given the in-bank position: SAR
    RANDOM = "random"  # completely at random among the affluent: SCAR


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The parameters of a made bank. The defaults reproduce the published bank.

    Positions are standard normal, so a spread or a noise of 1 is as large as the spread of wealth itself.
    """

    labelling: Labelling = Labelling.SELECTIVE
    hidden_share: float = 0.05
    """Hidden affluent customers as a share of those not tagged; it places the bar of wealth."""
    true_share: float | None = None
    """Truly affluent share of all rows; given, it places the bar instead of `hidden_share`."""
    age_wealth: float = 0.25
    """Correlation of age and wealth."""
    wallet: float = 0.4
    """Spread of the share of wealth kept here: raises "money elsewhere"."""
    drift: float = 0.4
    """Change of the in-bank position between tagging and today: more have crossed the bar since, and the
    columns of today say less about the tag."""
    breadth: float = 0.5
    """Correlation of the number of kinds of product with the in-bank position."""
    tag_breadth: float = 0.3
    """Weight of that breadth in the tag."""
    tag_noise: float = 0.3
    """Weight of judgement and favour in the tag."""
    forgotten: float = 0.06
    """Share of customers whom nobody ever looked at for tagging: raises "mis-tagged"."""
    reach: float = 0.25
    """A hidden customer within this distance of the bar today is "about to cross"."""
    common: float = 0.48
    """How strongly deposits, current and savings accounts and time deposits follow today's position."""
    private_share: float = 0.0006
    """Share of private clients, whose time deposits and card spending are both extreme."""
    one_person_per_id: bool = False
    """Rows of one id are one person: same person columns and tag, amounts a little moved."""

    def __post_init__(self) -> None:
        if self.labelling not in list(Labelling):
            raise UserError(f"labelling is {self.labelling!r}; one of {', '.join(Labelling)} is wanted.")
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                limits = f"{low:g} or more" if high == math.inf else f"a number from {low:g} to {high:g}"
                raise UserError(f"{name} is {value}; {limits} is wanted.")


SCENARIOS: dict[str, Scenario] = {
    "selective": Scenario(),
    "random": Scenario(labelling=Labelling.RANDOM),
    "rule": Scenario(tag_noise=0.0, forgotten=0.0, drift=0.0),
}


def scenario_named(name: str) -> Scenario:
    """The scenario of that name: "selective" (SAR, the default), "random" (SCAR) or "rule".

    Raises `UserError` for an unknown name.
    """
    if name not in SCENARIOS:
        raise UserError(f"There is no scenario {name!r}. Choose one of: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
