"""What is done every so often by whichever worker comes first: named in `settings.CHORES`, each with its seconds.

A chore is a function without arguments. It is quick, and doing it twice is the same as doing it once: a worker that is
killed in its middle leaves it to another.
"""

import logging
import threading
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from affluence_service.jobs.models import Chore

_logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 2.0
# No chore should take longer; whose worker was lost is done again after it.
LONGEST_SECONDS = 600.0


def do_due() -> list[str]:
    """The names of the chores that were due and that this process did; what fails is logged and comes again."""
    Chore.objects.bulk_create([Chore(name=name, due_at=Now()) for name in _missing()], ignore_conflicts=True)
    return [name for name, seconds in settings.CHORES.items() if _take(name, seconds) and _do(name, seconds)]


def keep_doing(stop: threading.Event) -> None:
    """Do chores as they fall due, until told to stop; in a thread beside the worker's jobs."""
    while not stop.wait(LOOK_EVERY_SECONDS):
        close_old_connections()
        try:
            do_due()
        except DatabaseError as error:
            _logger.warning("chores cannot be looked for (%s)", type(error).__name__)
    close_old_connections()


def _missing() -> set[str]:
    return set(settings.CHORES) - set(Chore.objects.values_list("name", flat=True))


def _take(name: str, seconds: float) -> bool:
    """Whether the chore is due and this process is the one to do it."""
    return Chore.objects.filter(name=name, due_at__lte=Now()).update(due_at=_in(max(seconds, LONGEST_SECONDS))) == 1


def _do(name: str, seconds: float) -> bool:
    try:
        import_string(name)()
    except Exception as error:  # noqa: BLE001  (whatever it is, the other chores go on)
        # Its own words may name customers.
        _logger.error("chore %s failed (%s)", name, type(error).__name__)  # noqa: TRY400
        return False
    finally:
        Chore.objects.filter(name=name).update(due_at=_in(seconds))
    return True


def _in(seconds: float) -> Any:
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())
