"""The addresses of the frame."""

from django.urls import URLPattern, path

from affluence_service.workbench import views

page_patterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("sign-in", views.SignIn.as_view(), name="sign-in"),
    path("sign-out", views.SignOut.as_view(), name="sign-out"),
    path("activity", views.activity, name="activity"),
]
