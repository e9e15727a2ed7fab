"""The room of people."""

from django.apps import AppConfig


class People(AppConfig):
    """Teams, people and their tokens."""

    name = "affluence_service.people"
    label = "people"
