"""The addresses of people."""

from django.urls import path

from affluence_service.people import api, views

api_patterns = [
    path("session", api.Session.as_view(), name="session"),
    path("me", api.WhoAmI.as_view(), name="me"),
    path("me/password", api.OwnPasswordChange.as_view(), name="own-password"),
    path("tokens", api.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:id>", api.OneToken.as_view(), name="token"),
    path("people", api.People.as_view(), name="people"),
    path("people/<uuid:id>", api.OnePerson.as_view(), name="person"),
    path("people/<uuid:id>/password", api.NewPassword.as_view(), name="person-password"),
    path("teams", api.Teams.as_view(), name="teams"),
    path("teams/<uuid:id>", api.OneTeam.as_view(), name="team"),
]

page_patterns = [
    path("people", views.people, name="people-page"),
    path("people/<uuid:id>", views.change, name="change-person"),
    path("tokens", views.tokens, name="tokens-page"),
]
