"""The room of audit."""

from django.apps import AppConfig


class Audit(AppConfig):
    """The record of who did what."""

    name = "affluence_service.audit"
    label = "audit"
