"""The finder as a method beside the single learners: how it is named, set and read back."""

from collections.abc import Mapping
from dataclasses import dataclass

from affluence.errors import UserError
from affluence.pu.finder_bytes import finder_from_bytes
from affluence.pu.learners import LEARNERS
from affluence.pu.learners.effort import EFFORTS, Mode
from affluence.pu.learners.protocol import FittedLearner, Method

FINDER_KEY = "finder"


@dataclass(frozen=True)
class FinderMethod:
    """The finder in one of its modes; it is fitted in all folds together (`AffluentFinder`), not one at a time."""

    mode: Mode = "accurate"
    key: str = FINDER_KEY
    title: str = "Finder"

    @property
    def settings(self) -> Mapping[str, float | int | str]:
        """The settings that were chosen on purpose, for the record."""
        return {"mode": self.mode, **vars(EFFORTS[self.mode])}

    def from_bytes(self, state: bytes) -> FittedLearner:
        """The finder of one fold that its `to_bytes` wrote."""
        return finder_from_bytes(state)


def method_keys() -> tuple[str, ...]:
    """Every method that can compete, by key."""
    return (FINDER_KEY, *LEARNERS)


def method_of(key: str, *, mode: Mode = "accurate") -> Method:
    """The method of that key.

    Errors: UserError that lists the known keys.
    """
    if key not in method_keys():
        raise UserError(f"There is no learner '{key}'. Choose among {', '.join(method_keys())}.")
    return FinderMethod(mode) if key == FINDER_KEY else LEARNERS[key]
