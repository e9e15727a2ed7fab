"""The one door to Optuna: settings are proposed, trials kept in a SQLite file and ended early when they fall behind.

A study holds the trials of one learner on one ground; its name carries the ground's digest, so that a table, a seed or
a capacity that changed begins a study of its own. What a trial proposes follows from the seed, its number and the
trials before it, so a search that was stopped goes on as if it had not been.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from affluence import progress
from affluence.errors import UserError
from affluence.pu.learners import learner_of
from affluence.pu.learners.settings import BOUNDS, Bounds, Settings
from affluence.pu.tuning import FoldRecall, Found, Ground, State, Trial, best_of, default_settings, try_settings

# So many trials are drawn at random before any is proposed from them. None is ended early before there are so many
# complete ones to fall behind, nor in its first folds: one fold alone tells little.
RANDOM_TRIALS = 10
TRIALS_BEFORE_ENDING = 5
FOLDS_BEFORE_ENDING = 2

STATES: Mapping[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
# Shown by ourselves, as progress.
optuna.logging.set_verbosity(optuna.logging.ERROR)


class SearchStopped(UserError):  # noqa: N818  (what happened, in the words of the message)
    """A search that a person stopped; the message says what is kept and how to go on."""


@dataclass(frozen=True)
class Budget:
    """How long a search goes on: `minutes` of this call, and no more than `trials` of the study in all, if given.

    The trial that is under way when the minutes are over is finished.
    """

    minutes: float
    trials: int | None = None


@dataclass(frozen=True)
class Study:
    """The trials of one learner on one ground, kept in the SQLite file `store`."""

    key: str
    ground: Ground
    store: Path

    @property
    def name(self) -> str:
        """The study's name in its file; equal names hold trials that can be compared."""
        return f"{self.ground.table}-{self.key}-{self.ground.digest(self.key)[:16]}"

    def search(self, budget: Budget, *, told: Callable[[Trial], None] = lambda _: None) -> tuple[Trial, ...]:
        """Every trial of the study in turn, those of earlier calls first, after `budget` was spent on new ones.

        The default settings are tried first. `told` hears of each new trial when it ends.

        Errors: SearchStopped when a person stops it (what is done stays), UserError when the file is not one of
        Optuna's or no trial could be finished.
        """
        began, title = time.monotonic(), learner_of(self.key).title
        with self._opened() as study, self.kept_when_stopped():
            while not self._spent(study, budget, began=began):
                self._tell_progress(study, budget, began=began, title=title)
                told(self._try_next(study))
            self._tell_progress(study, budget, began=began, title=title)
            trials = _trials(study)
        if best_of(trials) is None:
            raise UserError(
                f"None of {len(trials)} trials of {title} could be finished. Give more minutes (--minutes), or look "
                "at the failed trials in MLflow."
            )
        return trials

    @contextmanager
    def kept_when_stopped(self) -> Iterator[None]:
        """Turns a person's Ctrl-C within the block into the sentence that says what is kept.

        Errors: SearchStopped.
        """
        try:
            yield
        except KeyboardInterrupt as stop:
            raise SearchStopped(
                f"Stopped. The finished trials of {learner_of(self.key).title} are kept in {self.store}, and the same "
                "command goes on from there. No settings of this learner were written."
            ) from stop

    @contextmanager
    def _opened(self) -> Iterator[optuna.Study]:
        self.store.parent.mkdir(parents=True, exist_ok=True)
        try:
            study = optuna.create_study(
                storage=f"sqlite:///{self.store.absolute()}",
                study_name=self.name,
                direction="maximize",
                load_if_exists=True,
                pruner=optuna.pruners.MedianPruner(
                    n_startup_trials=TRIALS_BEFORE_ENDING, n_warmup_steps=FOLDS_BEFORE_ENDING - 1
                ),
            )
            _bury(study)
            yield study
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            raise UserError(
                f"The trials in {self.store} cannot be read or written ({type(error).__name__}). Move the file away, "
                "and the search begins anew."
            ) from error

    def _spent(self, study: optuna.Study, budget: Budget, *, began: float) -> bool:
        """Whether the budget is over; a study without a complete trial gets one before its minutes count."""
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        if budget.trials is not None and len(done) >= budget.trials:
            return True
        return bool(len(study.trials)) and time.monotonic() - began >= 60 * budget.minutes

    def _try_next(self, study: optuna.Study) -> Trial:
        number = len(study.trials)
        study.sampler = optuna.samplers.TPESampler(
            seed=_seed_of(self.ground.seed, number), n_startup_trials=RANDOM_TRIALS, multivariate=True
        )
        if not _defaults_tried(study):
            study.enqueue_trial(dict(default_settings(self.key)), user_attrs={"defaults": True})
        trial = study.ask()
        try:
            return self._try(study, trial)
        except KeyboardInterrupt:
            study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise

    def _try(self, study: optuna.Study, trial: optuna.Trial) -> Trial:
        """The trial after it was tried and told to the study."""
        recalls: list[float] = []

        def after_fold(fold: FoldRecall) -> None:
            recalls.append(fold.recall)
            trial.report(fold.so_far, fold.fold)
            if trial.should_prune() and fold.fold + 1 < self.ground.fold_count:
                raise optuna.TrialPruned

        settings = _tidy({bound.name: _proposed(trial, bound) for bound in BOUNDS[self.key]})
        found: Found | None = None
        state = TrialState.FAIL
        try:
            found = try_settings(self.key, settings, self.ground, after_fold=after_fold)
            state = TrialState.COMPLETE
        except optuna.TrialPruned:
            state = TrialState.PRUNED
        except (ValueError, ArithmeticError, MemoryError) as error:
            # What an engine says may hold a cell of the table; the kind is enough to look for.
            trial.set_user_attr("error", type(error).__name__)
        trial.set_user_attr("recalls", recalls)
        if found:
            trial.set_user_attr("found", [found.recall, found.average_precision, found.tagged])
        study.tell(trial, found.worth if found else None, state=None if found else state)
        return _trial(study.trials[trial.number])

    def _tell_progress(self, study: optuna.Study, budget: Budget, *, began: float, title: str) -> None:
        trials = _trials(study)
        best = best_of(trials)
        left = max(0.0, budget.minutes - (time.monotonic() - began) / 60)
        best_so_far = f"best recall {best.found.recall:.4f}" if best and best.found else "none finished"
        progress.report(
            f"Tuning {title}",
            done=min(round(60 * (budget.minutes - left)), round(60 * budget.minutes)),
            total=max(1, round(60 * budget.minutes)),
            note=f"{len(trials)} tried, {best_so_far}, {left:.1f} minutes left",
        )


