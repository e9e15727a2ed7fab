"""The addresses of runs."""

from django.urls import path

from affluence_service.runs import api

api_patterns = [
    path("runs", api.Runs.as_view(), name="runs"),
    path("runs/<uuid:id>", api.OneRun.as_view(), name="run"),
    path("runs/<uuid:id>/cancel", api.CancelRun.as_view(), name="cancel-run"),
    path("runs/<uuid:id>/log", api.RunLog.as_view(), name="run-log"),
    path("runs/<uuid:id>/report", api.RunReport.as_view(), name="run-report"),
]
