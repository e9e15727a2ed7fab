"""The room of the workbench."""

from django.apps import AppConfig


class Workbench(AppConfig):
    """The frame of every page, the home page and the activity page."""

    name = "affluence_service.workbench"
    label = "workbench"
