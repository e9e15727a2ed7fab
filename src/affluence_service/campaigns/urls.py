"""The addresses of campaigns."""

from django.urls import URLPattern, path

from affluence_service.campaigns import api, views

api_patterns: list[URLPattern] = [
    path("campaigns", api.Campaigns.as_view(), name="campaigns"),
    path("campaigns/<uuid:id>", api.OneCampaign.as_view(), name="campaign"),
    path("campaigns/<uuid:id>/exclusions", api.Exclusions.as_view(), name="campaign-exclusions"),
    path(
        "campaigns/<uuid:id>/exclusions/<uuid:exclusion>/take-back",
        api.TakeBackExclusion.as_view(),
        name="take-back-exclusion",
    ),
    path("campaigns/<uuid:id>/submit", api.Submit.as_view(), name="submit-campaign"),
    path("campaigns/<uuid:id>/withdraw", api.Withdraw.as_view(), name="withdraw-campaign"),
    path("campaigns/<uuid:id>/approve", api.Approve.as_view(), name="approve-campaign"),
    path("campaigns/<uuid:id>/reject", api.Reject.as_view(), name="reject-campaign"),
    path("campaigns/<uuid:id>/export", api.Export.as_view(), name="export-campaign"),
    path("campaigns/<uuid:id>/assign", api.Assign.as_view(), name="assign-campaign"),
    path("campaigns/<uuid:id>/outcomes", api.CampaignOutcomes.as_view(), name="campaign-outcomes"),
    path("my-customers", api.MyCustomers.as_view(), name="my-customers"),
    path("my-customers/<int:id>/outcome", api.Say.as_view(), name="say-outcome"),
    path("my-customers/<int:id>/outcome/<int:disposition>/take-back", api.TakeBack.as_view(), name="take-back-outcome"),
]

page_patterns: list[URLPattern] = [
    path("campaigns", views.campaigns, name="campaigns-page"),
    path("campaigns/<uuid:id>", views.campaign, name="campaign-page"),
    path("campaigns/<uuid:id>/<str:file_format>/list", views.download, name="download-campaign"),
    path("campaigns/<uuid:id>/<str:what>", views.act, name="act-on-campaign"),
    path("runs/<uuid:run>/campaign", views.draft, name="draft-campaign"),
    path("my-customers", views.my_customers, name="my-customers-page"),
    path("my-customers/<int:id>", views.say, name="say-page"),
]
