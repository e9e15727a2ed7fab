"""The record of actions: sealing and checking it."""

import sys

import click

from affluence_service.verbs import main


@main.group()
def audit() -> None:
    """The record of who did what."""


@audit.command()
def seal() -> None:
    """Seal every entry that is not yet, so that later changes show."""
    from affluence_service.audit.services import seal_entries

    click.echo(f"{seal_entries():,} entries sealed.")


@audit.command()
def verify() -> None:
    """Check the chain of seals; ends with 1 where it does not hold.

    Keep the last digest outside of the database: whoever cuts off the newest seals is found by it.
    """
    from affluence_service.audit.services import verify as check

    found = check()
    for fault in found.faults:
        click.echo(fault, err=True)
    click.echo(f"{found.seals:,} seals over {found.sealed:,} entries; {found.unsealed:,} not sealed yet.")
    click.echo(f"The last digest: {found.head}")
    sys.exit(1 if found.faults else 0)
