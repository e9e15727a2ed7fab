"""Who guesses passwords is locked out, by the name that is guessed at.

What is typed as a name may be a password in the wrong field, so a keyed digest of it is all that is kept.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac


def typed(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:  # noqa: ARG001  (what axes calls)
    """The digest that stands for the name in `credentials`."""
    return digest(str((credentials or {}).get("username", "")))


def digest(name: str) -> str:
    """The keyed digest of a name."""
    return salted_hmac("affluence.lockout", name, algorithm="sha256").hexdigest()


def left(name: str) -> timedelta:
    """How long the name is locked still."""
    attempts = AccessAttempt.objects.filter(username=digest(name)).order_by("-attempt_time")
    last = attempts.first()
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    return max(timedelta(), last.attempt_time + cool_off - timezone.now()) if last else timedelta()


def unlock(name: str) -> None:
    """Forget the failures of a name."""
    AxesProxyHandler.reset_attempts(username=digest(name))
