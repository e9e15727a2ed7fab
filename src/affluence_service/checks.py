"""What is wrong with the settings of a service that is to be used: each fault in one sentence, with its remedy.

The processes refuse to start with any of them; `affluence-service manage check --deploy` lists them too.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

from affluence.errors import UserError
from affluence_service.environment import Environment

SHORTEST_KEY = 32
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1", "testserver")


def faults(environment: Environment) -> Iterator[str]:
    """Each fault for which the service is not to be started."""
    yield from _of_hosts(environment)
    if not environment.debug:
        yield from _of_key(environment)
        yield from _of_encryption(environment)
    if not os.access(environment.folder, os.R_OK | os.W_OK | os.X_OK):
        yield (
            f"AFFLUENCE_FOLDER is {environment.folder}, where this process may not write. Give it to the user that "
            "runs the service, or name another folder."
        )


def require_sound(environment: Environment) -> None:
    """Refuse to go on with settings that are not for use. Errors: UserError with every fault."""
    if found := list(faults(environment)):
        raise UserError("\n".join(found))


@register(Tags.security, deploy=True)
def deployment(app_configs: Sequence[Any] | None, **more: Any) -> list[Error]:  # noqa: ARG001  (Django's signature)
    """The faults, as Django's checks tell them."""
    return [Error(fault, id="affluence.E001") for fault in faults(settings.ENVIRONMENT)]


def _of_hosts(environment: Environment) -> Iterator[str]:
    outside = [host for host in environment.hosts if host not in LOOPBACK]
    if environment.debug and outside:
        yield (
            f"AFFLUENCE_DEBUG is on and AFFLUENCE_HOSTS names {', '.join(outside)}: whoever reaches the service would "
            "see its insides. Unset AFFLUENCE_DEBUG."
        )
    if wild := [host for host in environment.hosts if host.startswith(("*", "."))]:
        yield (
            f"AFFLUENCE_HOSTS holds {', '.join(wild)}, which lets others name the addresses in our answers. Name each "
            "host by which the service is reached, separated by commas."
        )


def _of_key(environment: Environment) -> Iterator[str]:
    if not environment.secret_key:
        yield (
            "AFFLUENCE_SECRET_KEY is not set, so every process would make its own and nobody stayed signed in. Set "
            f"AFFLUENCE_SECRET_KEY_FILE to a file of at least {SHORTEST_KEY} random characters, the same for all."
        )
    elif len(environment.secret_key) < SHORTEST_KEY:
        yield (
            f"AFFLUENCE_SECRET_KEY has {len(environment.secret_key)} characters, which can be guessed. Use at least "
            f"{SHORTEST_KEY} random ones."
        )


def _of_encryption(environment: Environment) -> Iterator[str]:
    if environment.https and not environment.behind_proxy:
        yield (
            "Nothing here speaks https, and without it passwords travel in the open. Put a proxy in front that does "
            "and set AFFLUENCE_BEHIND_PROXY=1, or accept it for one machine alone with AFFLUENCE_HTTPS=0."
        )
