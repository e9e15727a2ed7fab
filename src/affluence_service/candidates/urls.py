"""The addresses of candidates."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from affluence_service.candidates import api, views


class RankConverter(IntConverter):
    """A rank: a whole number, of no more digits than there are customers in the world."""

    regex = "[0-9]{1,10}"


register_converter(RankConverter, "rank")

api_patterns = [
    path("runs/<uuid:id>/candidates", api.Candidates.as_view(), name="candidates"),
    path("runs/<uuid:id>/candidates/export", api.Export.as_view(), name="export-candidates"),
    path("runs/<uuid:id>/candidates/<rank:rank>", api.Person.as_view(), name="candidate"),
    path("runs/<uuid:id>/capacity", api.Capacity.as_view(), name="capacity"),
    path("runs/<uuid:id>/curve", api.Curve.as_view(), name="curve"),
    path("runs/<uuid:id>/segments", api.Segments.as_view(), name="segments"),
    path("runs/<uuid:id>/strategy", api.Strategy.as_view(), name="strategy"),
]

page_patterns = [
    path("runs/<uuid:id>/candidates", views.candidates, name="candidates-page"),
    path("runs/<uuid:id>/candidates/<rank:rank>", views.person, name="person-page"),
    path("runs/<uuid:id>/cut", views.cut, name="cut-page"),
    path("runs/<uuid:id>/segments", views.segments, name="segments-page"),
]
