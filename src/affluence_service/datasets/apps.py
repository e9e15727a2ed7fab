"""The room of datasets."""

from django.apps import AppConfig


class Datasets(AppConfig):
    """Tables that people uploaded."""

    name = "affluence_service.datasets"
    label = "datasets"
