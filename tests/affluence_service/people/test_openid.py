"""The bank's own sign-in, against a small provider: whom it names must have an account, and it must be the provider.

The service runs in a process of its own, for its addresses and settings depend on whether a provider is configured.
"""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "affluence"
ROOT = Path(__file__).resolve().parents[3]
# What a browser does, told by the cookies that it keeps: it asks to sign in, comes back, and asks who it is.
VISIT = """
import json, sys, django
django.setup()
from django.core.management import call_command
from django.test import Client
from urllib.parse import parse_qs, urlsplit
call_command("migrate", verbosity=0)
from affluence_service.audit.models import Entry
from affluence_service.people.models import Team, User
team = Team.objects.create(name="Branch")
for name, email, active in [
    ("known", "known@bank.example", True), ("left", "left@bank.example", False), ("victim", "victim@bank.example", True)
]:
    person = User(username=name, email=email, team=team, role="analyst", is_active=active)
    person.set_unusable_password()
    person.save()
browser = Client()
sent = browser.get("/openid/authenticate/")
asked = parse_qs(urlsplit(sent["Location"]).query)
urllib = __import__("urllib.request").request
urllib.urlopen(sent["Location"])
back = browser.get("/openid/callback/", {"code": "a code", "state": sys.argv[1] or asked["state"][0]})
me = browser.get("/api/v1/me")
print(json.dumps({
    "asked": asked, "status": back.status_code, "body": back.content.decode(), "me": me.json(),
    "recorded": list(Entry.objects.values_list("actor", "action")), "people": User.objects.count(),
}))
"""


class Provider(ThreadingHTTPServer):
    """Says what it is told to say, signed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signing_key = self.key
        self.claims: dict[str, Any] = {"sub": "1", "email": "known@bank.example"}
        self.token: dict[str, Any] = {"sub": "1", "aud": CLIENT, "exp": 4_000_000_000}
        self.nonce = ""
        self.verifier = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/authorize":
            self.server.nonce = query["nonce"][0]
            self._answer({})
        elif path == "/keys":
            numbers = self.server.key.public_key().public_numbers()
            self._answer(
                {"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "n": _b64(numbers.n), "e": _b64(numbers.e)}]}
            )
        else:
            self._answer(self.server.claims)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.verifier = sent.get("code_verifier", [""])[0]
        said = {"nonce": self.server.nonce, **self.server.token}
        token = jwt.encode(said, self.server.signing_key, algorithm="RS256", headers={"kid": "1"})
        self._answer({"id_token": token, "access_token": "an access token"})

    def _answer(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def _b64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def visit(provider: Provider, folder: Path, *, state: str = "") -> dict[str, Any]:
    """What came of a visit by somebody whom the provider names as it does."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    configured = {
        "AFFLUENCE_FOLDER": str(folder),
        "AFFLUENCE_OIDC_CLIENT_ID": CLIENT,
        "AFFLUENCE_OIDC_CLIENT_SECRET": "a secret",
        "AFFLUENCE_OIDC_AUTHORIZATION_ENDPOINT": f"{provider.address}/authorize",
        "AFFLUENCE_OIDC_TOKEN_ENDPOINT": f"{provider.address}/token",
        "AFFLUENCE_OIDC_USER_ENDPOINT": f"{provider.address}/user",
        "AFFLUENCE_OIDC_KEYS_ENDPOINT": f"{provider.address}/keys",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-c", VISIT, state], env=kept | configured, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_whom_the_provider_names_by_address_is_signed_in(provider, tmp_path) -> None:
    told = visit(provider, tmp_path)
    assert (told["status"], told["me"]["name"]) == (302, "known")
    assert told["recorded"] == [["known", "signed in"]]
    assert told["asked"]["code_challenge_method"] == ["S256"]
    assert provider.verifier


def test_whom_the_provider_names_by_name_is_signed_in(provider, tmp_path) -> None:
    provider.claims = {"sub": "1", "preferred_username": "known"}
    assert visit(provider, tmp_path)["me"]["name"] == "known"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claims", "token"),
    [
        pytest.param({"email": "stranger@bank.example"}, {}, id="nobody has this address"),
        pytest.param({"email": "left@bank.example"}, {}, id="who has this address is switched off"),
        pytest.param({"email": "victim@bank.example", "email_verified": False}, {}, id="the address is not proven"),
        pytest.param({"email": "known@bank.example", "preferred_username": "victim"}, {}, id="two people are named"),
        pytest.param({"email": "", "preferred_username": ""}, {}, id="nobody is named"),
        pytest.param({"sub": "2"}, {}, id="the claims are of somebody else"),
        pytest.param({}, {"aud": "another service"}, id="the token is for another service"),
        pytest.param({}, {"exp": 1_000_000_000}, id="the token has run out"),
        pytest.param({}, {"nonce": "another"}, id="the token was for another visit"),
    ],
)
def test_who_cannot_be_told_surely_is_refused_with_a_sentence(provider, tmp_path, claims, token) -> None:
    provider.claims |= claims
    provider.token |= token
    refused(visit(provider, tmp_path))


@pytest.mark.slow
def test_a_token_that_somebody_else_signed_is_refused(provider, tmp_path) -> None:
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(visit(provider, tmp_path))


@pytest.mark.slow
def test_a_way_back_that_nobody_set_out_on_is_refused(provider, tmp_path) -> None:
    told = visit(provider, tmp_path, state="made up")
    assert (told["status"], json.loads(told["body"])["type"]) == (400, "bad_request")
    assert told["me"]["status"] == 401


def refused(told: dict[str, Any]) -> None:
    assert told["status"] == 403
    assert "Ask an administrator to add you" in json.loads(told["body"])["detail"]
    assert told["me"]["status"] == 401
    assert told["recorded"] == [["somebody not signed in", "failed to sign in"]]
    assert told["people"] == 3
