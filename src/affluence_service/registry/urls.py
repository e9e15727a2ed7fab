"""The addresses of models."""

from django.urls import URLPattern, path

from affluence_service.registry import api, views

api_patterns: list[URLPattern] = [
    path("models", api.Models.as_view(), name="models"),
    path("models/<uuid:id>", api.OneModel.as_view(), name="model"),
    path("models/<uuid:id>/card", api.Card.as_view(), name="model-card"),
    path("models/<uuid:id>/propose", api.Propose.as_view(), name="propose-model"),
    path("models/champions/<str:name>/roll-back", api.RollBack.as_view(), name="roll-back-model"),
    path("proposals", api.Proposals.as_view(), name="proposals"),
    path("proposals/<uuid:id>/approve", api.Approve.as_view(), name="approve-model"),
    path("proposals/<uuid:id>/reject", api.Reject.as_view(), name="reject-model"),
    path("proposals/<uuid:id>/withdraw", api.Withdraw.as_view(), name="withdraw-proposal"),
    path("score", api.Score.as_view(), name="score"),
]

page_patterns: list[URLPattern] = [
    path("models", views.models, name="models-page"),
    path("models/<str:what>/<str:subject>", views.act, name="act-on-model"),
]
