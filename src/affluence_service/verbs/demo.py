"""The service with something in it: people of every role, a made bank, a model trained on it, a list from it."""

import secrets
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from affluence_service.access import Role
from affluence_service.verbs import main, telling
from affluence_service.verbs.serve import PROGRAM, serve_all, serving_options
from affluence_service.verbs.supervising import Process

if TYPE_CHECKING:  # models are there once Django is set up
    from affluence_service.jobs.models import Job
    from affluence_service.people.models import User

TEAM = "Demo bank"
CONTRACT, FILE = "reference_bank", "SIMULATED bank.parquet"
PEOPLE = {
    "analyst": Role.ANALYST,
    "approver": Role.APPROVER,
    "manager": Role.RELATIONSHIP_MANAGER,
    "reviewer": Role.REVIEWER,
    "administrator": Role.ADMINISTRATOR,
}
LOOK_EVERY_SECONDS = 1.0
CHAMPION_WITHIN_SECONDS = 120.0


@main.command()
@serving_options
@click.option("--customers", type=click.IntRange(min=5_000), help="Rows of the made bank [default: as published].")
@telling
def demo(*, host: str, port: int, workers: int, mlflow_port: int, observe: bool, customers: int | None) -> None:
    """Run the service with a SIMULATED bank in it, uploaded, trained on and scored as you watch."""
    rows = ("--customers", str(customers)) if customers else ()
    filling = Process("Filling the demo", (*PROGRAM, "fill-demo", *rows), needed=False, once=True)
    serve_all(
        host=host,
        port=port,
        workers=workers,
        mlflow_port=mlflow_port,
        observe=observe,
        people=_people,
        beside=(filling,),
    )


@main.command("fill-demo", hidden=True)
@click.option("--customers", type=int)
@telling
def fill(*, customers: int | None) -> None:
    """Upload the made bank, train where nothing serves it, and score it: each by the service's own acts."""
    from affluence_service.people.models import User
    from affluence_service.runs.models import Run
    from affluence_service.runs.selectors import champion_for
    from affluence_service.runs.services import start_scoring, start_training

    analyst = User.objects.get(username="analyst")
    if Run.objects.filter(team=analyst.team, kind=Run.Kind.SCORE, deleted_at=None).exists():
        return
    dataset = _uploaded(analyst, customers)
    if champion_for(CONTRACT) is None:
        click.echo("A model is being trained on it; see Runs. It takes a minute or two.")
        run = start_training(analyst, dataset=dataset, mode="fast")
        _follow(lambda: Run.objects.get(id=run.id).job)
        _wait(lambda: champion_for(CONTRACT) is not None)
    run = start_scoring(analyst, dataset=dataset)
    _follow(lambda: Run.objects.get(id=run.id).job)
    click.echo("The made bank is scored; its candidates are there.")


def _uploaded(analyst: "User", customers: int | None) -> Any:
    """The accepted dataset of the made bank."""
    from affluence.errors import UserError
    from affluence_service.datasets.arriving import from_stream
    from affluence_service.datasets.models import Dataset, State
    from affluence_service.datasets.services import receive

    held = Dataset.objects.filter(team=analyst.team, contract=CONTRACT, state=State.ACCEPTED).first()
    if held is not None:
        return held
    made = receive(analyst, from_stream(_bank(customers), name=FILE), contract=CONTRACT)
    click.echo("The SIMULATED bank is uploaded and is being checked; see Customer tables.")
    _follow(lambda: Dataset.objects.get(id=made.id).job)
    dataset = Dataset.objects.get(id=made.id)
    if dataset.state != State.ACCEPTED:
        raise UserError(f"The made bank was not accepted. {dataset.problem}")
    return dataset


def _bank(customers: int | None) -> Any:
    """The made bank as the bytes of a Parquet file."""
    from io import BytesIO

    from affluence.data.reference_bank import simulate
    from affluence.steps import PUBLISHED_CUSTOMERS

    file = BytesIO()
    simulate(customers=customers or PUBLISHED_CUSTOMERS, seed=0).table.write_parquet(file)
    file.seek(0)
    return file


def _people() -> Sequence[str]:
    """What to tell of the demo's people, made where they are not there yet."""
    from django.conf import settings

    from affluence_service.people.models import User
    from affluence_service.people.services import add_person
    from affluence_service.verbs.preparing import OPERATOR, team_named

    team, told = team_named(TEAM), []
    for name, role in PEOPLE.items():
        if User.objects.filter(username=name).exists():
            continue
        given = settings.ENVIRONMENT.demo_password
        password = given or secrets.token_urlsafe(12)
        add_person(OPERATOR, name=name, team=team, role=role, password=password)
        told.append(f"  {name:<14} {'the password of AFFLUENCE_DEMO_PASSWORD' if given else password}")
    return (f"Sign in as one of {TEAM}; these passwords are not shown again:", *told) if told else ()


def _follow(job_of: "Callable[[], Job | None]") -> None:
    """Wait until the job has ended. Errors: UserError with its sentence when it did not end well."""
    from affluence.errors import UserError
    from affluence_service.jobs.models import State

    while (job := job_of()) is not None and not job.ended:
        time.sleep(LOOK_EVERY_SECONDS)
    if job is not None and job.state != State.DONE:
        raise UserError(job.problem)


def _wait(there: Callable[[], bool]) -> None:
    last = time.monotonic() + CHAMPION_WITHIN_SECONDS
    while not there():
        if time.monotonic() > last:
            click.echo("The model was trained and does not serve yet; see Models for why.", err=True)
            sys.exit(1)
        time.sleep(LOOK_EVERY_SECONDS)
