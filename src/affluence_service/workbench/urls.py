"""The addresses of the frame."""

from django.urls import URLPattern, path

from affluence_service.workbench import views

page_patterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("own-password", views.own_password, name="own-password-page"),
    path("activity", views.activity, name="activity"),
]
