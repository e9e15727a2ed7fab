"""The room of campaigns."""

from django.apps import AppConfig


class Campaigns(AppConfig):
    """Lists that are approved and go out."""

    name = "affluence_service.campaigns"
    label = "campaigns"
