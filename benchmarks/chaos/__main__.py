"""Kill workers at random while they score a small made bank, and see that nothing is lost, doubled or different.

    python -m benchmarks.chaos --runs 20 --kills 20 --database sqlite

One run is done in peace. Then so many more wait, the worker of a running one is killed with SIGKILL at a random moment
of its work, another takes its place, and so on. Every run must end as the first did, with files equal to the byte, and
the record of actions must hold. Ends with 1 where it does not.
"""

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree

import click

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 3


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--kills", type=click.IntRange(min=0), default=20, show_default=True, help="In all, each in mid-job.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--rows", type=click.IntRange(min=1_000), default=5_000, show_default=True, help="Of the made bank.")
@click.option("--seed", default=0, show_default=True, help="Of the bank, and of when and whom to kill.")
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
def main(*, runs: int, kills: int, workers: int, rows: int, seed: int, database: str) -> None:
    """Score a made bank again and again while workers are killed."""
    with ExitStack() as open_until_the_end:
        folder = Path(open_until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="affluence-chaos-")))
        project = folder / "project"
        copytree(ROOT / "conf" / "base", project / "conf" / "base")
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "benchmarks.chaos.settings",
            "AFFLUENCE_FOLDER": str(folder / "service"),
            "AFFLUENCE_PROJECT": str(project),
            "AFFLUENCE_SECRET_KEY": "a key for a service that nobody signs in to",
            "AFFLUENCE_HTTPS": "0",
            "AFFLUENCE_LEASE_SECONDS": str(LEASE_SECONDS),
            "DATABASE_URL": _database(database, folder, open_until_the_end),
        }
        import django

        django.setup()
        from benchmarks.chaos.trial import try_out

        found = try_out(runs=runs, kills=kills, workers=workers, rows=rows, seed=seed)
    click.echo(f"{database}: {found}")
    for fault in found.faults:
        click.echo(fault, err=True)
    sys.exit(1 if found.faults else 0)


def _database(kind: str, folder: Path, until_the_end: ExitStack) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'chaos.db'}"
    import pgserver

    server = pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    until_the_end.callback(server.cleanup)
    return str(server.get_uri())


if __name__ == "__main__":
    main()
