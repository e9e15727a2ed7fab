"""The verbs for a terminal: the work of the operator, and the processes that the service is made of."""

import os

import click
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "affluence_service.settings")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Run and look after the service."""
    django.setup()


from affluence_service.verbs import audit, processes  # noqa: E402  (they add themselves to `main`)

__all__ = ["audit", "main", "processes"]
