"""How a request shows by a token for whom it acts."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from affluence_service.people.models import Token, User

NOTE_USE_EVERY = timedelta(hours=1)
REFUSED = "This token is not valid: it is mistyped, has run out or was revoked. Issue another."


class ByToken(TokenAuthentication):  # type: ignore[misc]  # the library has no types
    """As the library's, with one query: it reads all of a person's tokens, and clears those that ran out, each time."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        """The person and the token. Errors: AuthenticationFailed when it is none, has run out or its person is off."""
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError as error:
            raise AuthenticationFailed(REFUSED) from error
        found: Token | None = next(iter(Token.objects.filter(digest=digest).select_related("user")), None)
        if found is None or not _is_valid(found):
            raise AuthenticationFailed(REFUSED)
        self._note_use(found)
        return found.user, found

    def authenticate_header(self, request: Any) -> str:  # noqa: ARG002  (as the library's)
        """The word before the token."""
        return "Token"

    def _note_use(self, token: Token) -> None:
        """Write down that it is used, once an hour at most."""
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > NOTE_USE_EVERY:
            Token.objects.filter(digest=token.digest).update(last_used_at=now)


def _is_valid(token: Token) -> bool:
    """Whether it has not run out and its person is on; asked here, for a query takes longer to write than to run."""
    return token.user.is_active and (token.expiry is None or token.expiry > timezone.now())
