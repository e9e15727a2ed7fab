"""The record's addresses."""

from django.urls import path

from affluence_service.audit import api

api_patterns = [
    path("audit", api.Entries.as_view(), name="audit"),
    path("audit/verification", api.Verified.as_view(), name="audit-verification"),
]
