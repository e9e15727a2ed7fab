"""The room of jobs."""

from django.apps import AppConfig


class Jobs(AppConfig):
    """Long work, done by workers."""

    name = "affluence_service.jobs"
    label = "jobs"
