"""The room of reviews."""

from django.apps import AppConfig


class Reviews(AppConfig):
    """Customers checked by hand."""

    name = "affluence_service.reviews"
    label = "reviews"
