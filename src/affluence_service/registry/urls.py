"""The addresses of registry."""

from django.urls import URLPattern

api_patterns: list[URLPattern] = []
