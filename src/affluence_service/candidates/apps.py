"""The room of candidates."""

from django.apps import AppConfig


class Candidates(AppConfig):
    """The ranked, and what a cut would give."""

    name = "affluence_service.candidates"
    label = "candidates"
