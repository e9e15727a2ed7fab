"""The verbs for a terminal: the work of the operator, and the processes that the service is made of."""

import functools
import os
from collections.abc import Callable
from typing import ParamSpec

import click
import django

from affluence.errors import UserError

Parameters = ParamSpec("Parameters")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "affluence_service.settings")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Run and look after the service."""
    try:
        django.setup()
    except UserError as error:
        raise click.ClickException(str(error)) from error


def telling(verb: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """The verb, which says in one sentence why it refuses, and ends with 1."""

    @functools.wraps(verb)
    def told(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        from rest_framework.exceptions import APIException

        try:
            verb(*arguments, **options)
        except (UserError, APIException) as error:
            raise click.ClickException(str(error)) from error

    return told


from affluence_service.verbs import (  # noqa: E402  (they add themselves)
    audit,
    backing_up,
    demo,
    keeping,
    people,
    processes,
    serve,
)

__all__ = ["audit", "backing_up", "demo", "keeping", "main", "people", "processes", "serve", "telling"]
