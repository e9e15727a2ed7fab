"""One trial: a service with a bank and a model in it, workers that come and go, and what is checked at the end."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from affluence import steps
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.pu.storage import save_model
from affluence_service.access import Role
from affluence_service.audit.models import Entry
from affluence_service.audit.services import Actor, seal_entries, verify
from affluence_service.datasets.arriving import from_stream
from affluence_service.datasets.contracts import contract_named
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.services import receive
from affluence_service.jobs.models import ENDS, Job, State
from affluence_service.people.models import User
from affluence_service.people.services import add_person, add_team
from affluence_service.registry import shelf
from affluence_service.registry.models import ModelVersion
from affluence_service.runs.models import Run
from affluence_service.runs.results import digest_of
from affluence_service.runs.services import start_scoring

CONTRACT, NAME = "reference_bank", "affluence-reference_bank"
LOOK_EVERY_SECONDS = 0.05
# Without an end of a job for so long, something hangs.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Found:
    """What a trial showed; `faults` are empty where everything held."""

    runs: int
    kills: int
    takings: int
    seconds: float
    faults: tuple[str, ...]

    def __str__(self) -> str:
        held = "all ended with the same bytes" if not self.faults else f"{len(self.faults)} faults"
        return (
            f"{self.runs} runs, {self.kills} workers killed in mid-job, {self.takings} takings, "
            f"{self.seconds:.0f} s: {held}"
        )


@dataclass
class Crew:
    """Worker processes, of which some are killed."""

    members: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    ever: list[int] = field(default_factory=list)

    def hire(self) -> None:
        """Start one more."""
        command = (sys.executable, "-m", "affluence_service", "worker")
        member = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603  (our own program)
        self.members.append(member)
        self.ever.append(member.pid)

    def named(self, name: str) -> "subprocess.Popen[bytes] | None":
        """The worker of that name, unless it is gone."""
        return next((each for each in self.members if name.endswith(f"-{each.pid}")), None)

    def replace(self, member: "subprocess.Popen[bytes]") -> None:
        """Kill a worker, without a word, and start another."""
        member.kill()
        member.wait()
        self.members.remove(member)
        self.hire()

    def dismiss(self) -> None:
        """Tell all to stop, and wait."""
        for member in self.members:
            member.terminate()
        for member in self.members:
            member.wait()

    def left_behind(self) -> int:
        """How many processes still do jobs for workers that are gone."""
        endings = tuple(f" do --for {pid}" for pid in self.ever)
        command = ["ps", "-A", "-ww", "-o", "args="]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  (no input of others)
        return sum(1 for command in listed.stdout.splitlines() if command.endswith(endings))


def try_out(*, runs: int, kills: int, workers: int, rows: int, seed: int) -> Found:
    """The outcome of one trial, in the database and the folder that the settings name."""
    call_command("migrate", verbosity=0, skip_checks=True)
    bank = simulate(customers=rows, seed=seed).table
    version = _model_of(bank, seed)
    analyst = _analyst()
    began = time.monotonic()
    with _crew(workers) as crew:
        dataset = _dataset(analyst, bank)
        peaceful = start_scoring(analyst, dataset=dataset, version=version, seed=seed)
        _wait_for([peaceful])
        wanted = Run.objects.select_related("job").get(id=peaceful.id)
        asked = [start_scoring(analyst, dataset=dataset, version=version, seed=seed) for _ in range(runs)]
        killed = _kill(crew, asked, kills=kills, typical=_seconds(wanted), dice=random.Random(seed))  # noqa: S311
        _wait_for(asked)
    ended = list(Run.objects.filter(id__in=[run.id for run in asked]).select_related("job"))
    return Found(
        runs=len(ended),
        kills=killed,
        takings=sum(_job_of(run).attempts for run in ended),
        seconds=time.monotonic() - began,
        faults=tuple(_faults(wanted, ended, crew)),
    )


def _kill(crew: Crew, asked: list[Run], *, kills: int, typical: float, dice: random.Random) -> int:
    """How many workers were killed, each at a random moment of a job that it was at."""
    killed = 0
    ids = [_job_of(run).id for run in asked]
    while killed < kills:
        left = [job for job in Job.objects.filter(id__in=ids) if not job.ended]
        if not left:
            return killed
        # A job whose worker was killed looks as if it ran until its lease is over.
        worked_on = [job for job in left if job.state == State.RUNNING and crew.named(job.worker)]
        if not worked_on:
            time.sleep(LOOK_EVERY_SECONDS)
            continue
        prey = dice.choice(worked_on)
        time.sleep(dice.uniform(0, typical))
        member = crew.named(prey.worker)
        if member and Job.objects.filter(id=prey.id, lease=prey.lease, state=State.RUNNING).exists():
            crew.replace(member)
            killed += 1
    return killed


def _faults(wanted: Run, ended: list[Run], crew: Crew) -> Iterator[str]:
    """Everything that is not as it should be."""
    home: Path = settings.ENVIRONMENT.folder
    for run in ended:
        job = _job_of(run)
        if job.state != State.DONE:
            yield f"Run {run.id} ended as {job.state}: {job.problem}"
            continue
        if not run.digest == wanted.digest == digest_of(home / run.folder):
            yield f"Run {run.id} has other files than the one done in peace."
        finished = Entry.objects.filter(object_id=str(run.id), action="finished").count()
        if finished != 1:
            yield f"Run {run.id} is on record as finished {finished} times."
        folders = len(list((home / run.folder).parent.iterdir()))
        if folders != 1:
            yield f"Run {run.id} left {folders} folders."
    seal_entries()
    yield from verify().faults
    if left := crew.left_behind():
        yield f"{left} processes are left without a worker."


def _wait_for(runs: list[Run]) -> None:
    """Wait until every run's job has ended, as long as some do."""
    ids = [_job_of(run).id for run in runs]
    ended, last = -1, time.monotonic() + PATIENCE_SECONDS
    while ended < len(ids):
        now = Job.objects.filter(id__in=ids, state__in=ENDS).count()
        if now != ended:
            ended, last = now, time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() > last:
            raise SystemExit(f"Only {ended} of {len(ids)} jobs ended; nothing moved for {PATIENCE_SECONDS:.0f} s.")
        time.sleep(LOOK_EVERY_SECONDS)


