"""The addresses of people."""

from django.urls import path

from affluence_service.people import api

api_patterns = [path("me", api.WhoAmI.as_view(), name="me")]
