"""How a capacity is asked for, in exactly one way, and what a contact costs and a find is worth."""

from dataclasses import dataclass
from math import isfinite

from affluence.errors import UserError

WAYS = "contacts, managers x calls a week x weeks, a budget, a score threshold, a lowest precision, or a recall"


@dataclass(frozen=True)
class Capacity:
    """How many can be contacted, asked for in exactly one way.

    `contacts`; or `managers` x `calls_a_week` (each) x `weeks`; or `budget` in the contract's currency, at the cost of
    a contact in `Economics`; or `threshold`, a score; or `lowest_precision`, the share affluent to be expected among
    the listed; or `recall`, the share of the tagged affluent who score as high as the last on the list.
    `managers` and `calls_a_week` without `weeks` are no way of asking: the weeks that such a team needs are then told.

    Errors: UserError that says what was given and what is wanted.
    """

    contacts: int | None = None
    managers: int | None = None
    calls_a_week: float | None = None
    weeks: float | None = None
    budget: float | None = None
    threshold: float | None = None
    lowest_precision: float | None = None
    recall: float | None = None

    def __post_init__(self) -> None:
        _require_whole(self.contacts, "contacts")
        _require_whole(self.managers, "managers")
        for name in ("calls_a_week", "weeks", "budget"):
            _require_above_zero(getattr(self, name), name.replace("_", " "))
        if self.threshold is not None and not isfinite(self.threshold):
            raise UserError(f"The score threshold is {self.threshold}; give a number, as the scores are.")
        _require_share(self.lowest_precision, "lowest precision")
        _require_share(self.recall, "recall")
        self._require_whole_team()
        self._require_one_way()

    @property
    def way(self) -> str:
        """The name of the one way that was asked in."""
        return self._ways()[0]

    @property
    def calls_of_team(self) -> float | None:
        """How many calls the team makes in a week, where a team is named."""
        if self.managers is None or self.calls_a_week is None:
            return None
        return self.managers * self.calls_a_week

    def _ways(self) -> list[str]:
        names = ("contacts", "weeks", "budget", "threshold", "lowest_precision", "recall")
        return [name for name in names if getattr(self, name) is not None]

    def _require_whole_team(self) -> None:
        alone = (self.managers is None) != (self.calls_a_week is None)
        if alone or (self.weeks is not None and self.managers is None):
            given = [name for name in ("managers", "calls_a_week", "weeks") if getattr(self, name) is not None]
            named = " and ".join(name.replace("_", " ") for name in given)
            raise UserError(f"Only {named} are given; a team is managers, calls a week and weeks together.")

    def _require_one_way(self) -> None:
        ways = self._ways()
        if len(ways) != 1:
            found = "in no way" if not ways else "in " + " and in ".join(way.replace("_", " ") for way in ways)
            raise UserError(f"A capacity is asked for {found}; ask in exactly one of: {WAYS}.")


@dataclass(frozen=True)
class Economics:
    """What a contact costs and what a find is worth, each where it is known, in the contract's `currency`.

    Errors: UserError when either is negative or no number.
    """

    cost_per_contact: float | None = None
    value_per_find: float | None = None
    currency: str = "USD"

    def __post_init__(self) -> None:
        for name in ("cost_per_contact", "value_per_find"):
            amount = getattr(self, name)
            if amount is not None and not (isfinite(amount) and amount >= 0):
                raise UserError(f"The {name.replace('_', ' ')} is {amount}; give an amount of 0 or more.")


def _require_whole(number: float | None, name: str) -> None:
    if number is None:
        return
    _require_above_zero(number, name)
    if number != int(number):
        raise UserError(f"The number of {name} is {number}; give a whole number.")


def _require_above_zero(number: float | None, name: str) -> None:
    if number is not None and not (isfinite(number) and number > 0):
        raise UserError(f"The capacity's {name} is {number}; give a number above 0.")


def _require_share(share: float | None, name: str) -> None:
    if share is not None and not 0 < share <= 1:
        raise UserError(f"The {name} is {share}; give a share above 0 and up to 1, as 0.3 for 30 %.")
