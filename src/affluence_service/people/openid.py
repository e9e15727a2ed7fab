"""The bank's own sign-in (OpenID Connect): who it names must have an account here already."""

import logging
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from affluence_service.api_errors import plain
from affluence_service.audit.services import Actor, record
from affluence_service.people import services
from affluence_service.people.models import User

_logger = logging.getLogger(__name__)

REFUSED = (
    "The bank's sign-in names nobody who has an active account here. Ask an administrator to add you under the e-mail "
    "address or the name that the bank knows you by, then sign in again."
)


class ByProvider(OIDCAuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """As the library's, but for whom the token was made is checked, and an account is found and never made."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """The person whom the provider names; None when it names nobody, or does not show that it is the provider."""
        try:
            found: User | None = super().authenticate(request, **credentials)
        except (SuspiciousOperation, jwt.PyJWTError, requests.RequestException, LookupError, ValueError) as error:
            _logger.warning("a sign-in through the provider failed: %s", type(error).__name__)
            return None
        return found if found is not None and found.is_active else None

    def verify_token(self, token: str, **kwargs: Any) -> Any:
        """What the token says, if it is signed, has not run out and was made for us."""
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud", [])
        if self.OIDC_RP_CLIENT_ID not in ([audience] if isinstance(audience, str) else audience):
            raise SuspiciousOperation("The token was made for another service.")
        return payload

    def get_userinfo(self, access_token: str, id_token: str, payload: Any) -> Any:
        """The claims, if they are of the person that the token is about."""
        claims = super().get_userinfo(access_token, id_token, payload)
        if claims.get("sub") != payload.get("sub"):
            raise SuspiciousOperation("The claims are of somebody else.")
        return claims

    def verify_claims(self, claims: Any) -> bool:
        """Whether they name anybody."""
        return bool(claims.get("email") or claims.get("preferred_username"))

    def filter_users_by_claims(self, claims: Any) -> QuerySet[User]:
        """The accounts with that address, if the provider does not call it unproven, or with that name."""
        email, name = claims.get("email"), claims.get("preferred_username")
        known = Q(username=name) if name else Q(pk=None)
        if email and claims.get("email_verified", True) is True:
            known |= Q(email__iexact=email)
        return User.objects.filter(known)

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session, while active."""
        return User.objects.filter(pk=user_id, is_active=True).first()


class Return(OIDCAuthenticationCallbackView):  # type: ignore[misc]  # the library has no types
    """The way back from the provider."""

    user: User
    request: HttpRequest

    def login_success(self) -> Any:
        """The page that was asked for, signed in, and an entry in the record."""
        services.welcome(self.request, self.user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        return super().login_success()

    def login_failure(self) -> HttpResponse:
        """A refusal with its reason, and an entry in the record."""
        record(Actor(services.STRANGER), "failed to sign in", "person", "unknown", details={"by": "OpenID Connect"})
        return plain(403, "unknown_person", REFUSED)
