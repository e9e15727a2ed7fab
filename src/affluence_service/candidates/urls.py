"""The addresses of candidates."""

from django.urls import URLPattern

api_patterns: list[URLPattern] = []
