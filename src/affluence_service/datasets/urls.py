"""The addresses of datasets and contracts."""

from django.urls import path

from affluence_service.datasets import api, views

api_patterns = [
    path("datasets", api.Datasets.as_view(), name="datasets"),
    path("datasets/<uuid:id>", api.OneDataset.as_view(), name="dataset"),
    path("datasets/<uuid:id>/cancel", api.CancelCheck.as_view(), name="cancel-dataset"),
    path("datasets/<uuid:id>/report", api.DoctorsPage.as_view(), name="dataset-report"),
    path("contracts", api.Contracts.as_view(), name="contracts"),
    path("contracts/<str:name>/sample", api.Sample.as_view(), name="contract-sample"),
    path("contracts/<str:name>/columns", api.Columns.as_view(), name="contract-columns"),
]

page_patterns = [
    path("tables", views.tables, name="tables"),
    path("tables/columns/<str:contract>", views.columns, name="columns"),
    path("tables/<uuid:id>", views.table, name="table"),
    path("tables/<uuid:id>/<str:what>", views.act, name="act-on-table"),
]
