"""What a tuning gave, and how it is kept: a small YAML file of one table, which people read and trainings use.

For each learner it holds the settings to use (none where the default ones stay) and the figures that decided it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from affluence.evaluation.results import Estimate
from affluence.pu.learners.settings import Settings
from affluence.pu.tuned import Tuned
from affluence.pu.tuning import Ground, Judgement, State, Trial, best_of, default_settings

STATES: tuple[State, ...] = ("complete", "pruned", "failed")
HEADER = """\
# Written by `affluence tune`. `settings` are used by `affluence train --tuned FILE` and `affluence run --tuned FILE`;
# where they are empty the default settings stay. Recalls are those of the tagged at the capacity, out of fold, with
# 90 % intervals: the search's own flatters the best, so `judged_anew`, on folds dealt anew, decides.
"""


@dataclass(frozen=True)
class Tuning:
    """What the tuning of one learner gave: all trials of the search on `ground`, and how its best was judged anew."""

    key: str
    title: str
    ground: Ground
    trials: tuple[Trial, ...]
    judgement: Judgement

    @property
    def best(self) -> Trial:
        """The trial that was worth most on the folds of the search."""
        best = best_of(self.trials)
        if best is None:
            raise ValueError("a tuning without a complete trial has no best one")
        return best

    @property
    def settings(self) -> Settings:
        """The settings to use: those of the best trial if it won on the fresh folds, else none."""
        return self.best.settings if self.judgement.tuned_is_better else {}

    def count(self, state: State) -> int:
        """How many trials ended in that state."""
        return sum(trial.state == state for trial in self.trials)

    @property
    def outcome(self) -> str:
        """In a sentence, which settings are to be used, and why."""
        if self.judgement.tuned_is_better:
            return "The tuned settings are used: on folds dealt anew the whole interval of what they gain is above 0."
        if self.best_is_default:
            return "The default settings stay: no trial found more than they did."
        return (
            "The default settings stay: on folds dealt anew the interval of what the best trial gains is not wholly "
            "above 0, so it may have been the best by chance."
        )

    @property
    def best_is_default(self) -> bool:
        """Whether the best trial was that of the default settings."""
        return self.best.settings == default_settings(self.key)

    def record(self) -> dict[str, Any]:
        """Everything of it that is kept: settings, figures, seeds, and the digest of what the trials hold for."""
        found, judged = self.best.found, self.judgement
        return {
            "settings": dict(self.settings),
            "outcome": self.outcome,
            "best_trial": {
                "number": self.best.number,
                "recall_in_search": round(found.recall, 4) if found else None,
                "settings": dict(self.best.settings),
            },
            "judged_anew": {
                "seed": judged.seed,
                "recall_default": _figures(judged.default),
                "recall_tuned": _figures(judged.tuned),
                "difference": _figures(judged.difference),
                "assumption": judged.difference.assumption,
            },
            "trials": {state: self.count(state) for state in STATES},
            "folds": self.ground.fold_count,
            "seed": self.ground.seed,
            "capacity_share": self.ground.capacity_share,
            "digest": self.ground.digest(self.key),
        }


def tuned_to_yaml(tunings: Sequence[Tuning], *, before: Tuned) -> str:
    """The text of the file that keeps `tunings`, and of `before` the learners that were not tuned again."""
    kept = dict(before.content.get("learners", {}))
    table = tunings[0].ground.table
    learners = {**kept, **{tuning.key: tuning.record() for tuning in tunings}}
    text: str = yaml.safe_dump({"table": table, "learners": learners}, sort_keys=False, width=110)
    return HEADER + text


def _figures(estimate: Estimate) -> dict[str, float]:
    return {name: round(float(getattr(estimate, name)), 4) for name in ("value", "low", "high")}
