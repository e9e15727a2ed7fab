"""The addresses of reviews."""

from django.urls import URLPattern

api_patterns: list[URLPattern] = []
