"""The addresses of reviews."""

from django.urls import URLPattern, path

from affluence_service.reviews import api, views

api_patterns: list[URLPattern] = [
    path("reviews", api.Sheets.as_view(), name="reviews"),
    path("reviews/<uuid:id>", api.OneSheet.as_view(), name="review"),
    path("reviews/<uuid:id>/people", api.People.as_view(), name="review-people"),
    path("reviews/<uuid:id>/verdicts", api.Verdicts.as_view(), name="review-verdicts"),
    path("reviews/<uuid:id>/verdicts/<int:verdict>/take-back", api.TakeBack.as_view(), name="take-back-verdict"),
]

page_patterns: list[URLPattern] = [
    path("reviews", views.reviews, name="reviews-page"),
    path("reviews/new", views.suggest, name="suggest-page"),
    path("reviews/<uuid:id>", views.review, name="review-page"),
    path("reviews/<uuid:id>/answer", views.answer, name="answer-page"),
]