@contextmanager
def _crew(workers: int) -> Iterator[Crew]:
    crew = Crew()
    try:
        for _ in range(workers):
            crew.hire()
        yield crew
    finally:
        crew.dismiss()


def _model_of(bank: Any, seed: int) -> ModelVersion:
    """A model of the bank, put on the shelf by hand: chaos is about workers, not about training."""
    contract = contract_named(CONTRACT)
    place = shelf.place_of(NAME, 1)
    file = settings.ENVIRONMENT.folder / "bank.parquet"
    bank.write_parquet(file)
    customers, _ = steps.intake(read_table(file, contract=contract))
    customers, used, examination = steps.examine(customers, contract)
    features = steps.build_features(customers, used)
    training = steps.train(customers, features, used, examination, learners=("xgboost",), folds=2, seed=seed)
    evaluation = steps.evaluate(training, customers, steps.score_in_sample(training, features), capacity_share=0.1)
    model, _ = steps.choose(training, evaluation)
    (settings.ENVIRONMENT.folder / place).mkdir(parents=True)
    save_model(model, settings.ENVIRONMENT.folder / place / "model")
    return ModelVersion.objects.create(
        name=NAME, number=1, contract=CONTRACT, folder=str(place), fingerprint=contract.fingerprint(), usable=True
    )


def _analyst() -> User:
    operator = Actor("operator")
    person, _ = add_person(operator, name="analyst", team=add_team(operator, name="Chaos"), role=Role.ANALYST)
    return person


def _dataset(analyst: User, bank: Any) -> Dataset:
    """The bank as an accepted dataset, checked by a worker."""
    file = BytesIO()
    bank.write_parquet(file)
    file.seek(0)
    dataset = receive(analyst, from_stream(file, name="bank.parquet"), contract=CONTRACT)
    job = dataset.job
    assert job is not None  # noqa: S101  (a dataset that was just received is checked)
    while not Job.objects.get(id=job.id).ended:
        time.sleep(LOOK_EVERY_SECONDS)
    return Dataset.objects.get(id=dataset.id)


def _job_of(run: Run) -> Job:
    assert run.job is not None  # noqa: S101  (a run that was just started has one)
    return run.job


def _seconds(run: Run) -> float:
    job = _job_of(run)
    assert job.started_at is not None  # noqa: S101  (it ended)
    assert job.ended_at is not None  # noqa: S101
    return (job.ended_at - job.started_at).total_seconds()
