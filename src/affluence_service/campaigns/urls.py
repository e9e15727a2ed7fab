"""The addresses of campaigns."""

from django.urls import URLPattern

api_patterns: list[URLPattern] = []
