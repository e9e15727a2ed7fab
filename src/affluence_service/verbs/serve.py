"""The whole service on one machine, in one command."""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from affluence.errors import UserError
from affluence_service.verbs import main, telling
from affluence_service.verbs.supervising import Process, run

PROGRAM = (sys.executable, "-m", "affluence_service")
LOOPBACK = "127.0.0.1"
# MLflow's experiment that is always there, and Prometheus' usual first port.
TRACES_IN, METRICS_FROM = "0", 9464


def serving_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, with the options that say where and with how many processes the service runs."""
    for option in reversed(
        (
            click.option("--host", default=LOOPBACK, show_default=True, help="Where the service listens."),
            click.option("--port", type=int, default=8000, show_default=True),
            click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Jobs at a time."),
            click.option(
                "--mlflow-port", type=int, default=5000, show_default=True, help="MLflow's pages; 0 for none."
            ),
            click.option("--observe", is_flag=True, help="Show traces in MLflow's pages, metrics, JSON logs."),
        )
    ):
        verb = option(verb)
    return verb


@main.command()
@serving_options
@telling
def serve(*, host: str, port: int, workers: int, mlflow_port: int, observe: bool) -> None:
    """Run the whole service here: web, workers and MLflow's pages, prepared, watched and stopped together."""
    from affluence_service.verbs.preparing import first_administrator

    def people() -> Sequence[str]:
        return _administrator(first_administrator())

    serve_all(host=host, port=port, workers=workers, mlflow_port=mlflow_port, observe=observe, people=people)


def serve_all(
    *,
    host: str,
    port: int,
    workers: int,
    mlflow_port: int,
    observe: bool,
    people: Callable[[], Sequence[str]],
    beside: Sequence[Process] = (),
) -> None:
    """Prepare and run the service until it is stopped; `people` makes who is to be there and says what to tell."""
    began = time.monotonic()
    os.umask(0o077)
    _require_free(host, port, "--port")
    if mlflow_port:
        _require_free(LOOPBACK, mlflow_port, "--mlflow-port")
    if observe and not mlflow_port:
        raise UserError("Traces are shown by MLflow's pages, and --mlflow-port 0 leaves them out. Give them a port.")
    variables = {**_prepared(host), **(_observed(mlflow_port) if observe else {})}
    lines = people()

    def tell() -> None:
        click.echo(f"Affluence is at http://{_reached(host)}:{port} (ready after {time.monotonic() - began:.1f} s).")
        click.echo(f"The API's pages are at http://{_reached(host)}:{port}/api/v1/docs.")
        if mlflow_port:
            click.echo(f"MLflow's pages come up at http://{LOOPBACK}:{mlflow_port}, for this machine alone.")
        if observe:
            click.echo(f"Traces are at http://{LOOPBACK}:{mlflow_port}/#/experiments/{TRACES_IN}/traces.")
            click.echo(f"Metrics are at http://{LOOPBACK}:{METRICS_FROM}/metrics and the next ports, one a process.")
        for line in (*lines, *_without_champion(training=bool(beside)), "Ctrl-C stops all of it."):
            click.echo(line)

    run(
        [*_processes(host, port, workers, mlflow_port), *beside],
        variables,
        ready=lambda: answers(_reached(host), port),
        tell=tell,
    )


def _observed(mlflow_port: int) -> Mapping[str, str]:
    """Variables by which this machine alone shows what the service tells of itself."""
    return {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://{LOOPBACK}:{mlflow_port}/v1/traces",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"x-mlflow-experiment-id={TRACES_IN}",
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_HOST": LOOPBACK,
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(METRICS_FROM),
        "AFFLUENCE_LOG_LINES": "json",
    }


def answers(host: str, port: int) -> bool:
    """Whether the service answers there."""
    asking = http.client.HTTPConnection(host, port, timeout=2)
    try:
        asking.request("GET", "/api/v1/health", headers={"Host": "localhost"})
        return asking.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        asking.close()


def _prepared(host: str) -> Mapping[str, str]:
    """The variables for the processes. On this machine alone nothing needs to be encrypted on its way."""
    from affluence_service.checks import require_sound
    from affluence_service.environment import read_environment
    from affluence_service.verbs.preparing import prepare

    local = {"AFFLUENCE_HTTPS": "0"} if host in {LOOPBACK, "localhost", "::1"} else {}
    variables = {**local, **os.environ, **prepare()}
    require_sound(read_environment(variables))
    return variables


def _processes(host: str, port: int, workers: int, mlflow_port: int) -> Sequence[Process]:
    web = Process("The web process", (*PROGRAM, "web", "--host", host, "--port", str(port)))
    working = [Process(f"Worker {number + 1}", (*PROGRAM, "worker")) for number in range(workers)]
    return [web, *working, *([_mlflow(mlflow_port)] if mlflow_port else [])]


def _mlflow(port: int) -> Process:
    """MLflow's own pages over the project's store. They know no sign-in, so they are for this machine alone."""
    from affluence_service.jobs.models import Job, State
    from affluence_service.registry import shelf
    from affluence_service.registry.services import TAKE_IN

    store = shelf.store_folder().absolute()
    file, server = store / "mlflow.db", os.environ.get("MLFLOW_TRACKING_URI")
    there = bool(server) or file.is_file()
    command = (sys.executable, "-m", "mlflow", "server", "--backend-store-uri", server or f"sqlite:///{file}")
    listening = ("--host", LOOPBACK, "--port", str(port), "--workers", "1")
    return Process(
        "MLflow's pages",
        (*command, *listening, "--default-artifact-root", str(store / "artifacts")),
        needed=False,
        # Two processes that make the tables of one store at a time get in each other's way; a worker's first look does.
        when=lambda: there or Job.objects.filter(kind=TAKE_IN, state=State.DONE).exists(),
    )


def _administrator(password: str | None) -> Sequence[str]:
    from affluence_service.verbs.preparing import FIRST_NAME, FIRST_TEAM

    if password is None:
        return ()
    known = f"the password {password}, to be changed at once; it is not shown again" if password else "your password"
    return (
        f"The first administrator is there: sign in as {FIRST_NAME} with {known}.",
        f"Add those who work with it: affluence-service people add NAME --team '{FIRST_TEAM}' --role analyst",
    )


def _without_champion(*, training: bool) -> Sequence[str]:
    from affluence_service.registry.selectors import serving

    if training or serving().exists():
        return ()
    return ("No model serves yet: upload a tagged table and train one, or `make run PROMOTE=1` in the project.",)


def _reached(host: str) -> str:
    return {"0.0.0.0": LOOPBACK, "::": "localhost"}.get(host, host)  # noqa: S104  (what others may have named)


def _require_free(host: str, port: int, option: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as error:
            raise UserError(
                f"Port {port} of {host} cannot be taken ({error.strerror}). Stop what listens there, or give {option}."
            ) from error
