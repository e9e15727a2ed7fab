"""What every answer carries: policy, no caching, no frames; and what the pages of the API load."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


class Loads(HTMLParser):
    """What a page loads, and what stands in it as script or style."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.handlers: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.addresses += [str(told[name]) for name in ("src", "href") if told.get(name)]
        self.handlers += [name for name in told if name.startswith("on") or name == "style"]
        self._within = tag if tag in {"script", "style"} and "nonce" not in told else ""

    def handle_data(self, data: str) -> None:
        if self._within and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


@pytest.mark.parametrize("address", ["/api/v1/session", "/api/v1/me", "/api/v1/docs", "/api/v1/nothing", "/sign-in"])
def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(address: str) -> None:
    answer = Client().get(address)
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("address", ["/api/v1/session", "/api/v1/docs", "/sign-in"])
def test_the_policy_allows_our_own_alone(address: str) -> None:
    policy = Client().get(address)["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'self'"
    assert directives["object-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    allowed = {source for sources in directives.values() for source in sources.split()}
    assert not [source for source in allowed if source.startswith("'unsafe") or source == "*" or "//" in source]


@pytest.mark.parametrize("address", ["/api/v1/docs", "/sign-in"])
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(address: str) -> None:
    page = Loads()
    page.feed(Client().get(address).content.decode())
    assert page.addresses
    assert [found for found in page.addresses if re.match(r"(https?:)?//", found)] == []
    assert (page.inline, page.handlers) == ([], [])


def test_the_pages_of_the_api_start_from_a_script_of_their_own() -> None:
    script = Client().get("/api/v1/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()


@pytest.mark.parametrize("address", ["/api/v1/audit?actor=%00", "/api/v1/people/a%00b", "/activity?q=a%00"])
def test_an_address_with_a_nul_is_refused(acting, approver, address: str) -> None:
    client = Client()
    client.force_login(approver, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(address)
    assert answer.status_code == 400
    assert answer.json()["type"] == "bad_request"
