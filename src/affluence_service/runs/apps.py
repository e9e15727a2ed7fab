"""The room of runs."""

from django.apps import AppConfig


class Runs(AppConfig):
    """Tables scored and models trained."""

    name = "affluence_service.runs"
    label = "runs"
