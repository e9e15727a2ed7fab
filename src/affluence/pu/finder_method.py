"""The finder as a method beside the single learners: how it is named, set and read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from affluence.errors import UserError
from affluence.pu.finder_bytes import finder_from_bytes
from affluence.pu.learners import LEARNERS
from affluence.pu.learners.effort import Mode, effort_of
from affluence.pu.learners.protocol import FittedLearner, Method

FINDER_KEY = "finder"
# Before the names of tuned settings, where they stand in one list with the finder's own.
BOOSTING, SCORECARD = "boosting_", "scorecard_"


@dataclass(frozen=True)
class FinderMethod:
    """The finder in one of its modes; it is fitted in all folds together (`AffluentFinder`), not one at a time.

    `boosting` and `scorecard` are the tuned settings of its boosters and of its scorecards, none where they have their
    own.
    """

    mode: Mode = "accurate"
    key: str = FINDER_KEY
    title: str = "Finder"
    boosting: Mapping[str, float] = field(default_factory=dict)
    scorecard: Mapping[str, float] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, float | int | str]:
        """The settings that were chosen on purpose, for the record: the mode's work, and what was tuned."""
        effort = effort_of(self.mode, boosting=self.boosting, scorecard=self.scorecard)
        return {
            "mode": self.mode,
            **{name: getattr(effort, name) for name in ("rounds", "learning_rate", "repeats", "renewed")},
            **{BOOSTING + name: value for name, value in self.boosting.items()},
            **{SCORECARD + name: value for name, value in self.scorecard.items()},
        }

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


def method_with(key: str, settings: Mapping[str, float | int | str]) -> Method:
    """The method of that key whose `settings` are on record, as `Method.settings` told them.

    Errors: UserError that lists the known keys.
    """
    method = method_of(key)
    if isinstance(method, FinderMethod):
        mode: Mode = "fast" if settings["mode"] == "fast" else "accurate"
        return FinderMethod(mode, boosting=_named(settings, BOOSTING), scorecard=_named(settings, SCORECARD))
    return LEARNERS[key].with_settings(settings)


def _named(settings: Mapping[str, float | int | str], prefix: str) -> dict[str, float]:
    """The numbers whose names begin with `prefix`, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in settings.items()
        if name.startswith(prefix) and not isinstance(value, str)
    }