def _bury(study: optuna.Study) -> None:
    """End the trials whose process was killed: they would count as under way for ever."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _defaults_tried(study: optuna.Study) -> bool:
    states = (TrialState.COMPLETE, TrialState.WAITING)
    return any(trial.user_attrs.get("defaults") for trial in study.get_trials(deepcopy=False, states=states))


def _proposed(trial: optuna.Trial, bound: Bounds) -> float | int:
    if bound.whole:
        return trial.suggest_int(bound.name, int(bound.low), int(bound.high), log=bound.log)
    return trial.suggest_float(bound.name, bound.low, bound.high, log=bound.log)


def _tidy(settings: Settings) -> Settings:
    """Four digits are enough of a setting, and a person can read them; what is tried is what is kept."""
    return {name: value if isinstance(value, int) else float(f"{value:.4g}") for name, value in settings.items()}


def _seed_of(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed % 2**32, number]).generate_state(1)[0])


def _trials(study: optuna.Study) -> tuple[Trial, ...]:
    return tuple(_trial(trial) for trial in study.get_trials(deepcopy=False) if trial.state in STATES)


def _trial(trial: FrozenTrial) -> Trial:
    told: Mapping[str, Any] = trial.user_attrs
    return Trial(
        number=trial.number,
        settings=_tidy(trial.params),
        state=STATES[trial.state],
        fold_recalls=tuple(told.get("recalls", ())),
        found=Found(*told["found"]) if "found" in told and trial.state is TrialState.COMPLETE else None,
    )
