"""Starting and cancelling runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from affluence_service.api_errors import Conflict, Refused
from affluence_service.audit.services import record
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.models import State as DatasetState
from affluence_service.jobs import services as jobs
from affluence_service.registry.models import ModelVersion
from affluence_service.runs.models import Override, Run
from affluence_service.runs.selectors import champion_for


def start_scoring(
    person: Any,
    *,
    dataset: Dataset,
    version: ModelVersion | None = None,
    contacts: int | None = None,
    seed: int = 0,
) -> Run:
    """A run that scores the dataset with that version, or with the champion; a worker does it.

    The version is settled now: a champion that changes meanwhile does not change the run. The first `contacts` of the
    ranking are described, with reasons; left out, every tenth candidate.

    Errors: Conflict when the dataset is not accepted, nothing serves its table, or the version cannot serve; Refused
    when the version is of another table.
    """
    chosen = version or champion_for(dataset.contract)
    if chosen is None:
        raise Conflict(
            f"No model serves tables of the contract {dataset.contract} yet. Train one on this dataset first."
        )
    if chosen.contract != dataset.contract:
        raise Refused(
            f"{chosen} was made for tables of the contract {chosen.contract}, and this dataset is one of "
            f"{dataset.contract}. Choose a version for it."
        )
    if not chosen.usable:
        raise Conflict(f"{chosen} cannot serve: {chosen.problem or 'it was not taken in yet.'} Choose another version.")
    return _start(person, dataset, Run.Kind.SCORE, version=chosen, options={"contacts": contacts, "seed": seed})


def start_training(
    person: Any,
    *,
    dataset: Dataset,
    mode: str = "accurate",
    learners: Sequence[str] = (),
    seed: int = 0,
    use_verdicts: bool = True,
) -> Run:
    """A run that trains a model on the dataset, by default all learners against each other; a worker does it.

    Errors: Conflict when the dataset is not accepted, or nobody in it is tagged; Refused for a learner there is not.
    """
    from affluence.pu.finder_method import method_keys

    if unknown := sorted(set(learners) - set(method_keys())):
        raise Refused(f"There is no learner '{unknown[0]}'. Choose among {', '.join(method_keys())}.")
    if not dataset.tagged and dataset.state == DatasetState.ACCEPTED:
        raise Conflict(
            "Nobody in this dataset is tagged affluent, so there is nothing to learn from. Use a tagged one."
        )
    options = {"mode": mode, "learners": sorted(set(learners)), "seed": seed, "use_verdicts": use_verdicts}
    return _start(person, dataset, Run.Kind.TRAIN, options=options)


def cancel(person: Any, run: Run) -> None:
    """Cancel the run: at once where it waits, within a second or two where it runs. Errors: Conflict when it ended."""
    if run.job is None:
        raise Conflict("It has no work left that could be cancelled.")
    jobs.cancel(run.job, by=person)


def override(person: Any, run: Run, *, reason: str) -> Override:
    """The word of `person`, who did not ask for the run, that campaigns may be made of it all the same.

    Errors: Conflict when nothing blocks it; Refused to the one who asked for it, or without a reason.
    """
    if not reason.strip():
        raise Refused("Say why the run may be used although its table moved.")
    with transaction.atomic():
        held = Run.objects.select_for_update().get(id=run.id)
        if held.asked_by_id == person.pk:
            raise Refused("You started this run, so somebody else decides on it.")
        if not held.blocked:
            raise Conflict("Nothing blocks this run.")
        given = Override.objects.create(run=held, reason=reason.strip(), given_by=person)
        record(person, "let a moved table pass", "run", held.id, details={"reason": given.reason})
    return given


def _start(
    person: Any, dataset: Dataset, kind: Run.Kind, *, options: Mapping[str, Any], version: ModelVersion | None = None
) -> Run:
    with transaction.atomic():
        # Held, so that the dataset is not deleted between the look at its state and the run that needs it.
        held = Dataset.objects.select_for_update().get(id=dataset.id)
        if held.state != DatasetState.ACCEPTED:
            raise Conflict(f"The dataset is {held.get_state_display()}; only an accepted one can be used.")
        run = Run.objects.create(
            team_id=held.team_id, kind=kind, dataset=held, version=version, asked_by=person, options=dict(options)
        )
        run.job = jobs.enqueue(kind.value, run.id, asked_by=person, rows=held.rows)
        run.save(update_fields=["job"])
        details = {"kind": kind.value, "dataset": str(held.id), **({"version": str(version)} if version else {})}
        record(person, "started", "run", run.id, details=details)
    return run
