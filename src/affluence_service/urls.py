"""Every address of the service: each room's own under /api/v1, the schema, and whether it is well."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from affluence_service import health
from affluence_service.audit.urls import api_patterns as audit
from affluence_service.campaigns.urls import api_patterns as campaigns
from affluence_service.campaigns.urls import page_patterns as campaigns_pages
from affluence_service.candidates.urls import api_patterns as candidates
from affluence_service.candidates.urls import page_patterns as candidates_pages
from affluence_service.datasets.urls import api_patterns as datasets
from affluence_service.datasets.urls import page_patterns as datasets_pages
from affluence_service.people.urls import api_patterns as people
from affluence_service.people.urls import page_patterns as people_pages
from affluence_service.registry.urls import api_patterns as registry
from affluence_service.registry.urls import page_patterns as registry_pages
from affluence_service.reviews.urls import api_patterns as reviews
from affluence_service.reviews.urls import page_patterns as reviews_pages
from affluence_service.runs.urls import api_patterns as runs
from affluence_service.runs.urls import page_patterns as runs_pages
from affluence_service.workbench.urls import page_patterns as workbench_pages

API: list[URLPattern | URLResolver] = [
    path("health", health.Health.as_view(), name="health"),
    path("ready", health.Ready.as_view(), name="ready"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"), name="docs"),
    *people,
    *audit,
    *datasets,
    *registry,
    *runs,
    *candidates,
    *reviews,
    *campaigns,
]
PAGES: list[URLPattern | URLResolver] = [
    *workbench_pages,
    *datasets_pages,
    *runs_pages,
    *candidates_pages,
    *reviews_pages,
    *campaigns_pages,
    *registry_pages,
    *people_pages,
]
urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", include(API)), *PAGES]
if settings.ENVIRONMENT.openid:
    urlpatterns.append(path("openid/", include("mozilla_django_oidc.urls")))
handler400 = "affluence_service.api_errors.bad_request"
handler403 = "affluence_service.workbench.views.not_allowed"
handler404 = "affluence_service.workbench.views.not_found"
handler500 = "affluence_service.workbench.views.server_error"
