"""The addresses of runs."""

from django.urls import URLPattern

api_patterns: list[URLPattern] = []
