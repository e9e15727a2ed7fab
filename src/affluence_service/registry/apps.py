"""The room of registry."""

from django.apps import AppConfig


class Registry(AppConfig):
    """Models and who may serve."""

    name = "affluence_service.registry"
    label = "registry"
