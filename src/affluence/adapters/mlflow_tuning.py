"""A tuning as MLflow keeps it: the run of a study, under which every trial is a run of its own."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from affluence.pu.tuning import State, Trial
from affluence.pu.tuning_record import Tuning

# What MLflow calls the ends of a trial; it has no word for one that was ended early.
STATUS_OF_TRIAL: Mapping[State, str] = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


@dataclass(frozen=True)
class TuningRun:
    """The tracked run of one study, under which every trial is a run of its own; `kept` are the numbers of those."""

    client: MlflowClient
    experiment: str
    run_id: str
    kept: set[int] = field(default_factory=set)

    def keep(self, trials: Iterable[Trial]) -> None:
        """Track each of `trials` that is not tracked yet: its settings, its recall by fold and what came of it."""
        for trial in trials:
            if trial.number not in self.kept:
                self._keep(trial)
                self.kept.add(trial.number)

    def conclude(self, tuning: Tuning) -> None:
        """Track how the best of the trials was judged."""
        judged, now = tuning.judgement, _now_ms()
        figures = {"recall_default": judged.default, "recall_tuned": judged.tuned, "difference": judged.difference}
        metrics = [
            Metric(name + suffix, getattr(estimate, part), now, 0)
            for name, estimate in figures.items()
            for suffix, part in (("", "value"), (".low", "low"), (".high", "high"))
        ]
        self.client.log_batch(self.run_id, metrics=metrics)
        self.client.set_tag(self.run_id, "outcome", tuning.outcome)
        self.client.log_text(self.run_id, json.dumps(tuning.record(), indent=1), "tuning.json")

    def _keep(self, trial: Trial) -> None:
        tags = {
            "mlflow.parentRunId": self.run_id,
            "mlflow.runName": f"trial {trial.number}",
            "trial": str(trial.number),
            "state": trial.state,
        }
        run, now = self.client.create_run(self.experiment, tags=tags), _now_ms()
        metrics = [Metric("recall_of_fold", recall, now, fold) for fold, recall in enumerate(trial.fold_recalls)]
        if trial.found:
            metrics.append(Metric("recall_at_capacity", trial.found.recall, now, 0))
            metrics.append(Metric("average_precision", trial.found.average_precision, now, 0))
        params = [Param(f"setting_{name}", str(value)) for name, value in trial.settings.items()]
        self.client.log_batch(run.info.run_id, metrics=metrics, params=params)
        self.client.set_terminated(run.info.run_id, status=STATUS_OF_TRIAL[trial.state])


@contextmanager
def tracked_study(
    client: MlflowClient, experiment: str, *, study: str, parameters: Mapping[str, object]
) -> Iterator[TuningRun]:
    """The tracked run of that study, gone on with if an earlier call began it; an error ends it as failed."""
    run_id = _run_with(client, experiment, f"tags.tuning_study = '{study}'")
    if run_id is None:
        tags = {"mlflow.runName": study, "tuning_study": study}
        run_id = str(client.create_run(experiment, tags=tags).info.run_id)
        client.log_batch(run_id, params=[Param(name, str(value)) for name, value in parameters.items()])
    client.update_run(run_id, status="RUNNING")
    status = "FAILED"
    try:
        yield TuningRun(client, experiment, run_id, _trials_under(client, experiment, run_id))
        status = "FINISHED"
    finally:
        client.set_terminated(run_id, status=status)


def _run_with(client: MlflowClient, experiment: str, what: str) -> str | None:
    found = client.search_runs([experiment], what, max_results=1)
    return str(found[0].info.run_id) if found else None


def _trials_under(client: MlflowClient, experiment: str, run_id: str) -> set[int]:
    """The numbers of the trials that are tracked under a run."""
    numbers, token = set(), None
    while True:
        page = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'", page_token=token)
        numbers |= {int(run.data.tags["trial"]) for run in page}
        token = page.token
        if not token:
            return numbers


def _now_ms() -> int:
    return round(1_000 * time.time())
