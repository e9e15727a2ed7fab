"""What is kept and for how long: deleting what has expired, and taking one customer out of everything."""

import sys

import click

from affluence_service.verbs import main, telling


@main.group()
def keep() -> None:
    """What is kept, for how long, and who is erased."""


@keep.command()
@click.option("--days", type=click.IntRange(min=0), help="Delete what is older, whatever its own day is.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@telling
def expired(*, days: int | None, dry_run: bool) -> None:
    """Delete uploads and results past their days. Run it every night."""
    from affluence_service import keeping

    if dry_run:
        found, verb = keeping.find_expired(days=days), "would be deleted"
    else:
        found, verb = keeping.delete_expired(days=days), "deleted"
    click.echo(
        f"{found.datasets:,} datasets and {found.runs:,} runs with all that was made of them {verb}: "
        f"{len(found.folders):,} folders, {found.bytes:,} bytes."
    )


@keep.command()
@telling
def erase() -> None:
    """Take one customer out of every upload, result, sheet and campaign; the proof comes as JSON.

    The customer's id is asked for, or read as one line from standard input: a command's arguments stay in the shell's
    history. Ends with 1 where a search at the end still finds the customer.
    """
    from affluence_service.erasure import erase as take_out

    asked = sys.stdin.isatty()
    customer = click.prompt("Customer id", hide_input=True) if asked else sys.stdin.readline()
    proof = take_out(customer.strip())
    click.echo(proof.to_json())
    sys.exit(1 if proof.found_after else 0)
