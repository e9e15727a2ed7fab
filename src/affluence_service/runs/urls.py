"""The addresses of runs."""

from django.urls import path

from affluence_service.runs import api, views

api_patterns = [
    path("runs", api.Runs.as_view(), name="runs"),
    path("runs/<uuid:id>", api.OneRun.as_view(), name="run"),
    path("runs/<uuid:id>/cancel", api.CancelRun.as_view(), name="cancel-run"),
    path("runs/<uuid:id>/override", api.OverrideRun.as_view(), name="override-run"),
    path("runs/<uuid:id>/log", api.RunLog.as_view(), name="run-log"),
    path("runs/<uuid:id>/report", api.RunReport.as_view(), name="run-report"),
]

page_patterns = [
    path("runs", views.runs, name="runs-page"),
    path("runs/<uuid:id>", views.run, name="run-page"),
    path("runs/<uuid:id>/cancel", views.cancel, name="cancel-run-page"),
    path("runs/<uuid:id>/override", views.override, name="override-run-page"),
    path("tables/<uuid:table>/run/<str:kind>", views.start, name="start-run"),
]
