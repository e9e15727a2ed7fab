"""The addresses of datasets."""

from django.urls import URLPattern

api_patterns: list[URLPattern] = []
